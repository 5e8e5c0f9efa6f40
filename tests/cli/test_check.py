"""`polyaxon-airflow check`."""

import json

import pytest

from polyaxon_airflow.cli import main

VALID = "kind: component\nrun: {kind: job, container: {image: a}}\n"
INVALID = "kind: component\nrun: {kind: job, contaner: {image: a}}\n"


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "valid.yaml").write_text(VALID)
    (tmp_path / "invalid.yaml").write_text(INVALID)


def test_a_valid_file_exits_with_0(files, capsys):
    assert main(["check", "valid.yaml"]) == 0
    assert capsys.readouterr().out == "1 file checked, none invalid\n"


def test_a_folder_is_checked_as_a_whole(files, capsys):
    assert main(["check", "."]) == 1
    assert "2 files checked, 1 invalid" in capsys.readouterr().out


@pytest.mark.parametrize(
    "more", [[], ["--only-polyaxonfiles"]], ids=["as it is", "of files that may be none"]
)
def test_a_path_that_is_not_there_is_wrong_usage(files, capsys, more):
    with pytest.raises(SystemExit) as exit_:
        main(["check", *more, "valid.yaml", "nowhere.yaml"])
    assert exit_.value.code == 2
    said = capsys.readouterr()
    assert (said.out, "there is no file or folder nowhere.yaml" in said.err) == ("", True)


def test_a_fault_is_shown_with_its_line_and_a_caret(files, capsys):
    main(["check", "invalid.yaml"])
    assert (
        "    2 | run: {kind: job, contaner: {image: a}}\n      |                  ^\n"
        in capsys.readouterr().out
    )


def test_json_lists_every_file_with_its_faults(files, capsys):
    main(["check", "--format", "json", "invalid.yaml"])
    [file] = json.loads(capsys.readouterr().out)["files"]
    assert (file["file"], file["valid"], file["kind"]) == ("invalid.yaml", False, "component")
    [fault] = file["errors"]
    assert (fault["line"], fault["column"], fault["severity"]) == (2, 18, "error")
    assert fault["suggestion"] == "Did you mean 'container'?"


DEPLOYMENT = {
    "queues.yaml": "agents: [{name: lab, queues: [{name: cpu}, {name: gpu, quota: {gpu: 8}}]}]\n"
    "projects: {eyes: {folders: [eyes], default: {queue: gpu, presets: [big]}}}\n",
    "connections.yaml": "connections: [{name: data, kind: s3, schema: {bucket: b}}]\n",
    "presets/big.yaml": "runPatch: {container: {resources: {limits: {nvidia.com/gpu: 16}}}}\n",
    "presets/lost.yaml": "runPatch: {connections: [dat]}\n",
    "eyes/x.yaml": "kind: component\nname: x\nrun: {kind: job, container: {image: a}}\n",
    "presets.yaml": "kind: operation\nname: y\npresets: [lost]\ncomponent: {run: {kind: job, container: {image: a}}}\n",
    "queue.yaml": "kind: component\nname: z\nqueue: tpu\nrun: {kind: job, container: {image: a}}\n",
}


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        pytest.param("queue.yaml", "unknown queue 'tpu'; known: lab/cpu, lab/gpu", id="an unknown queue"),
        pytest.param(
            "eyes/x.yaml",
            "a run needs gpu 16, and queue 'lab/gpu' has 8 in all: it could never start",
            id="a run that never fits, with the presets of its project",
        ),
        pytest.param(
            "presets.yaml", "unknown connection 'dat'; known: data", id="an unknown connection of a preset"
        ),
    ],
)
def test_what_the_deployment_would_refuse_at_import_is_refused(tmp_path, capsys, file, fault):
    for name, text in DEPLOYMENT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert main(["check", "--root", str(tmp_path), str(tmp_path / file)]) == 1
    assert fault in capsys.readouterr().out


def test_wrong_usage_exits_with_2():
    with pytest.raises(SystemExit) as caught:
        main(["check"])
    assert caught.value.code == 2


@pytest.mark.parametrize("path", ["dags", "dags/deep", "dags/deep/train.yaml"])
def test_the_dags_folder_is_found_around_what_is_checked(tmp_path, monkeypatch, capsys, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dags" / "deep").mkdir(parents=True)
    (tmp_path / "dags" / "presets").mkdir()
    (tmp_path / "dags" / "presets" / "gpu.yaml").write_text("isPreset: true\n")
    (tmp_path / "dags" / "base.yaml").write_text(VALID)
    (tmp_path / "dags" / "deep" / "train.yaml").write_text("pathRef: ../base.yaml\npresets: [gpuu]\n")
    main(["check", path])
    shown = capsys.readouterr().out
    assert "dags/deep/train.yaml:2:11: no preset is called 'gpuu'; known: gpu. Did you mean 'gpu'?" in shown
    assert "leaves the dags folder" not in shown
