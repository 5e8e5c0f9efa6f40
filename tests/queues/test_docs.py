"""docs/queues.md: its files can be read, and its commands print what it says."""

import json
import re
from pathlib import Path

import pytest

from bench.fairness import table
from polyaxon_airflow.cli import main
from polyaxon_airflow.queues.reading import read_queues

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "queues.md").read_text()
YAML = re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)
QUEUES, FAIRNESS, WORKLOAD = YAML


def test_the_queues_file_can_be_read():
    assert read_queues(QUEUES).names() == ["lab/cpu", "lab/gpu", "lab/debug"]


def test_the_fairness_section_can_be_read():
    queues = read_queues("agents: [{name: lab, queues: [{name: gpu}]}]\n" + FAIRNESS)
    assert queues.weight(("lab.gpu", "team-blue")) == 3


def test_the_simulation_prints_what_the_page_shows(tmp_path, capsys):
    (tmp_path / "workload.yaml").write_text(WORKLOAD)
    main(["queues", "simulate", str(tmp_path / "workload.yaml")])
    shown = re.search(r"\$ polyaxon-airflow queues simulate workload.yaml\n(.*?)```", DOC, re.DOTALL)[1]
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize("command", re.findall(r"^polyaxon-airflow (queues \w+)", DOC, re.MULTILINE))
def test_every_command_of_the_page_exists(command):
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0


def test_the_numbers_are_those_that_were_measured():
    kept = json.loads((ROOT / "bench" / "results" / "fairness.json").read_text())
    assert table(kept) in DOC
