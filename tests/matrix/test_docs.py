"""The examples of docs/tuning.md."""

import json
import re
from pathlib import Path

import yaml

from polyaxon_airflow.early_stopping import EARLY_STOPPING
from polyaxon_airflow.matrix import Trial
from tests.matrix.sweeps import matrix

PAGE = (Path(__file__).parents[2] / "docs" / "tuning.md").read_text()


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def test_the_matrices_of_the_page_have_the_trials_that_it_says():
    documents = [yaml.safe_load(block) for block in blocks("yaml")]
    sweeps = {sweep["matrix"]["kind"]: matrix(**sweep["matrix"]) for sweep in documents if "matrix" in sweep}
    assert {kind: sweep.trials() for kind, sweep in sweeps.items()} == {"bayes": 50, "hyperband": 206}
    assert [(rung.runs, rung.resource) for rung in sweeps["hyperband"].brackets()[0]] == [
        (81, 1),
        (27, 3),
        (9, 9),
        (3, 27),
        (1, 81),
    ]


def test_the_stopping_of_the_page_is_read():
    entries = yaml.safe_load(blocks("yaml")[-1])["earlyStopping"]
    assert [EARLY_STOPPING.validate(entry).kind for entry in entries] == [entry["kind"] for entry in entries]


def test_a_tuner_gets_what_the_page_shows():
    shown = json.loads(blocks("json")[0])
    sweep = matrix(**shown["matrix"])
    history = [
        Trial(trial["index"], trial["params"], trial["value"], trial["state"]) for trial in shown["trials"]
    ]
    assert sweep.request(1, history) == shown
    answer = json.loads(re.search(r"`(\{\"suggestions\".*?\})`", PAGE)[1])
    assert len(sweep.suggested(answer, history)) == 2


def test_the_program_of_the_page_runs():
    names = {}
    exec(blocks("python")[0], names)
    assert names["first"] != names["second"]


def test_every_kind_is_on_the_page():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [
        *("mapping", "grid", "random", "hyperband", "bayes", "tpe", "hyperopt", "iterative"),
        *("median", "diff", "truncation", "asha"),
    ]
