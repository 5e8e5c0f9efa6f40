"""Show all that is known of a run: where it stands and why, what went in and came out, where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.cli.runs import add_format_argument, add_store_argument, opened, the_run
from polyaxon_airflow.cli.runs.shown import as_json, cell, duration, plain
from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from polyaxon_airflow.store import Condition, Edge, Run, RunStore

_HEAD = (
    "uuid",
    "name",
    "description",
    "project",
    "user",
    "dag_id",
    "dag_run_id",
    "task_id",
    "map_index",
    "queue",
)
_ORIGIN = ("pipeline", "trial_index", "original", "cloning_kind", "artifacts_path", "tags")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uuid", help="of the run; its first digits are enough where they are its alone")
    add_format_argument(parser)
    add_store_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as store:
        found = the_run(store, arguments.uuid)
        print(_as_json(store, found) if arguments.format == "json" else _as_text(store, found))
    return 0


def _as_json(store: RunStore, run: Run) -> str:
    parts = {
        "conditions": [vars(condition) for condition in store.runs.conditions(run.uuid)],
        "artifacts": [vars(artifact) for artifact in store.lineage.artifacts(run.uuid)],
        "edges": [vars(edge) for edge in store.lineage.edges(run.uuid)],
    }
    return as_json({**plain(run, content=True), **parts})


def _as_text(store: RunStore, run: Run) -> str:
    edges = store.lineage.edges(run.uuid)
    sections = [
        _pairs(None, _facts(run)),
        _pairs("inputs", run.inputs.items()),
        _pairs("outputs", run.outputs.items()),
        _pairs("meta", run.meta.items()),
        _pairs("artifacts", ((one.name, one.path or one.kind) for one in store.lineage.artifacts(run.uuid))),
        _pairs("runs", _neighbours(run, edges)),
        _history(store.runs.conditions(run.uuid)),
    ]
    return "\n\n".join(section for section in sections if section)


def _facts(run: Run) -> Iterable[tuple[str, Any]]:
    values = plain(run)
    yield from ((name, values[name]) for name in _HEAD if (name, values[name]) != ("map_index", -1))
    yield "status", f"{run.status}: {run.reason}" if run.reason else run.status
    yield from (("created", run.created_at), ("started", run.started_at), ("finished", run.finished_at))
    yield "waited", duration(run.wait_time)
    yield "took", duration(run.duration)
    yield from ((name, values[name]) for name in _ORIGIN)


def _neighbours(run: Run, edges: Sequence[Edge]) -> Iterable[tuple[str, str]]:
    for edge in edges:
        comes_before = edge.downstream == run.uuid
        yield (
            f"{edge.kind} {'from' if comes_before else 'to'}",
            edge.upstream if comes_before else edge.downstream,
        )


def _pairs(title: str | None, pairs: Iterable[tuple[str, Any]]) -> str:
    known = [(name, value) for name, value in pairs if value is not None and value not in ("", ())]
    width = max((len(name) for name, _ in known), default=0)
    lines = [f"  {name.ljust(width)}  {cell(value)}" for name, value in known]
    return "\n".join([title, *lines] if title and lines else lines)


def _history(conditions: Sequence[Condition]) -> str:
    if not conditions:
        return ""
    rows = [(cell(one.since), one.status, one.reason, one.message) for one in conditions]
    return f"history\n{table(('since', 'status', 'reason', 'message'), rows)}"
