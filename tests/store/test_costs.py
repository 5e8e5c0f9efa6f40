"""Sums of what runs have cost."""

import pytest

from polyaxon_airflow.store.costs import CostSum, cost_sums
from tests.store.samples import after, run

HOUR = 3600


@pytest.fixture
def filled(store):
    """Ann's runs in queue gpu: one of two hours at 3 an hour, one that has gone on for an hour; bob's in cpu."""
    runs = [
        (run(1, owner="ann", project="vision", queue="lab/gpu", cost=3.0), 0, 2 * HOUR),
        (run(2, owner="ann", project="vision", queue="lab/gpu", cost=3.0), 2 * HOUR, None),
        (run(3, owner="bob", project="vision", queue="lab/cpu", cost=0.5), 0, HOUR),
        (run(4, owner="bob", project="nlp"), 0, HOUR),
        (run(5, owner="bob", queue="lab/gpu", cost=3.0, kind="matrix"), 0, 2 * HOUR),
        (run(6, owner="eve", queue="lab/gpu", cost=9.0), None, None),
    ]
    for each, start, end in runs:
        store.runs.begin(each)
        if start is not None:
            store.runs.set_status(each.uuid, "running", at=after(start))
        if end is not None:
            store.runs.set_status(each.uuid, "succeeded", at=after(end))
    return store.database


@pytest.mark.parametrize(
    ("by", "sums"),
    [
        pytest.param(
            "queue",
            [CostSum("lab/gpu", 2, 3.0, 9.0), CostSum("lab/cpu", 1, 1.0, 0.5), CostSum(None, 1, 1.0, 0.0)],
            id="by queue: sweeps as a whole cost nothing, runs that have not begun neither",
        ),
        pytest.param("owner", [CostSum("ann", 2, 3.0, 9.0), CostSum("bob", 2, 2.0, 0.5)], id="by owner"),
        pytest.param(
            "project", [CostSum("vision", 3, 4.0, 9.5), CostSum("nlp", 1, 1.0, 0.0)], id="by project"
        ),
    ],
)
def test_sums(filled, by, sums):
    assert cost_sums(filled, by, now=after(3 * HOUR)) == sums


def test_what_had_ended_before_is_left_out(filled):
    sums = cost_sums(filled, "owner", now=after(3 * HOUR), since=after(1.5 * HOUR))
    assert sums == [CostSum("ann", 2, 3.0, 9.0)]
