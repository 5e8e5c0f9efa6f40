import pytest

from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.store import Artifact, Edge
from tests.store.samples import run, uuid

LOSS = Artifact("loss", "metric", "events/metric/loss.plx", {"last": 0.1})
MODEL = Artifact("model", "model", "outputs/model.pt")
DATA = Artifact("model", "dir", "/data", is_input=True)


def test_artifacts_come_back_by_name(store):
    store.runs.begin(run())
    store.lineage.log(uuid(1), [MODEL, LOSS, DATA])
    assert store.lineage.artifacts(uuid(1)) == [LOSS, MODEL, DATA]


def test_an_artifact_logged_again_is_replaced(store):
    store.runs.begin(run())
    store.lineage.log(uuid(1), [LOSS])
    newer = Artifact("loss", "metric", "events/metric/loss.plx", {"last": 0.05})
    store.lineage.log(uuid(1), [LOSS, newer])
    assert store.lineage.artifacts(uuid(1)) == [newer]


def test_nothing_to_log_is_fine(store):
    store.runs.begin(run())
    store.lineage.log(uuid(1), [])
    assert store.lineage.artifacts(uuid(1)) == []


def test_an_unknown_run_is_an_error(store):
    with pytest.raises(StoreError, match="no run"):
        store.lineage.log(uuid(9), [LOSS])


def test_edges_are_found_from_both_ends(store):
    up, down = Edge(uuid(1), uuid(2), "dag"), Edge(uuid(2), uuid(3), "join", {"param": "losses"})
    store.lineage.link([up, down, up])
    assert store.lineage.edges(uuid(2)) == [up, down]
    assert store.lineage.edges(uuid(3)) == [down]
