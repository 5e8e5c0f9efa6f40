import re

import pytest

from polyaxon_airflow.errors import TrackingError
from polyaxon_airflow.tracking import Snapshot, read_outputs, read_snapshot


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        pytest.param(
            '{"acc": 0.9, "model": "m.pt", "n": 3}', {"acc": 0.9, "model": "m.pt", "n": 3}, id="values"
        ),
        pytest.param(
            '{"a": NaN, "b": -Infinity, "c": 1e999}', {"a": None, "b": None, "c": None}, id="not finite"
        ),
        pytest.param('{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}, id="nested"),
        pytest.param("{}", {}, id="none"),
    ],
)
def test_outputs(text, outputs):
    assert read_outputs(text) == outputs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            '{"acc": 0.9,\n "n" 3}', "is not JSON: 2:6: Expecting ':' delimiter. Write one JSON", id="syntax"
        ),
        pytest.param("", "is not JSON: 1:1: Expecting value", id="empty"),
        pytest.param("[1]", "holds a list, not an object. Write one JSON object, for example", id="a list"),
        pytest.param("3", "holds a number, not an object", id="a number"),
        pytest.param("null", "holds null, not an object", id="null"),
        pytest.param("[" * 100_000, "is nested too deeply", id="too deep"),
    ],
)
def test_what_is_no_outputs_file(text, message):
    with pytest.raises(TrackingError, match=re.escape(f"POLYAXON_OUTPUTS_FILE {message}")):
        read_outputs(text)


SNAPSHOT = (
    '{"inputs": {"lr": 0.1}, "outputs": {"best": "m1", "loss": NaN}, "status": "succeeded", "tags": ["a"],'
    ' "meta_info": {"has_metrics": true}}'
)


def test_a_snapshot_of_traceml():
    assert read_snapshot(SNAPSHOT) == Snapshot(
        {"best": "m1", "loss": None}, {"lr": 0.1}, {"has_metrics": True}, ("a",)
    )


@pytest.mark.parametrize("text", [SNAPSHOT[:cut] for cut in range(0, len(SNAPSHOT), 7)] + ["[]", "null"])
def test_a_torn_snapshot_is_none(text):
    assert read_snapshot(text) is None


@pytest.mark.parametrize("text", ["{}", '{"outputs": null, "tags": null}', '{"outputs": [1], "tags": "a"}'])
def test_a_snapshot_may_lack_everything(text):
    assert read_snapshot(text) == Snapshot()
