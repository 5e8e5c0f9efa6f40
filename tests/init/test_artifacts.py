import pytest

from polyaxon_airflow.artifacts.runs import UPLOADS
from tests.artifacts.s3 import s3_server
from tests.init.steps import step

UUID = "8aac02e3a62a4f0aaa257c59da5eab80"
FILES = {
    "data/train.csv": "train",
    "data/deep/test.csv": "test",
    "readme.md": "read me",
    f"{UUID}/outputs/m": "model",
}


@pytest.fixture(scope="module")
def s3():
    import fsspec

    with s3_server("inputs") as variables:
        system = fsspec.filesystem(
            "s3", key="AKIATEST", secret="s3cret", endpoint_url=variables["AWS_ENDPOINT_URL"]
        )
        for path, text in FILES.items():
            system.pipe_file(f"inputs/team/{path}", text.encode())
        yield variables


@pytest.fixture(params=["local", "s3"])
def store(request, tmp_path):
    """Root and variables of a store that holds FILES."""
    if request.param == "s3":
        return "s3://inputs/team", request.getfixturevalue("s3")
    for path, text in FILES.items():
        (tmp_path / "store" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "store" / path).write_text(text)
    return str(tmp_path / "store"), {}


def found(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("options", "files"),
    [
        pytest.param({}, sorted(FILES), id="everything where nothing is asked for"),
        pytest.param({"files": ["data/train.csv"]}, ["data/train.csv"], id="a file keeps its path"),
        pytest.param({"files": [["data/train.csv", "t.csv"]]}, ["t.csv"], id="a file from and to"),
        pytest.param({"dirs": ["data"]}, ["data/deep/test.csv", "data/train.csv"], id="a folder"),
        pytest.param({"dirs": [["data", "."]]}, ["deep/test.csv", "train.csv"], id="what is in a folder"),
        pytest.param({"dirs": [["data/deep", "x/y"]], "files": ["readme.md"]}, ["readme.md", "x/y/test.csv"], id="both"),
        pytest.param({"paths": ["data/deep", "readme.md"]}, ["data/deep/test.csv", "readme.md"], id="paths of any kind"),
        pytest.param({"dirs": [f"{UUID}/outputs"]}, [f"{UUID}/outputs/m"], id="of a run"),
    ],
)  # fmt: skip
def test_what_lands_where(store, tmp_path, options, files):
    root, variables = store
    done = step("artifacts", {"root": root, "to": str(tmp_path / "to"), "workers": 2, **options}, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert found(tmp_path / "to") == files
    assert done.stdout.startswith(
        f"artifacts: copied {len(files)} files (0.0 MB) from {root} to {tmp_path}/to"
    )


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        pytest.param({"files": ["none"]}, 66, "artifacts: there is no file 'none' in ", id="a file"),
        pytest.param({"files": ["data"]}, 66, "artifacts: there is no file 'data' in ", id="a folder as file"),
        pytest.param({"dirs": ["none"]}, 66, "artifacts: there is no folder 'none' in ", id="a folder"),
        pytest.param({"files": ["../x"]}, 64, "artifacts: path '../x' leaves its folder", id="from elsewhere"),
        pytest.param({"files": [["readme.md", "../x"]]}, 64, "artifacts: path '../x' leaves its folder", id="to elsewhere"),
        pytest.param({"dirs": ["/"]}, 64, "artifacts: path '/' leaves its folder", id="the machine's root"),
    ],
)  # fmt: skip
def test_what_is_refused(store, tmp_path, options, code, sentence):
    root, variables = store
    done = step("artifacts", {"root": root, "to": str(tmp_path / "to"), **options}, **variables)
    assert done.returncode == code
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "to").exists() or found(tmp_path / "to") == []


def test_an_unfinished_upload_is_worth_a_retry(tmp_path):
    (tmp_path / "store" / UUID / UPLOADS).mkdir(parents=True)
    (tmp_path / "store" / UUID / UPLOADS / "0001").touch()
    options = {"root": str(tmp_path / "store"), "to": str(tmp_path / "to"), "dirs": [UUID]}
    done = step("artifacts", options)
    assert done.returncode == 75
    assert f"the artifacts of run {UUID} are not all in " in done.stderr


def test_a_bucket_that_is_away_is_worth_a_retry(tmp_path):
    variables = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "A",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
    }
    done = step("artifacts", {"root": "s3://inputs", "to": str(tmp_path)}, **variables)
    assert done.returncode == 75
    assert done.stderr.startswith("artifacts: s3://inputs does not answer: ")
    assert "s3cret" not in done.stderr


class TestTensorboard:
    def store(self, folder, *uuids):
        for uuid in uuids:
            (folder / uuid / "outputs/tensorboard/train").mkdir(parents=True)
            (folder / uuid / "outputs/tensorboard/train/events.out").write_text(uuid)
        return str(folder)

    def test_event_folders_stand_side_by_side_under_their_names(self, tmp_path):
        root = self.store(tmp_path / "store", "1" * 32, "2" * 32)
        runs = {"1" * 32: "adam", "2" * 32: "sgd", "3" * 32: "waiting"}
        options = {
            "root": root,
            "to": str(tmp_path / "to"),
            "runs": runs,
            "plugins": ["tb-x"],
            "path_prefix": "/p",
        }
        done = step("tensorboard", {**options, "port": 6007})
        assert (done.returncode, done.stderr) == (0, "")
        assert (tmp_path / "to/tensorboard/adam/train/events.out").read_text() == "1" * 32
        assert (tmp_path / "to/tensorboard/sgd/train/events.out").read_text() == "2" * 32
        assert (
            done.stdout
            == f"tensorboard: events of 2 runs in {tmp_path}/to/tensorboard; no events yet of waiting\n"
        )

    def test_the_script_runs_tensorboard_over_them(self, tmp_path):
        """TensorBoard itself is a script here that prints how it was called."""
        root, bin_ = self.store(tmp_path / "store", "1" * 32), tmp_path / "bin"
        bin_.mkdir()
        for program in ("pip", "tensorboard"):
            (bin_ / program).write_text(f'#!/bin/sh\necho {program} "$@"\n')
            (bin_ / program).chmod(0o755)
        options = {"root": root, "to": str(tmp_path / "to"), "runs": {"1" * 32: "a"}, "plugins": ["x", "y z"]}
        assert step("tensorboard", {**options, "path_prefix": "/p q"}).returncode == 0
        import subprocess

        script, path = tmp_path / "to/start_tensorboard", f"{bin_}:/usr/bin:/bin"
        said = subprocess.run([script], env={"PATH": path}, capture_output=True, text=True, check=True).stdout
        assert said.splitlines() == [
            "pip install x y z",
            f"tensorboard --logdir={tmp_path}/to/tensorboard --port=6006 --host=0.0.0.0 --path_prefix=/p q",
        ]
