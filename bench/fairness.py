"""Fair shares on a real scheduler: PostgreSQL, LocalExecutor, hand-written DAGs of sleeping tasks (N20, N21, N22, N25).

    make bench NAME=fairness

Each scenario runs in a queue (`lab.gpu`: the fair weights and the queue keeper) and in a plain pool of the same size
(`plain`: Airflow as it comes), one after the other on the same Airflow. What is measured is read from Airflow's
database: a task holds its slot from `queued_dttm` to `end_date`. One round takes about a quarter of an hour.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

import psycopg

from polyaxon_airflow.embedded import EmbeddedAirflow
from tests import postgresql

SLOTS = 4
SECONDS = 12  # that a task sleeps
ROUNDS = 6  # of SLOTS tasks, in which sweeps that compete are watched
RESULTS = Path(__file__).parent / "results" / "fairness.json"

QUEUES = f"""
agents: [{{name: lab, queues: [{{name: gpu, concurrency: {SLOTS}}}]}}]
fairness: {{weights: {{heavy_fair: 3}}}}
"""
DAGS = f"""
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

FAIR = {{"pool": "lab.gpu", "weight_rule": "polyaxon_airflow.operators.priority.FairShare"}}
PLAIN = {{"pool": "plain", "weight_rule": "absolute"}}
SIZES = {{"big": 400, "heavy": 120, "one": 1, **{{f"small{{i}}": 40 for i in range(4)}}}}

for kind, where in (("fair", FAIR), ("plain", PLAIN)):
    for name, size in SIZES.items():
        with DAG(f"{{name}}_{{kind}}", schedule=None, catchup=False, max_active_tasks=1000):
            BashOperator.partial(task_id="trial", **where).expand(bash_command=["sleep {SECONDS}"] * size)
"""


class Span(NamedTuple):
    """A task instance, in seconds of the epoch."""

    dag: str
    came: float
    start: float | None  # when it took its slot
    end: float | None


class Bench:
    """One Airflow; `client` and `database` speak to it."""

    def __init__(self, airflow, database):
        self.client = airflow.client()
        self.database = database

    def trigger(self, *dags):
        """Start runs of DAGs, the first one first: with logical dates, as scheduled runs have them."""
        return [
            (dag, self.client.trigger(dag, logical_date=datetime.now(timezone.utc).isoformat()))
            for dag in dags
        ]

    def spans(self, runs):
        rows = self.database.execute(
            "SELECT dag_id, scheduled_dttm, queued_dttm, end_date, state FROM task_instance"
            " WHERE run_id = ANY(%s) AND scheduled_dttm IS NOT NULL",
            [[run_id for _, run_id in runs]],
        ).fetchall()
        return [
            Span(
                dag,
                came.timestamp(),
                _epoch(queued),
                _epoch(end) if state not in ("running", "queued") else None,
            )
            for dag, came, queued, end, state in rows
        ]

    def wait(self, runs, until, patience=600):
        """The spans, once they satisfy `until`."""
        for _ in range(patience):
            spans = self.spans(runs)
            if spans and until(spans):
                return spans
            time.sleep(1)
        raise TimeoutError(runs)

    def clear_up(self, runs):
        """End runs for good, so that the next scenario has the pool to itself."""
        for dag, run_id in runs:
            path = f"/dags/{dag}/dagRuns/{run_id.replace('+', '%2B').replace(':', '%3A')}"
            self.client.patch(path, {"state": "failed"}, update_mask="state")
        self.wait(runs, lambda spans: all(span.end or not span.start for span in spans))
        self.database.execute("UPDATE task_instance SET state = 'failed' WHERE state = 'scheduled'")


def sharing(bench, kind, count):
    """N20: one sweep of 400 and others of 40 at once."""
    dags = [f"big_{kind}", *(f"small{i}_{kind}" for i in range(count - 1))]
    runs = bench.trigger(*dags)
    spans = bench.wait(
        runs, lambda s: len({span.dag for span in s}) == count and starts(s) >= ROUNDS * SLOTS + 2 * count
    )
    bench.clear_up(runs)
    shares = shares_of(spans, *contention(spans))
    values = [shares.get(dag, 0.0) for dag in dags]
    jain = sum(values) ** 2 / (count * sum(value * value for value in values))
    return {"jain": jain, "shares": shares, "idle": idle(spans), "gap": gap(spans)}


def weights(bench, kind):
    """N20: two sweeps, the first of weight 3, of which a plain pool knows nothing."""
    dags = [f"heavy_{kind}", f"big_{kind}"]
    runs = bench.trigger(*dags)
    spans = bench.wait(runs, lambda s: starts(s) >= ROUNDS * SLOTS)
    bench.clear_up(runs)
    shares = shares_of(spans, *contention(spans))
    return {
        "off": abs(shares.get(dags[0], 0.0) - 0.75),
        "shares": shares,
        "idle": idle(spans),
        "gap": gap(spans),
    }


def single(bench, kind):
    """N21: a task behind a sweep of 400; how many task lengths until it starts (watched for a minute)."""
    runs = bench.trigger(f"big_{kind}")
    bench.wait(runs, lambda s: starts(s) >= 2 * SLOTS)
    one = f"one_{kind}"
    runs += bench.trigger(one)
    came = time.time()
    spans = bench.wait(runs, lambda s: starts(s, one) or time.time() - came > 60)
    bench.clear_up(runs)
    span = next(span for span in spans if span.dag == one)
    length = statistics.mean(span.end - span.start for span in spans if span.start and span.end)
    waited = (span.start or time.time()) - span.came
    return {
        "task_lengths": waited / length,
        "seconds": waited,
        "started": span.start is not None,
        "idle": idle(spans),
        "gap": gap(spans),
    }


def late(bench, kind):
    """N22: a sweep of 40 comes when one of 400 has been going for a while; both shares while both wait."""
    runs = bench.trigger(f"big_{kind}")
    bench.wait(runs, lambda s: starts(s) >= 2 * SLOTS)
    small = f"small0_{kind}"
    runs += bench.trigger(small)
    spans = bench.wait(
        runs, lambda s: len({span.dag for span in s}) == 2 and starts(s) >= (2 + ROUNDS) * SLOTS
    )
    bench.clear_up(runs)
    since, until = contention(spans)
    shares = shares_of(spans, since + SECONDS, until)  # slots change hands as tasks end: one task's length
    return {
        "old": shares.get(f"big_{kind}", 0.0),
        "late": shares.get(small, 0.0),
        "idle": idle(spans),
        "gap": gap(spans),
    }


SCENARIOS = {
    "two sweeps": lambda bench, kind: sharing(bench, kind, 2),
    "five sweeps": lambda bench, kind: sharing(bench, kind, 5),
    "weights 3:1": weights,
    "late single task": single,
    "late sweep": late,
}


def starts(spans, dag=None):
    return sum(span.start is not None and dag in (None, span.dag) for span in spans)


def contention(spans):
    """From when all sweeps were there until one of them had nothing waiting (or now)."""
    dags = {span.dag for span in spans}
    now = time.time()
    since = max(min(span.came for span in spans if span.dag == dag) for dag in dags)
    until = min(max(span.start or now for span in spans if span.dag == dag) for dag in dags)
    return since, until


def shares_of(spans, since, until):
    """Each sweep's part of the slot-seconds between two moments."""
    used = {}
    for span in spans:
        if span.start is not None:
            held = min(span.end or until, until) - max(span.start, since)
            used[span.dag] = used.get(span.dag, 0.0) + max(0.0, held)
    return {dag: seconds / sum(used.values()) for dag, seconds in used.items()}


def idle(spans):
    """N25: the part of the slots that was free while tasks waited, once the first SLOTS tasks had started."""
    starts = sorted(span.start for span in spans if span.start is not None)
    since, until = starts[SLOTS - 1], starts[-1]
    used = sum(
        max(0.0, min(s.end or until, until) - max(s.start, since)) for s in spans if s.start is not None
    )
    return 1 - used / (SLOTS * (until - since))


def gap(spans):
    """Seconds that a slot is free between two tasks, the median: what `idle` comes of."""
    starts = sorted(span.start for span in spans if span.start is not None)
    ends = sorted(span.end for span in spans if span.start is not None and span.end is not None)
    return statistics.median(start - end for end, start in zip(ends, starts[SLOTS:], strict=False))


def _epoch(moment):
    return moment.timestamp() if moment else None


def summary(results):
    """Medians and ranges of the numbers of each scenario, by kind."""
    found = {}
    for result in results:
        for name, value in result.items():
            if isinstance(value, float):
                found.setdefault(f"{result['scenario']}: {name}, {result['kind']}", []).append(value)
    return {
        name: {"median": statistics.median(values), "min": min(values), "max": max(values)}
        for name, values in found.items()
    }


TABLE = (
    ("Jain's index of two sweeps, of 400 and of 40 tasks (N20)", "two sweeps: jain"),
    ("of five sweeps, of 400 and of 40 tasks (N20)", "five sweeps: jain"),
    ("weights 3:1, off the share that is due by (N20)", "weights 3:1: off"),
    (
        "a single task behind a sweep of 400: task lengths until it starts (N21)",
        "late single task: task_lengths",
    ),
    ("a sweep of 40 that comes late: the share of the old one while both wait (N22)", "late sweep: old"),
    ("part of the slots that is idle while tasks wait (N25): two sweeps", "two sweeps: idle"),
    ("five sweeps", "five sweeps: idle"),
    ("weights 3:1", "weights 3:1: idle"),
    ("a single task behind a sweep", "late single task: idle"),
    ("a late sweep", "late sweep: idle"),
    ("seconds from the end of a task to the next one's start, five sweeps", "five sweeps: gap"),
)


def table(kept):
    """The numbers of a results file as docs/queues.md shows them: medians, in a queue and in a plain pool."""
    lines = ["| | queue | plain pool |", "|---|---|---|"]
    for label, name in TABLE:
        numbers = (_number(name, kind, kept) for kind in ("fair", "plain"))
        lines.append(f"| {label} | {' | '.join(numbers)} |")
    return "\n".join(lines)


def _number(name, kind, kept):
    scenario, _, number = name.partition(": ")
    never = number == "task_lengths" and not all(
        each["started"] for each in kept["results"] if (each["scenario"], each["kind"]) == (scenario, kind)
    )
    median = kept["summary"][f"{name}, {kind}"]["median"]
    return f"more than {median:.0f}" if never else f"{median:.2f}"


def measured(bench, repeats, names):
    for repeat in range(repeats):
        for name in names:
            for kind in ("fair", "plain") if repeat % 2 == 0 else ("plain", "fair"):
                result = SCENARIOS[name](bench, kind)
                print(f"{repeat} {name} {kind}: {json.dumps(result)}", flush=True)
                yield {"scenario": name, "kind": kind, "repeat": repeat, **result}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--only", choices=list(SCENARIOS), nargs="*", default=list(SCENARIOS))
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgresql.server() as server:
        dags = Path(folder) / "dags"
        dags.mkdir()
        (dags / "sweeps.py").write_text(DAGS)
        (dags / "queues.yaml").write_text(QUEUES)
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE airflow")
        url = f"{server}/airflow"
        settings = {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url.replace("://", "+psycopg2://"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": url.replace("://", "+psycopg://"),
            "AIRFLOW__CORE__PARALLELISM": "16",
            "AIRFLOW__POLYAXON__AUTO_BUNDLE": "False",
        }
        airflow = EmbeddedAirflow(Path(folder) / "home", dags, settings=settings)
        with airflow, psycopg.connect(url, autocommit=True) as database:
            bench = Bench(airflow, database)
            bench.client.post("/pools", {"name": "plain", "slots": SLOTS})
            _wait_for_dags(bench.client)
            results = []
            for result in measured(bench, arguments.repeats, arguments.only):
                results.append(result)
                arguments.output.write_text(json.dumps(report(results), indent=1) + "\n")


def report(results):
    """What is kept: when and on what it was measured, the medians, and every single result."""
    return {
        "taken": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "slots": SLOTS,
        "seconds": SECONDS,
        "summary": summary(results),
        "results": results,
    }


def _wait_for_dags(client):
    for _ in range(120):
        if client.get("/dags", limit=1)["total_entries"] >= 14:
            return
        time.sleep(1)
    raise TimeoutError(client.get("/importErrors"))


if __name__ == "__main__":
    main()
