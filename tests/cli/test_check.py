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


def test_wrong_usage_exits_with_2():
    with pytest.raises(SystemExit) as caught:
        main(["check"])
    assert caught.value.code == 2
