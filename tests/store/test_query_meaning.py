"""What each field and operator of a query means."""

import math
import random

import pytest

from polyaxon_airflow.store import Artifact, Edge, Point
from tests.store.samples import NOON, after, run, uuid

DAY = 86_400


@pytest.fixture(scope="module")
def three(shared):
    """Three runs that differ in everything that a query can ask."""
    shared.runs.begin(
        run(
            1,
            name="train-resnet",
            description="The first",
            user="ada",
            project="vision",
            kind="job",
            runtime="job",
            status="created",
            inputs={"lr": 0.1, "optimizer": "adam", "nesterov": True, "layers": [1, 2], "version": "3"},
            outputs={"loss": 0.5},
            meta={"iteration": 1, "has_metrics": True},
            tags=("best", "gpu"),
            connections=("s3",),
            queue="gpu",
            cpu=0.5,
            memory=1024.0**3,
            cost=1.5,
            pipeline=uuid(9),
        )
    )
    shared.runs.begin(
        run(
            2,
            name="Train_50%",
            created_at=after(-DAY),
            project="text",
            kind="service",
            inputs={"lr": 1, "optimizer": "sgd", "nesterov": False, "version": 3},
            outputs={"loss": math.nan, "note": "x" * 500},
            meta={"iteration": 2, "has_metrics": False},
            tags=("gpu",),
            cpu=2.0,
            memory=5e8,
            managed_by="user",
            original=uuid(1),
        )
    )
    shared.runs.begin(run(3, name="eval", created_at=after(-40 * DAY), inputs={"lr": "high"}))
    shared.runs.set_status(uuid(1), "running", at=after(10))
    shared.runs.set_status(uuid(1), "succeeded", at=after(70))
    shared.lineage.log(uuid(1), [Artifact("model", "model"), Artifact("4f2a", "coderef", is_input=True)])
    shared.lineage.log(uuid(2), [Artifact("model", "dir", is_input=True)])
    shared.lineage.link([Edge(uuid(1), uuid(2), "dag"), Edge(uuid(2), uuid(3), "join")])
    return shared


def found(store, query, **options):
    return {int(run.uuid, 16) for run in store.runs.find(query, at=NOON, **options)}


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        (None, {1, 2, 3}),
        ("status:_any_", {1, 2, 3}),
        # Columns
        ("status:succeeded", {1}),
        ("status:~succeeded", {2, 3}),
        ("status:succeeded|created", {1, 2, 3}),
        ("status:~succeeded|failed", {2, 3}),
        ("user:nil", {2, 3}),
        ("user:~nil", {1}),
        ("user:~ada", {2, 3}),
        ("contributors:ada", {1}),
        ("project:>text", {1}),
        ("kind:job|service", {1, 2}),
        ("project.name:vision", {1}),
        ("live_state:1", {1, 2, 3}),
        ("live_state:0", set()),
        ("teams:nil", {1, 2, 3}),
        ("teams:a|b", set()),
        ("is_managed:true", {1, 3}),
        ("is_managed:~true", {2}),
        ("is_managed:false", {2}),
        # Search
        ("name:eval", {3}),
        ("name:%TRAIN%", {1, 2}),
        ("name:train%", {1, 2}),
        ("name:%net", {1}),
        ("name:~train%", {3}),
        ("name:%_50%", {2}),
        ("name:%\\%", set()),
        ("name:eval|train-resnet", {1, 3}),
        ("description:%first", {1}),
        ("description:~%first", {2, 3}),
        (f"uuid:{uuid(2)}", {2}),
        ("id:00000000-0000-0000-0000-000000000002", {2}),
        ("uid:%3", {3}),
        (f"pipeline:{uuid(9)}", {1}),
        (f"original.uuid:{uuid(1)}", {2}),
        # Numbers
        ("duration:60", {1}),
        ("wait_time:>=10", {1}),
        ("cost:<1.5", set()),
        ("cost:=<1.5", {1}),
        ("cost:~<1.5", {1}),
        ("cost:~1.5", {2, 3}),
        ("cpu:500m", {1}),
        ("cpu:>=0.5", {1, 2}),
        ("memory:1Gi", {1}),
        ("memory:<1Gi", {2}),
        ("memory:0.5G", {2}),
        ("cost:nan", set()),
        ("cost:~nan", {1, 2, 3}),
        ("cost:<inf", {1}),
        # Dates
        ("created_at:2026-07-01", {1}),
        ("created_at:~2026-07-01", {2, 3}),
        ("created_at:2026-07-01 12:00", {1}),
        ("created_at:2026-07-01 12:01", set()),
        ("created_at:today", {1}),
        ("created_at:yesterday", {2}),
        ("created_at:last_month", {1, 2}),
        ("created_at:<last_month", {3}),
        ("created_at:>2026-06-30", {1, 2}),
        ("created_at:<=2026-06-30", {3}),
        ("created_at:2026-06-30 .. 2026-07-01", {1, 2}),
        ("created_at:~2026-06-30 .. 2026-07-01", {3}),
        ("finished_at:nil", {2, 3}),
        # Mappings
        ("params.lr:0.1", {1}),
        ("in.lr:1.0", {2}),
        ("inputs.lr:high", {3}),
        ("params.lr:~0.1", {2, 3}),
        ("params.lr:>0.1", {2}),
        ("params.lr:~>0.1", {1}),
        ("params.lr:>a", {3}),
        ("params.lr:0.1|high", {1, 3}),
        ("params.optimizer:adam|sgd", {1, 2}),
        ("params.optimizer:nil", {3}),
        ("params.optimizer:~nil", {1, 2}),
        ("params.nesterov:true", {1}),
        ("params.nesterov:False", {2}),
        ("params.layers:nil", {2, 3}),
        ("params.version:3", {1, 2}),
        ('params.version:"3"', {1}),
        (f"outputs.note:{'x' * 500}", {2}),
        (f"outputs.note:{'x' * 499}", set()),
        ("metrics.loss:<1", {1}),
        ("metrics.loss:~nil", {1}),
        ("metrics.loss:nil", {2, 3}),
        ("out.loss:~nil", {1, 2}),
        ("metrics.loss:~0.5", {2, 3}),
        ("meta_values.iteration:>1", {2}),
        ("meta_flags.has_metrics:true", {1}),
        ("meta_flags.has_metrics:~true", {2, 3}),
        ("meta_info.iteration:1", {1}),
        # Labels, artifacts, edges
        ("tags:gpu", {1, 2}),
        ("tags:best|other", {1}),
        ("tags:~best", {2, 3}),
        ("tags:nil", {3}),
        ("connections:s3", {1}),
        ("artifacts:model", {1, 2}),
        ("commit:4f2a", {1}),
        ("in_artifact_kind:dir", {2}),
        ("out_artifact_kind:model|dir", {1}),
        ("out_artifact_kind:nil", {2, 3}),
        (f"upstream:{uuid(1)}", {2}),
        (f"downstream:{uuid(3)}", {2}),
        ("downstream:nil", {3}),
        # Of one sweep, where each run is looked up
        (f"pipeline:{uuid(9)}, metrics.loss:~nil", {1}),
        (f"pipeline:{uuid(9)}, metrics.loss:nil", set()),
        (f"pipeline:{uuid(9)}, tags:~best OR name:eval", {3}),
        (f"uuid:{uuid(2)}, in_artifact_kind:dir, upstream:{uuid(1)}", {2}),
        (f"uuid:{uuid(2)}, (downstream:nil OR params.lr:>0.5)", {2}),
        # Together
        ("status:succeeded, tags:gpu", {1}),
        ("status:succeeded OR tags:gpu", {1, 2}),
        ("status:succeeded | name:eval", {1, 3}),
        ("name:eval OR tags:gpu, kind:service", {2, 3}),
        ("(name:eval OR tags:gpu), kind:service", {2}),
        ("kind:~nil AND (tags:best OR params.lr:>0.5)", {1, 2}),
    ],
)
def test_which_runs_a_query_means(three, query, runs):
    assert found(three, query) == runs
    assert three.runs.count(query, at=NOON) == len(runs)


def test_a_text_that_is_too_long_for_an_index_is_found(store):
    text = random.Random(1).randbytes(7000).hex()  # PostgreSQL takes 2,704 bytes, compressed
    store.runs.begin(run(1, inputs={"prompt": text}, tags=(text,)))
    store.runs.begin(run(2, inputs={"prompt": text[:-1] + "-"}, tags=(text[:-1] + "-",)))
    assert found(store, f"params.prompt:{text}") == found(store, f"tags:{text}") == {1}
    assert store.runs.get(uuid(1)).inputs == {"prompt": text}


def test_mine_are_those_of_the_one_who_asks(three):
    assert found(three, "mine:true", user="ada") == {1}
    assert found(three, "mine:~true", user="ada") == {2, 3}
    assert found(three, "mine:true") == set()


def test_a_project_is_a_border(three):
    assert found(three, "tags:gpu", project="vision") == {1}
    assert three.runs.count(project="vision", at=NOON) == 1


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (None, [1, 2, 3]),
        ("name", [2, 3, 1]),
        ("-created_at", [1, 2, 3]),
        ("created_at", [3, 2, 1]),
        ("metrics.loss", [1, 2, 3]),
        ("params.lr", [1, 2, 3]),
        ("-params.lr", [2, 1, 3]),
        ("params.optimizer", [1, 2, 3]),
        ("-params.optimizer", [2, 1, 3]),
        ("-cpu", [2, 1, 3]),
        ("kind,name", [1, 2, 3]),
        ("-params.optimizer,params.lr,uuid", [2, 1, 3]),
    ],
)
def test_in_which_order(three, sort, order):
    assert [int(run.uuid, 16) for run in three.runs.find(at=NOON, sort=sort)] == order


@pytest.mark.parametrize(
    ("limit", "offset", "runs"), [(2, 0, [1, 2]), (2, 2, [3]), (None, 1, [2, 3]), (0, 0, [])]
)
def test_limit_and_offset(three, limit, offset, runs):
    window = three.runs.find(at=NOON, sort="-created_at", limit=limit, offset=offset)
    assert [int(run.uuid, 16) for run in window] == runs


def test_live_metrics_are_found(store):
    store.runs.begin(run())
    store.metrics.log(uuid(1), [Point("loss", 0, 0.9, 0.0)], at=NOON)
    assert found(store, "metrics.loss:>0.5") == {1}
    store.metrics.log(uuid(1), [Point("loss", 1, math.nan, 0.0)], at=NOON)
    assert found(store, "metrics.loss:nil") == {1}


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE plx_run; --",
        '" OR 1=1',
        "%' OR '1'='1",
        "\\",
        "/%",
        "Zoë",
        "a\0b",
        "🤖",
        ":name",
        "%(x)s",
        "?",
    ],
)
def test_any_text_is_only_a_text(store, text):
    store.runs.begin(run(1, name=text, tags=(text,), inputs={"x": text}))
    store.runs.begin(run(2))
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert found(store, f"name:{quoted}") == found(store, f"tags:{quoted}") == {1}
    assert found(store, f"params.x:{quoted}") == {1}
