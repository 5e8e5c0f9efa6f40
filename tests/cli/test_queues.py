"""`polyaxon-airflow queues`, as far as it needs no Airflow; tests/e2e/test_queues.py has the rest."""

import pytest
import yaml

from polyaxon_airflow.cli import main

FILE = """
agents:
  - name: lab
    queues:
      - {name: gpu, concurrency: 8, priority: 3, quota: {gpu: 8}, allow: {teams: [vision]}}
      - {name: cpu}
teams: {vision: [ann]}
default: {queue: cpu}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "queues.yaml"
    path.write_text(FILE)
    return str(path)


def test_check_names_the_queues(file, capsys):
    assert main(["queues", "check", "--file", file]) == 0
    assert capsys.readouterr().out == f"{file}: 2 queues: lab/gpu, lab/cpu\n"


def test_check_warns_where_other_dags_would_get_nothing(file, capsys):
    main(["queues", "check", "--file", file, "--parallelism", "8"])
    assert capsys.readouterr().out.startswith(
        "warning: the queues have 8 slots and Airflow runs 8 tasks at once"
    )


def test_check_shows_faults_with_their_line(tmp_path, capsys):
    path = tmp_path / "queues.yaml"
    path.write_text("agents:\n  - {name: lab, queues: [{name: gpu, wieght: 2}]}\n")
    assert main(["queues", "check", "--file", str(path)]) == 1
    error = capsys.readouterr().err
    assert f"{path}:2:38: unknown key 'wieght'" in error
    assert "Did you mean 'weight'?\n    2 |   - {name: lab" in error


def test_a_file_that_is_not_there_is_named(capsys):
    assert main(["queues", "ls", "--file", "nowhere/queues.yaml"]) == 1
    assert capsys.readouterr().err == "nowhere/queues.yaml: cannot be read: No such file or directory\n"


def test_ls_shows_one_line_a_queue(file, capsys):
    assert main(["queues", "ls", "--file", file]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["lab/gpu", "lab.gpu", "8", "3", "1", "gpu", "8", "sweep", "teams", "vision"]
    assert lines[2].split() == ["lab/cpu", "*", "lab.cpu", "no", "limit", "highest", "1", "sweep", "all"]


def test_simulate_shows_shares_and_waits(tmp_path, capsys):
    path = tmp_path / "workload.yaml"
    path.write_text(
        "agents: [{name: lab, queues: [{name: gpu, concurrency: 2}]}]\n"
        "sweeps: [{name: a, queue: gpu, tasks: 10, seconds: 5}, {name: b, queue: gpu, tasks: 10, seconds: 5}]\n"
    )
    assert main(["queues", "simulate", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["a", "lab/gpu", "10", "1.00", "22.5", "45.0", "50.0"]
    assert lines[3:] == [
        "  50 s in all; times are seconds",
        "  lab/gpu: 0.0% of its slots idle while tasks waited",
    ]


def test_render_is_yaml(file, capsys):
    assert main(["queues", "render", "--file", file, "--as", "kueue"]) == 0
    kinds = [each["kind"] for each in yaml.safe_load_all(capsys.readouterr().out)]
    assert kinds[:4] == ["ResourceFlavor", "ClusterQueue", "LocalQueue", "WorkloadPriorityClass"]


def test_commands_that_need_an_airflow_ask_which(file, capsys, monkeypatch, tmp_path):
    monkeypatch.delenv("AIRFLOW__API__BASE_URL", raising=False)
    assert main(["queues", "top", "--once", "--file", file, "--home", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        "error: which Airflow? Give --url, or --home of one that 'polyaxon-airflow up' has started\n"
    )
