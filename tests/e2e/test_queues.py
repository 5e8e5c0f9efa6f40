"""Queues on a real Airflow: PostgreSQL, LocalExecutor, hand-written DAGs of sleeping tasks."""

import os
import signal
import subprocess
import time
from datetime import datetime, timezone
from itertools import pairwise

import psycopg
import pytest

from polyaxon_airflow.cli import main
from polyaxon_airflow.embedded import EmbeddedAirflow
from polyaxon_airflow.rest import ApiError, run_path
from tests import postgresql

pytestmark = [pytest.mark.e2e, pytest.mark.postgres, pytest.mark.slow]  # six minutes

QUEUES = """
agents:
  - name: lab
    queues:
      - {name: gpu, concurrency: 2}
      - {name: old, concurrency: 1}
"""
JOB = "name: {name}\nkind: component\nqueue: {queue}\nrun: {{kind: job, container: {{image: busybox, command: ['true']}}}}\n"
WITHOUT_OLD = QUEUES.replace("      - {name: old, concurrency: 1}\n", "")
DAGS = """
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

RULE = "polyaxon_airflow.operators.priority.FairShare"
for name, size, seconds, pool, more in [
    ("sweep", 60, 5, "lab.gpu", {}), ("late", 30, 5, "lab.gpu", {}), ("single", 1, 1, "lab.gpu", {}),
    ("sequential", 4, 1, "lab.gpu", {"max_active_tis_per_dagrun": 1}), ("leaving", 2, 15, "lab.old", {}),
]:
    with DAG(name, schedule=None, catchup=False, max_active_tasks=100):
        BashOperator.partial(task_id="trial", pool=pool, weight_rule=RULE, **more).expand(
            bash_command=[f"sleep {seconds}"] * size)
with DAG("failing", schedule=None, catchup=False, max_active_tasks=100):
    first = "test {{ ti.try_number }} = 2"
    BashOperator.partial(task_id="trial", pool="lab.gpu", weight_rule=RULE, retries=1, retry_delay=1).expand(
        bash_command=[first, *["sleep 4"] * 30])
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    if reason := postgresql.why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("queues")
    dags = folder / "dags"
    dags.mkdir()
    (dags / "sweeps.py").write_text(DAGS)
    (dags / "queues.yaml").write_text(QUEUES)
    (dags / "job.yaml").write_text(JOB.format(name="job", queue="gpu"))
    (dags / "lost.yaml").write_text(JOB.format(name="lost", queue="tpu"))
    with postgresql.server() as server:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE airflow")
        url = f"{server}/airflow"
        settings = {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url.replace("://", "+psycopg2://"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": url.replace("://", "+psycopg://"),
            "AIRFLOW__POLYAXON__REFRESH_INTERVAL": "2",
        }
        airflow = EmbeddedAirflow(folder / "home", dags, settings=settings)
        with airflow, psycopg.connect(url, autocommit=True) as database:
            lab = Lab(airflow, database, dags / "queues.yaml")
            lab.until(lambda: airflow.client().get("/dags", limit=1)["total_entries"] == 7)
            yield lab


class Lab:
    """An Airflow, its database and its queues file."""

    def __init__(self, airflow, database, file):
        self.airflow, self.database, self.file = airflow, database, file
        self.client = airflow.client()

    def trigger(self, dag):
        return self.client.trigger(dag, logical_date=datetime.now(timezone.utc).isoformat())

    def until(self, condition, patience=120.0):
        for _ in range(int(patience / 0.5)):
            if value := condition():
                return value
            time.sleep(0.5)
        raise TimeoutError(self.client.get("/dags", limit=50)["dags"], self.client.get("/importErrors"))

    def tasks(self, run_id, state=None):
        """Map index, start of the slot, end."""
        rows = self.database.execute(
            "SELECT map_index, queued_dttm, end_date, state FROM task_instance WHERE run_id = %s ORDER BY queued_dttm",
            [run_id],
        ).fetchall()
        return [(index, start, end) for index, start, end, found in rows if state in (None, found) and start]

    def slots_held(self, run_id):
        query = "SELECT count(*) FROM task_instance WHERE run_id = %s AND state IN ('queued', 'running')"
        (count,) = self.database.execute(query, [run_id]).fetchone()
        return count

    def pools(self, run_id):
        rows = self.database.execute("SELECT pool FROM task_instance WHERE run_id = %s", [run_id])
        return [pool for (pool,) in rows]

    def end(self, dag, run_id):
        self.client.patch(run_path(dag, run_id), {"state": "failed"}, update_mask="state")
        self.database.execute(
            "UPDATE task_instance SET state = 'failed' WHERE run_id = %s AND state = 'scheduled'", [run_id]
        )
        self.until(lambda: not self.tasks(run_id, "running"))

    def set_slots(self, count):
        """As an admin does in the UI."""
        self.client.patch("/pools/lab.gpu", {"pool": "lab.gpu", "slots": count, "include_deferred": True})

    def command(self, *words):
        os.environ["AIRFLOW_PASSWORD"] = self.airflow.password
        return main(
            ["queues", *words, "--file", str(self.file), "--url", self.airflow.url, "--user", "admin"]
        )

    def keepers(self):
        """Process ids of queue keepers below this scheduler."""
        found = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.airflow.pid("scheduler"))], capture_output=True, text=True,
            check=False,
        ).stdout  # fmt: skip
        return [int(line.split()[0]) for line in found.splitlines() if "polyaxon_airflow.keeper" in line]


def test_the_scheduler_makes_the_pools(lab):
    pools = lab.until(lambda: {p["name"]: p["slots"] for p in lab.client.get("/pools")["pools"]})
    assert pools == {"default_pool": 128, "lab.gpu": 2, "lab.old": 1}


def test_a_polyaxonfile_with_an_unknown_queue_is_an_import_error(lab):
    (error,) = lab.until(lambda: lab.client.get("/importErrors")["import_errors"])
    assert "lost.yaml:3:8: unknown queue 'tpu'; known: lab/gpu, lab/old" in error["stack_trace"]


def test_a_run_can_be_sent_to_another_queue(lab):
    run_id = lab.client.trigger("job", {"queue": "lab/old"})
    lab.until(lambda: lab.tasks(run_id, "success"))
    assert lab.pools(run_id) == ["lab.old"]
    own = lab.client.trigger("job")
    lab.until(lambda: lab.tasks(own, "success"))
    assert lab.pools(own) == ["lab.gpu"]
    with pytest.raises(ApiError, match="not one of"):
        lab.client.trigger("job", {"queue": "lab/tpu"})


def test_a_flood_of_tasks_in_one_queue_does_not_starve_another(lab):
    """Airflow issue 45636: of a full pool's tasks the scheduler reads `max_tis_per_query` (16) at a time."""
    sweep = lab.trigger("sweep")
    lab.until(lambda: len(lab.tasks(sweep)) >= 3)
    other = lab.trigger("leaving")
    lab.until(lambda: lab.tasks(other, "running"))
    assert len(lab.tasks(sweep)) < 20
    lab.end("leaving", other)
    lab.end("sweep", sweep)


def test_apply_is_idempotent_and_deletes_no_pool_in_use(lab, capsys):
    assert lab.command("apply") == 0
    assert capsys.readouterr().out == "nothing to do\n"
    lab.set_slots(1)
    lab.command("apply")
    assert capsys.readouterr().out == "~ lab.gpu: 1 slot -> 2 slots\n1 changed\n"
    run_id = lab.trigger("leaving")
    lab.until(lambda: lab.tasks(run_id, "running"))
    lab.file.write_text(WITHOUT_OLD)
    lab.command("apply")
    assert capsys.readouterr().out.startswith(
        "! lab.old: 1 slot; in use, so it stays until its tasks have ended"
    )
    lab.end("leaving", run_id)
    lab.command("apply")
    assert capsys.readouterr().out == "- lab.old: 1 slot\n1 changed\n"
    assert {pool["name"] for pool in lab.client.get("/pools")["pools"]} == {"default_pool", "lab.gpu"}


def test_late_ones_neither_wait_nor_starve_and_the_reason_is_told(lab, capsys):
    old = lab.trigger("sweep")
    lab.until(lambda: len(lab.tasks(old)) >= 8)
    single = lab.trigger("single")
    lab.until(lambda: lab.tasks(single, "success"))
    late = lab.trigger("late")
    lab.until(lambda: len(lab.tasks(late)) >= 2)
    before = len(lab.tasks(old)), len(lab.tasks(late))
    lab.until(lambda: len(lab.tasks(late)) >= before[1] + 10)
    assert abs((len(lab.tasks(old)) - before[0]) - 10) <= 2

    lab.command("why", "late", late)
    sentence = capsys.readouterr().out
    assert "in queue lab/gpu: 2 of 2 slots are taken by" in sentence
    assert "your share is 50%, of the last hour you had" in sentence
    lab.command("top", "--once")
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert rows[0][:3] == ["lab/gpu", "2", "2"]
    assert {row[-5] for row in rows} == {"sweep.trial", "late.trial"}
    note = lab.until(lambda: lab.database.execute("SELECT content FROM task_instance_note").fetchall())
    assert note[0][0].startswith("Waiting: ")
    lab.end("late", late)
    lab.end("sweep", old)


def test_a_single_task_behind_a_sweep_starts_within_two_task_lengths(lab):
    sweep = lab.trigger("sweep")
    lab.until(lambda: len(lab.tasks(sweep)) >= 6)
    single = lab.trigger("single")
    lab.until(lambda: lab.tasks(single, "success"))
    ((_, start, _),) = lab.tasks(single)
    (came,) = lab.database.execute(
        "SELECT scheduled_dttm FROM task_instance WHERE run_id = %s", [single]
    ).fetchone()
    lengths = [(end - start).total_seconds() for _, start, end in lab.tasks(sweep, "success")]
    lab.end("sweep", sweep)
    assert (start - came).total_seconds() <= 2 * sum(lengths) / len(lengths)


def test_a_trial_that_is_cleared_comes_before_those_after_it(lab):
    run_id = lab.trigger("sweep")
    lab.until(lambda: len(lab.tasks(run_id, "success")) >= 4)
    body = {"dry_run": False, "task_ids": [["trial", 1]], "dag_run_id": run_id, "only_failed": False}
    lab.client.post("/dags/sweep/clearTaskInstances", body)
    lab.until(lambda: 1 in [index for index, _, _ in lab.tasks(run_id, "running")])
    lab.end("sweep", run_id)


def test_a_trial_that_is_tried_again_comes_before_those_after_it(lab):
    run_id = lab.trigger("failing")
    lab.until(lambda: 0 in [index for index, _, _ in lab.tasks(run_id, "success")])
    assert max(index for index, _, _ in lab.tasks(run_id)) < 12
    lab.end("failing", run_id)


def test_concurrency_one_is_strictly_one_after_the_other(lab):
    run_id = lab.trigger("sequential")
    lab.until(lambda: len(lab.tasks(run_id, "success")) == 4)
    tasks = lab.tasks(run_id)
    assert [index for index, _, _ in tasks] == [0, 1, 2, 3]
    assert all(end <= start for (_, _, end), (_, start, _) in pairwise(tasks))


def test_editing_the_pool_works_at_once_on_a_running_sweep(lab):
    run_id = lab.trigger("sweep")
    lab.until(lambda: lab.slots_held(run_id) == 2)
    lab.set_slots(4)
    lab.until(lambda: lab.slots_held(run_id) == 4)
    lab.set_slots(1)
    lab.until(lambda: lab.slots_held(run_id) == 1)
    lab.set_slots(2)
    lab.end("sweep", run_id)


def test_a_keeper_that_died_is_started_again_and_after_a_restart_of_the_scheduler_shares_go_on(lab):
    (keeper,) = lab.keepers()
    os.kill(keeper, signal.SIGKILL)
    run_id = lab.trigger("sequential")
    another = lab.until(lambda: [pid for pid in lab.keepers() if pid != keeper])
    lab.until(lambda: len(lab.tasks(run_id, "success")) == 4)
    old, late = lab.trigger("sweep"), lab.trigger("late")
    lab.until(lambda: len(lab.tasks(old)) >= 3 and len(lab.tasks(late)) >= 3)
    os.kill(lab.airflow.pid("scheduler"), signal.SIGKILL)
    lab.until(lambda: not _lives(another[0]))
    lab.airflow.start_component("scheduler")
    assert len(lab.until(lab.keepers)) == 1
    before = len(lab.tasks(old)), len(lab.tasks(late))
    lab.until(lambda: len(lab.tasks(late)) >= before[1] + 6, patience=240)
    assert abs((len(lab.tasks(old)) - before[0]) - 6) <= 3
    lab.end("late", late)
    lab.end("sweep", old)


def _lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
