import json
import stat

import pytest

from tests.init.steps import step


def test_a_file_lands_below_the_target_as_written(tmp_path):
    content = '#!/bin/sh\necho $HOME $$ "ü"\r\n\tend'
    done = step("file", {"to": str(tmp_path / "artifacts"), "filename": "run.sh", "content": content})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"file: wrote {tmp_path}/artifacts/run.sh\n"
    assert (tmp_path / "artifacts/run.sh").read_bytes().decode() == content


@pytest.mark.parametrize(
    ("filename", "path"),
    [
        pytest.param(None, "file", id="a file without a name is called file, as in Polyaxon"),
        pytest.param("sub/dir/a.txt", "sub/dir/a.txt", id="folders are made"),
        pytest.param("./a//b.txt", "a/b.txt", id="paths are made plain"),
    ],
)
def test_the_name(tmp_path, filename, path):
    assert step("file", {"to": str(tmp_path), "content": "x", "filename": filename}).returncode == 0
    assert (tmp_path / path).read_text() == "x"


@pytest.mark.parametrize(
    ("chmod", "mode"),
    [
        pytest.param(None, 0o644, id="what the umask leaves"),
        pytest.param("755", 0o755, id="octal"),
        pytest.param("0600", 0o600, id="octal with a leading zero"),
        pytest.param("+x", 0o755, id="for all"),
        pytest.param("u+x,go-r", 0o700, id="symbolic"),
    ],
)
def test_the_mode(tmp_path, chmod, mode):
    assert (
        step("file", {"to": str(tmp_path), "content": "x", "filename": "a", "chmod": chmod}).returncode == 0
    )
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param({"chmod": "rwx"}, "file: 'rwx' is no mode of a file. ", id="a wrong mode"),
        pytest.param({"filename": "../a"}, "file: path '../a' leaves its folder. ", id="climbing out"),
        pytest.param({"filename": "/etc/a"}, "file: path '/etc/a' leaves its folder. ", id="absolute"),
        pytest.param({"filename": "link/a"}, "file: path 'link/a' leads out of ", id="through a link"),
    ],
)
def test_what_is_refused(tmp_path, options, sentence):
    target = tmp_path / "target"
    target.mkdir()
    (target / "link").symlink_to(tmp_path)
    done = step("file", {"to": str(target), "content": "x", **options})
    assert done.returncode == 64
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    assert [path.name for path in target.iterdir()] == ["link"]


def test_a_target_that_cannot_be_written_has_a_code_of_its_own(tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = step("file", {"to": str(tmp_path / "file"), "content": "x"})
    assert (done.returncode, done.stdout) == (73, "")
    assert "Not a directory" in done.stderr or "File exists" in done.stderr


@pytest.mark.parametrize(
    ("filename", "given", "kind"),
    [("train.py", None, "file"), ("my.Dockerfile", None, "dockerfile"), ("data.csv", "csv", "csv")],
)
def test_the_run_keeps_a_copy_and_its_lineage(tmp_path, filename, given, kind):
    run = tmp_path / "run"
    options = {"to": str(tmp_path), "content": "x", "filename": filename, "kind": given, "run": str(run)}
    assert step("file", options).returncode == 0
    assert (run / "outputs" / filename).read_text() == "x"
    (noted,) = map(json.loads, (run / "lineages.init.jsonl").read_text().splitlines())
    # sha256 of "x"
    summary = {"hash": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"}
    path = f"outputs/{filename}"
    assert noted == {"name": filename, "kind": kind, "path": path, "summary": summary, "is_input": True}


def test_a_step_that_runs_again_writes_the_file_again(tmp_path):
    for content in ("one", "two"):
        assert step("file", {"to": str(tmp_path), "content": content, "filename": "a"}).returncode == 0
    assert (tmp_path / "a").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
