"""`polyaxon-airflow queues why` on what Airflow's REST API says of a run; tests/e2e/test_queues.py asks a real one."""

import pytest

from polyaxon_airflow.cli.queues.live import PAGE
from polyaxon_airflow.cli.queues.why import why
from polyaxon_airflow.queues.reading import read_queues

QUEUES = read_queues("agents: [{name: lab, queues: [{name: gpu, concurrency: 1}]}]")


class Airflow:
    """Answers as its API does, a page at a time."""

    def __init__(self, *instances, run="running", paused=False):
        self.instances, self.run, self.paused = instances, run, paused

    def get(self, path, **query):
        if path.endswith("/taskInstances"):
            start = query["offset"]
            page = self.instances[start : start + min(query["limit"], PAGE)]
            return {"task_instances": page, "total_entries": len(self.instances)}
        return {"state": self.run} if "/dagRuns/" in path else {"is_paused": self.paused}


def task(state, task_id="t", map_index=-1, pool="default_pool", operator="RunOperator"):
    return {"task_id": task_id, "map_index": map_index, "state": state, "pool": pool, "operator": operator}


TRIALS = [task("scheduled", "search.trial", index) for index in range(150)]


@pytest.mark.parametrize(
    ("airflow", "asked", "sentence"),
    [
        pytest.param(Airflow(run="success"), None, "the run has ended: success", id="a run that has ended"),
        pytest.param(Airflow(paused=True), None, "DAG d is paused", id="a paused DAG"),
        pytest.param(Airflow(run="queued"), None, "the run itself is queued: DAG d has as many active runs as its max_active_runs allows", id="a queued run"),
        pytest.param(Airflow(*TRIALS), "search.trial[149]", "search.trial[149]: it waits in pool default_pool, which is no queue of the queues file", id="the last of many"),
        pytest.param(Airflow(*TRIALS), "search.trial[150]", "there is no task search.trial[150] in this run", id="no such task"),
        pytest.param(Airflow(task("success"), task("failed", "u")), None, "no task of this run waits", id="all have ended"),
        pytest.param(Airflow(task("success"), task("failed", "u")), "u", "u: it has ended: failed", id="one that has ended"),
        pytest.param(
            Airflow(task("success"), task("running", "u"), task("up_for_reschedule", "v")), None,
            "v: a dag around it has as many runs as its concurrency allows; it tries again when one may have ended",
            id="one that waits before those that run and have ended",
        ),
        pytest.param(Airflow(task("success"), task(None, "u")), None, "u: it waits for the tasks before it", id="one that waits for others"),
    ],
)  # fmt: skip
def test_the_sentence(airflow, asked, sentence):
    assert why(airflow, QUEUES, "d", "r", asked) == sentence
