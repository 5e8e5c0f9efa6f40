"""Schedules and defaults in plans: templates are filled in, dates are JSON, and what never comes is refused."""

import json

import pytest

from polyaxon_airflow.dag.build import build_dag
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.file import plan_file

JOB = "run: {kind: job, container: {image: busybox}}\n"


def planned(folder, text):
    file = folder / "train.yaml"
    file.write_text(text + JOB)
    return plan_file(file, folder)


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        pytest.param(
            "inputs: [{name: f, type: int, value: 120}]\nschedule: {kind: interval, frequency: '{{ f }}'}\n",
            "frequency",
            120.0,
            id="a template of an input with a default",
        ),
        pytest.param(
            "inputs: [{name: h, type: int, value: 4}]\nschedule: {kind: cron, cron: '0 {{ h }} * * *'}\n",
            "cron",
            "0 4 * * *",
            id="a template inside of a cron",
        ),
    ],
)
def test_templates_of_a_schedule_take_the_operations_own_values(tmp_path, text, key, expected):
    plan = planned(tmp_path, text)
    assert json.loads(json.dumps(plan.to_dict()))["schedule"]["schedule"][key] == expected
    assert build_dag(plan).timetable.summary


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            "schedule: {kind: interval, frequency: '{{ f }}'}\n",
            "train.yaml:1:39: 'schedule.frequency' must be a number of seconds",
            id="a template of nothing",
        ),
        pytest.param(
            "schedule:\n  kind: cron\n  cron: bad cron\n",
            "train.yaml:3:9: cron 'bad cron' must have 5 fields",
            id="a cron that is none",
        ),
    ],
)
def test_a_schedule_that_never_comes_is_refused(tmp_path, text, sentence):
    with pytest.raises(CompilationError) as caught:
        planned(tmp_path, text)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        pytest.param("{name: day, type: date, value: 2026-01-31}", "2026-01-31", id="a date"),
        pytest.param("{name: day, value: 2026-01-31}", "2026-01-31", id="a date without a type"),
        pytest.param("{name: day, value: {from: 2026-01-31}}", {"from": "2026-01-31"}, id="a date inside"),
    ],
)
def test_dates_that_yaml_reads_are_text_in_the_trigger_form(tmp_path, declared, expected):
    plan = planned(tmp_path, f"inputs: [{declared}]\n")
    assert plan.params["day"]["default"] == expected
    assert build_dag(plan).params["day"] == expected
