"""Show a sweep: its leaderboard and how far it is, live while it goes on."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from polyaxon_airflow.cli.runs import add_store_argument, opened
from polyaxon_airflow.compiler import CompiledOperation
from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.tuning.result import leaderboard_table
from polyaxon_airflow.tuning.sweep import ENDED, Sweep

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from polyaxon_airflow.store import Run, RunStore
    from polyaxon_airflow.tuning.sweep import Row

WIDTH = 30  # characters of the progress bar


def add_arguments(parser: ArgumentParser) -> None:
    """`sweep show DAG_ID RUN_ID [TASK_GROUP]`."""
    parser.add_argument("action", choices=("show",))
    parser.add_argument("dag_id")
    parser.add_argument("run_id", help="the dag run")
    parser.add_argument("task_group", nargs="?", help="the sweep, where the dag has several")
    parser.add_argument("--watch", action="store_true", help="draw it again until it has ended")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two looks (default: 1)")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    add_store_argument(parser)


def run(args: Namespace) -> int:
    """Exit 0, or 1 if there is no such sweep."""
    with opened(args) as store:
        drawn = 0
        while True:
            run_of_sweep = find(store, args.dag_id, args.run_id, args.task_group)
            text = shown(store, run_of_sweep, args.format)
            drawn = _draw(text, drawn if args.watch else 0)
            if not args.watch or run_of_sweep.status in ENDED:
                return 0
            time.sleep(args.interval)


def find(store: RunStore, dag_id: str, run_id: str, group: str | None) -> Run:
    """The run that a sweep is. Raises StoreError, naming those that there are."""
    sweeps = [run for run in store.runs.of_dag_run(dag_id, run_id) if run.kind == "matrix"]
    names = {str(run.task_id).rpartition(".")[0]: run for run in sweeps}
    if group is None and len(names) == 1:
        return next(iter(names.values()))
    if group not in names:
        known = ", ".join(sorted(names)) or "none"
        raise StoreError(f"no such sweep in run {run_id} of {dag_id}; sweeps that have begun: {known}")
    return names[group]


def shown(store: RunStore, run: Run, form: str) -> str:
    """A sweep as text or JSON."""
    content = store.runs.get(run.uuid)
    assert content is not None  # noqa: S101 - `find` has just found it
    sweep = Sweep(run.uuid, CompiledOperation.from_dict(dict(content.content or {})), store)
    rows, total = sweep.leaderboard(), sweep.matrix.trials()
    if form == "json":
        return json.dumps(
            {
                "uuid": run.uuid,
                "status": run.status,
                "reason": run.reason,
                "planned": total,
                "trials": [asdict(r) for r in rows],
            },
            indent=2,
        )
    metric = sweep.objective.metric if sweep.objective else "value"
    return f"{progress(rows, total, run)}\n\n{leaderboard_table(rows, metric)}"


def progress(rows: list[Row], total: int | None, run: Run) -> str:
    """One line: a bar, numbers, the status with its reason."""
    ended = sum(row.state in ENDED for row in rows)
    planned = max(total or 0, len(rows))
    filled = WIDTH * ended // max(planned, 1)
    bar = "#" * filled + "." * (WIDTH - filled)
    reason = f": {run.reason}" if run.reason else ""
    return f"  [{bar}] {ended}/{planned} trials ended, {len(rows) - ended} running, {run.status}{reason}"


def _draw(text: str, drawn: int) -> int:
    if drawn and sys.stdout.isatty():
        print(f"\033[{drawn}A\033[J", end="")
    print(text, flush=True)
    return text.count("\n") + 1
