"""`polyaxon-airflow presets`, on the presets of Polyaxon's docs (machine catalogue, cost)."""

import pytest

from polyaxon_airflow.cli import main


@pytest.fixture
def root(tmp_path):
    presets = tmp_path / "presets"
    presets.mkdir()
    (presets / "gpu.yaml").write_text(
        "isPreset: true\nqueue: agent-name/queue-with-2-concurrency\nrunPatch:\n"
        "  environment:\n    nodeSelector:\n      node_label: gpu-experiments\n"
        "  container:\n    resources:\n      limits:\n        nvidia.com/gpu: 4\n"
    )
    (presets / "small.yaml").write_text(
        "patchStrategy: isnull\ncost: 0.0008\nrunPatch: {environment: {nodeName: small}}\n"
    )
    return tmp_path


QUEUES = """
agents: [{name: agent-name, queues: [{name: queue-with-2-concurrency, concurrency: 2}]}]
default: {presets: [small]}
projects: {vision: {default: {presets: [gpu]}}}
folders: {night: {allow: {presets: [small]}}}
"""


def test_ls_without_a_queues_file(root, capsys):
    assert main(["presets", "--root", str(root), "ls"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()[1:]] == [
        ["gpu", "agent-name/queue-with-2-concurrency"],
        ["small", "0.0008", "isnull"],
    ]


def test_ls_says_who_gets_a_preset_and_who_may_not_name_it(root, capsys):
    (root / "queues.yaml").write_text(QUEUES)
    main(["presets", "--root", str(root), "ls"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("project vision  folder night")
    assert lines[2].endswith("all")


def test_the_dags_folder_is_dags_or_this_one_or_is_named_after_the_command(root, capsys, monkeypatch):
    monkeypatch.chdir(root.parent)
    main(["presets", "ls", "--root", str(root)])
    named = capsys.readouterr().out
    monkeypatch.chdir(root)
    main(["presets", "ls"])
    assert capsys.readouterr().out == named
    (root.parent / "project").mkdir()
    root.rename(root.parent / "project" / "dags")
    monkeypatch.chdir(root.parent / "project")
    main(["presets", "ls"])
    assert capsys.readouterr().out == named


def test_show_gives_the_preset_as_it_is_written(root, capsys):
    (root / "queues.yaml").write_text(QUEUES)
    assert main(["presets", "--root", str(root), "show", "gpu"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "# default of project vision",
        "# not allowed in folder night",
        "queue: agent-name/queue-with-2-concurrency",
        "runPatch:",
        "  environment:",
        "    nodeSelector:",
        "      node_label: gpu-experiments",
        "  container:",
        "    resources:",
        "      limits:",
        "        nvidia.com/gpu: 4",
    ]


def test_show_of_a_preset_that_is_not_there_names_the_others(root, capsys):
    assert main(["presets", "--root", str(root), "show", "gpus"]) == 1
    assert capsys.readouterr().err == "no preset is called 'gpus'; known: gpu, small. Did you mean 'gpu'?\n"


def test_ls_of_a_folder_without_presets_says_where_they_go(tmp_path, capsys):
    assert main(["presets", "--root", str(tmp_path), "ls"]) == 0
    assert capsys.readouterr().out == f"no presets: put them into {tmp_path / 'presets'}\n"
