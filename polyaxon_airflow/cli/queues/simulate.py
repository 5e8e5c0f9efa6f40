"""Replay a workload in virtual time: who would have waited how long, and had which share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.queues.workload import play, read_workload
from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    import argparse

    from polyaxon_airflow.queues.outcome import FlowOutcome

HEAD = ("sweep", "queue", "tasks", "had / due", "mean wait", "longest wait", "end")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workload", type=Path, metavar="FILE", help="a queues file with `sweeps`")


def run(arguments: argparse.Namespace) -> int:
    outcome = play(read_workload(arguments.workload))
    print(table(HEAD, [_row(name, flow) for name, flow in outcome.flows.items()]))
    print(f"  {outcome.seconds:.0f} s in all; times are seconds")
    for queue, part in outcome.idle.items():
        print(f"  {queue}: {part:.1%} of its slots idle while tasks waited")
    return 0


def _row(name: str, flow: FlowOutcome) -> list[Any]:
    # A single task has nothing while it waits, and does not wait once it has something.
    share = f"{flow.had / flow.due:.2f}" if flow.due and flow.tasks > 1 else ""
    mean, longest, end = (
        f"{seconds:.1f}" for seconds in (flow.waited / flow.tasks, flow.longest_wait, flow.end)
    )
    return [name, flow.queue, flow.tasks, share, mean, longest, end]
