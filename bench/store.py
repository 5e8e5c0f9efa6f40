"""The run store with 100,000 runs, and with a sweep of 5,000 trials of 100 steps: ms of each question.

Of 20 runs all is read, as `runs ls` does; of 1,000 their outputs, as a join does.

Wall is what a quiet machine would wait; CPU, of this process and of the server's, is what a busy one can compare.

    python bench/store.py [--runs 100000] [--trials 5000] [--url postgresql://...]

Without --url it starts a PostgreSQL of its own (see tests/postgresql.py) and makes an SQLite file, and asks both.
Writes bench/results/store.json.
"""

import argparse
import json
import math
import os
import random
import statistics
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path

from sqlalchemy import insert, text

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from polyaxon_airflow.execution.references import fields_read  # noqa: E402
from polyaxon_airflow.store import Point, Run, open_store, schema  # noqa: E402
from polyaxon_airflow.store.metrics import _pack  # noqa: E402
from polyaxon_airflow.store.rows import COLUMNS  # noqa: E402
from polyaxon_airflow.store.values import key_of, searchable  # noqa: E402
from tests import postgresql  # noqa: E402

NOW = datetime(2026, 7, 1, tzinfo=timezone.utc)
SWEEPS = 200  # so many sweeps share the runs
JOINS = {
    "a sweep's trials with a metric (Polyaxon's own join)": (
        f"pipeline:{5:032x}, metrics.loss:~nil, status:succeeded",
        "metrics.loss",
    ),
    "the best of a project": ("status:succeeded, metrics.acc:>0.99", "-metrics.acc"),
    "few of many by two values": ("metrics.loss:<0.01, params.optimizer:adam", "-metrics.acc"),
    "half of all, best first": ("status:succeeded, metrics.loss:<0.5", "metrics.loss"),
    "a tag among recent runs": ("tags:rare, created_at:last_week", "-created_at"),
    "an OR over three tables": ("tags:rare OR metrics.acc:>0.999 OR params.lr:<0.0001", "-updated_at"),
    "the last runs": (None, None),
    "a name": ("name:%train-9999%", None),
    "a negation": ("params.optimizer:~adam, status:failed", "-updated_at"),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--trials", type=int, default=5_000)
    parser.add_argument("--url")
    options = parser.parse_args()
    if options.url:
        results = {"given": measure(options.url, options)}
    else:
        with tempfile.TemporaryDirectory() as folder, postgresql.server() as server:
            results = {
                "postgresql": measure(f"{server}/postgres", options),
                "sqlite": measure(f"sqlite:///{folder}/store.db", options),
            }
    path = HERE / "results" / "store.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        json.dumps({"runs": options.runs, "trials": options.trials, "ms": results}, indent=2) + "\n"
    )


def measure(url, options):
    with open_store(url) as store:
        alone(store)
        fill(store, options.runs)
        fill_sweep(store, options.runs, options.trials)
        results = {}
        for limit, fields in ((20, None), (1000, fields_read(["outputs.loss"]))):  # `runs ls`, and a join
            for name, (query, sort) in JOINS.items():
                results[f"{name}, {limit} at most"] = timed(
                    store,
                    lambda query=query, sort=sort, limit=limit, fields=fields: store.runs.find(
                        query, at=NOW, sort=sort, limit=limit, fields=fields
                    ),
                )
        sweep = f"{options.runs + 1:032x}"
        known = store.metrics.curves(sweep, "loss")
        results["all curves of the sweep"] = timed(store, lambda: store.metrics.curves(sweep, "loss"))
        results["its curves again, one of them grown"] = timed(store, lambda: grown(store, sweep, known))
        results["one point logged"] = timed(store, lambda: log(store, known[0].run, 1), 50)
        results["100 points logged"] = timed(store, lambda: log(store, known[0].run, 100), 50)
        for name, took in results.items():
            print(
                f"wall {took['wall']:7.1f} ±{took['spread']:5.1f}   cpu {took['cpu']:7.1f}   "
                f"{store.database.engine.dialect.name:10}  {name}",
                flush=True,
            )
        return results


def timed(store, action, repeats=9):
    """Wall: median and half the spread of the middle half. CPU: mean, the server's to 10 ms in all repeats."""
    action()
    times = []
    cpu = time.process_time() + server_cpu(store)
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    cpu = time.process_time() + server_cpu(store) - cpu
    quarters = statistics.quantiles(times, n=4)
    return {
        "wall": round(statistics.median(times), 2),
        "spread": round((quarters[2] - quarters[0]) / 2, 2),
        "cpu": round(cpu / repeats * 1000, 2),
    }


def server_cpu(store):
    """Seconds that the server's process for our one connection has used; it shares its work with no other."""
    if store.database.engine.dialect.name == "sqlite":
        return 0.0
    with store.database.read() as connection:
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # a server elsewhere
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def grown(store, sweep, known):
    log(store, known[len(known) // 2].run, 1)
    return store.metrics.curves(sweep, "loss", known)


def log(store, uuid, number):
    now = time.time()
    store.metrics.log(uuid, [Point("loss", 1000 + step, 0.5, now) for step in range(number)], at=NOW)


def fill(store, runs):
    rows = (random_run(number) for number in range(1, runs + 1))
    while chunk := list(islice(rows, 5000)):
        write(store, chunk)
    analyze(store)


def random_run(number):
    dice = random.Random(number)
    created = NOW - timedelta(minutes=dice.randrange(60 * 24 * 365))
    return Run(
        uuid=f"{1_000_000 + number:032x}",
        name=f"train-{number}",
        created_at=created,
        updated_at=created + timedelta(hours=1),
        finished_at=created + timedelta(hours=1),
        project="vision",
        pipeline=f"{number % SWEEPS:032x}",
        trial_index=number // SWEEPS,
        status=dice.choices(["succeeded", "failed", "stopped"], [8, 1, 1])[0],
        kind="job",
        inputs={
            "lr": 10 ** dice.uniform(-5, 0),
            "optimizer": dice.choice(["adam", "sgd", "rmsprop"]),
            "layers": dice.randrange(1, 9),
        },
        outputs={"loss": dice.random(), "acc": dice.random(), "model": f"/models/{number}.pt"},
        meta={"iteration": number % 5},
        tags=("all", "rare") if number % 500 == 0 else ("all",),
        content={"run": {"kind": "job", "container": {"args": ["x" * 80] * 20}}},
    )


def write(store, runs):
    """As `begin` writes them, many at once."""
    with store.database.write() as connection:
        rows = [{column.name: getattr(run, column.name) for column in COLUMNS} for run in runs]
        connection.execute(insert(schema.run), rows)
        uuids = {run.uuid: run for run in runs}
        query = text("SELECT id, uuid FROM plx_run ORDER BY id DESC LIMIT :many")
        ids = {row.uuid: row.id for row in connection.execute(query, {"many": len(runs)})}
        values = [
            {"run_id": ids[uuid], "key": key_of(section, name), **searchable(value)}
            for uuid, run in uuids.items()
            for section in ("inputs", "outputs", "meta")
            for name, value in getattr(run, section).items()
        ]
        connection.execute(insert(schema.value), values)
        contents = [{"run_id": ids[uuid], "content": run.content or {}} for uuid, run in uuids.items()]
        connection.execute(insert(schema.content), contents)
        labels = [
            {"run_id": ids[uuid], "section": "tags", "name": tag}
            for uuid, run in uuids.items()
            for tag in run.tags
        ]
        connection.execute(insert(schema.label), labels)


def fill_sweep(store, runs, trials):
    sweep = f"{runs + 1:032x}"
    for start in range(0, trials, 1000):
        write(
            store,
            [
                Run(
                    uuid=f"{5_000_000 + number:032x}",
                    name="trial",
                    created_at=NOW,
                    updated_at=NOW,
                    project="sweeps",
                    pipeline=sweep,
                    trial_index=number,
                    inputs={"lr": 0.1},
                    outputs={"loss": 0.5},
                    tags=("trial",),
                )
                for number in range(start, min(trials, start + 1000))
            ],
        )
    packed = _pack([(step, math.exp(-step / 30), NOW.timestamp()) for step in range(100)])
    with store.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO plx_curve (run_id, name, revision) "
                "SELECT id, 'loss', 0 FROM plx_run WHERE pipeline = :sweep"
            ),
            {"sweep": sweep},
        )
        ids = [row.id for row in connection.execute(text("SELECT id FROM plx_curve"))]
        connection.execute(
            insert(schema.segment),
            [{"curve_id": curve, "number": 0, "try_number": 1, "points": packed} for curve in ids],
        )
    analyze(store)


def alone(store):
    """No parallel workers of PostgreSQL: their time would not be ours to see."""
    if store.database.engine.dialect.name == "postgresql":
        name = store.database.url.database
        with store.database.write() as connection:
            connection.execute(text(f'ALTER DATABASE "{name}" SET max_parallel_workers_per_gather = 0'))
        store.database.close()


def analyze(store):
    """What PostgreSQL's autovacuum does by itself within a minute."""
    with store.database.write() as connection:
        connection.execute(text("ANALYZE"))


if __name__ == "__main__":
    main()
