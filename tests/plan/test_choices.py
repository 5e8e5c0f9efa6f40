"""Where a task goes when whoever triggered its run has chosen a queue or presets."""

import pytest

from polyaxon_airflow.plan.choices import MARK, ChosenPlace, chosen_place, chosen_presets

SCHEMAS = {
    "queue": {"type": ["null", "string"], MARK: True},
    "presets": {
        "type": "array",
        MARK: {"big": {"train": ["lab.gpu", 4]}, "far": {"train": ["site.gpu", 1]}, "cheap": {}},
    },
}


@pytest.mark.parametrize(
    ("conf", "place"),
    [
        pytest.param({}, ("lab.cpu", 1), id="nothing is chosen"),
        pytest.param({"queue": "lab/spot"}, ("lab.spot", 1), id="a queue"),
        pytest.param({"presets": ["big"]}, ("lab.gpu", 4), id="a preset with a queue"),
        pytest.param({"presets": ["cheap"]}, ("lab.cpu", 1), id="a preset without"),
        pytest.param(
            {"presets": ["big", "far"]}, ("site.gpu", 4), id="the last one decides, the largest one counts"
        ),
        pytest.param(
            {"presets": ["big"], "queue": "lab/spot"}, ("lab.spot", 4), id="a queue goes over presets"
        ),
        pytest.param({"presets": ["unknown"]}, ("lab.cpu", 1), id="a preset that is not offered"),
    ],
)
def test_a_task_in_a_queue(conf, place):
    assert chosen_place("train", ChosenPlace("lab.cpu", 1), conf, SCHEMAS) == place


def test_a_task_outside_of_queues_stays_there():
    conf = {"presets": ["big"], "queue": "lab/spot"}
    assert chosen_place("train", ChosenPlace("default_pool", 1), conf, SCHEMAS) == ("default_pool", 1)


@pytest.mark.parametrize("schemas", [{}, {"queue": {"type": "string"}, "presets": {"type": "array"}}])
def test_inputs_of_these_names_mean_nothing(schemas):
    conf = {"presets": ["big"], "queue": "lab/spot"}
    assert chosen_place("train", ChosenPlace("lab.cpu", 1), conf, schemas) == ("lab.cpu", 1)
    assert list(chosen_presets(conf, schemas)) == []
