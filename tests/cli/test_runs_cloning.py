"""`runs resume|restart|copy`: what goes to Airflow, and what is refused with the way to go instead."""

from datetime import datetime, timezone

import pytest

from polyaxon_airflow.cli.runs.cloning import pipelines_around, refuse, started
from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.store import Run, open_store

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
UUID, WHOLE = "a" * 32, "b" * 32
PRESET = {"runPatch": {"container": {"image": "new"}}}


def run(uuid=UUID, **fields):
    given = {
        "dag_id": "train",
        "dag_run_id": "manual__1",
        "task_id": "train",
        "kind": "job",
        "inputs": {"lr": 0.1},
    }
    return Run(uuid=uuid, name="train", created_at=NOW, **{**given, **fields})


class Airflow:
    """What was asked of an Airflow."""

    def __init__(self):
        self.asked = []

    def trigger(self, dag_id, conf):
        self.asked.append((dag_id, conf))
        return "manual__2"

    def post(self, path, body):
        self.asked.append((path, body))


@pytest.mark.parametrize(
    ("kind", "made", "presets", "asked", "dag_run"),
    [
        pytest.param("restart", run(), [], ("train", {"lr": 0.1, "restart": UUID}), "manual__2", id="a job again"),
        pytest.param("copy", run(), [PRESET], ("train", {"lr": 0.1, "copy": UUID, "patch": [PRESET]}), "manual__2", id="with its outputs and a preset"),
        pytest.param("resume", run(), [], ("train", {"lr": 0.1, "resume": UUID}), "manual__2", id="the same run"),
        pytest.param("restart", run(kind="dag"), [], ("train", {"lr": 0.1, "restart": UUID}), "manual__2", id="a dag"),
        pytest.param("resume", run(kind="matrix"), [], ("train", {"resume": "manual__1"}), "manual__2", id="a sweep goes on"),
        pytest.param(
            "resume", run(kind="dag"), [],
            ("/dags/train/clearTaskInstances", {"dry_run": False, "dag_run_id": "manual__1", "only_failed": True, "only_running": False}),
            "manual__1", id="what failed of a dag",
        ),
    ],
)  # fmt: skip
def test_what_airflow_is_asked(kind, made, presets, asked, dag_run):
    airflow = Airflow()
    assert started(kind, made, presets, airflow) == dag_run
    assert airflow.asked == [asked]


@pytest.mark.parametrize(
    ("made", "around", "tasks"),
    [
        pytest.param(run(pipeline=WHOLE), [run(WHOLE, kind="dag", task_id="outcome")], ["train", "outcome"], id="an operation, and what ends its dag"),
        pytest.param(run(pipeline=WHOLE), [run(WHOLE, kind="dag", task_id=None)], ["train"], id="of a dag that no task ends"),
        pytest.param(
            run(pipeline="c" * 32, task_id="tune.trial", map_index=3),
            [run("c" * 32, kind="matrix", task_id="tune.best", pipeline=WHOLE), run(WHOLE, kind="dag", task_id="outcome")],
            [["tune.trial", 3], "tune.best", "outcome"],
            id="a trial, its sweep and the dag around it",
        ),
    ],
)  # fmt: skip
def test_a_part_is_done_again_where_it_stands(tmp_path, made, around, tasks):
    airflow = Airflow()
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        for outer in around:
            store.runs.begin(outer)
        refuse("restart", made, store, [])
        found = pipelines_around(made, store)
    assert started("restart", made, [], airflow, found) == "manual__1"
    ((path, body),) = airflow.asked
    assert (path, body["task_ids"], body["only_failed"]) == ("/dags/train/clearTaskInstances", tasks, False)


@pytest.mark.parametrize(
    ("kind", "made", "files", "sentence"),
    [
        pytest.param("restart", run(dag_id=None), [], "was not started by Airflow", id="a run of nobody"),
        pytest.param("restart", run(kind="dag", pipeline=WHOLE, controller=WHOLE), [], f"restart that: {WHOLE}", id="a dag inside of a dag"),
        pytest.param("resume", run(pipeline=WHOLE, controller=WHOLE), [], f"resume that: {WHOLE}", id="an operation of a dag"),
        pytest.param("copy", run(pipeline=WHOLE, controller=WHOLE), [], "restart it", id="a copy of an operation of a dag"),
        pytest.param("restart", run(pipeline=WHOLE), ["preset.yaml"], "a preset does not reach it", id="a preset for an operation of a dag"),
        pytest.param("resume", run(pipeline="c" * 32), [], "clear its task", id="an operation of a dag that is not kept"),
        pytest.param("copy", run(kind="dag"), [], "restart it", id="a copy of a dag"),
        pytest.param("restart", run(kind="dag"), ["preset.yaml"], "write 'presets' in the polyaxonfile", id="a preset for a dag"),
    ],
)  # fmt: skip
def test_what_cannot_be_gone_on_from(tmp_path, kind, made, files, sentence):
    with open_store(f"sqlite:///{tmp_path}/store.db") as store:
        store.runs.begin(run(WHOLE, kind="dag"))
        with pytest.raises(StoreError, match=sentence):
            refuse(kind, made, store, files)
