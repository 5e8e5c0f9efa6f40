"""What `runs resume`, `runs restart` and `runs copy` have in common: a DAG run is triggered with the word in its `conf`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from polyaxon_airflow.cli.connecting import add_connection_arguments, connected
from polyaxon_airflow.cli.runs import add_store_argument, opened, the_run
from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.polyaxonfile.presets import preset_from_file
from polyaxon_airflow.source import read_document
from polyaxon_airflow.store.records import PIPELINES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from polyaxon_airflow.rest import AirflowClient
    from polyaxon_airflow.store import Run, RunStore


def add_cloning_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uuid", help="of the run; its first digits are enough where they are its alone")
    parser.add_argument(
        "-f",
        "--file",
        action="append",
        type=Path,
        default=[],
        metavar="PRESET",
        help="a preset to change the operation by; several lie over one another",
    )
    add_store_argument(parser)
    add_connection_arguments(parser)


def clone(kind: str, arguments: argparse.Namespace) -> int:
    """Trigger the DAG run, and print its id. Raises StoreError for a run that cannot be gone on from like this."""
    with opened(arguments) as store:
        run = the_run(store, arguments.uuid)
        refuse(kind, run, store, arguments.file)
        around = pipelines_around(run, store)
    client = connected(arguments)
    print(started(kind, run, _presets(arguments.file), client, around))
    return 0


def refuse(kind: str, run: Run, store: RunStore, presets: Sequence[Path]) -> None:
    """Raises StoreError, saying what to do instead."""
    if not (run.dag_id and run.dag_run_id):
        raise StoreError(f"run {run.uuid} was not started by Airflow, so Airflow cannot {kind} it")
    if run.pipeline is not None and not _is_alone(kind, run, presets):
        raise StoreError(
            f"run {run.uuid} is one of {run.dag_id} {run.dag_run_id}{_instead(kind, run, store)}"
        )
    if kind == "copy" and run.kind in PIPELINES:
        raise StoreError(
            f"run {run.uuid} is a {run.kind}, which has no outputs of its own to copy; restart it"
        )
    if run.kind == "dag" and presets:
        raise StoreError("a preset would reach no operation of a dag; write 'presets' in the polyaxonfile")


def pipelines_around(run: Run, store: RunStore) -> list[Run]:
    """The dags and sweeps that a run is in, the innermost first."""
    found: list[Run] = []
    while run.pipeline is not None and (outer := store.runs.get(run.pipeline)) is not None:
        found.append(run := outer)
    return found


def started(
    kind: str, run: Run, presets: list[dict[str, Any]], client: AirflowClient, around: Sequence[Run] = ()
) -> str:
    """The id of the DAG run that goes on from a run: a new one, but for a dag that is resumed and for a part of one.

    `around`: the dags and sweeps that the run is in. What ends them is done again, what else comes after it is not.
    """
    assert run.dag_id is not None  # noqa: S101 - `refuse` has looked
    assert run.dag_run_id is not None  # noqa: S101
    if run.pipeline is not None or (kind == "resume" and run.kind == "dag"):
        tasks = [_task(one) for one in (run, *around) if one.task_id is not None]
        chosen = {"only_failed": True} if run.pipeline is None else {"only_failed": False, "task_ids": tasks}
        body = {"dry_run": False, "dag_run_id": run.dag_run_id, "only_running": False, **chosen}
        client.post(f"/dags/{quote(run.dag_id, safe='')}/clearTaskInstances", body)
        return run.dag_run_id
    word = run.dag_run_id if kind == "resume" and run.kind == "matrix" else run.uuid
    given = {name: value for name, value in run.inputs.items() if value is not None}
    conf = {**({} if run.kind == "matrix" else given), kind: word}
    return client.trigger(run.dag_id, {**conf, **({"patch": presets} if presets else {})})


def _instead(kind: str, run: Run, store: RunStore) -> str:
    """What to do where a part of a dag or a sweep cannot be gone on from like this."""
    whole = run.controller or run.pipeline or ""
    if kind == "restart" and run.kind not in PIPELINES:
        return ", so a preset does not reach it; restart it as it is"
    if kind == "copy":
        return ", and only what is all of a DAG run can be copied; restart it"
    return (
        f"; {kind} that: {whole}" if store.runs.get(whole) else "; clear its task in Airflow to run it again"
    )


def _is_alone(kind: str, run: Run, presets: Sequence[Path]) -> bool:
    """Whether a part of a dag or a sweep can be done again by itself: a task that ran, as it was."""
    return kind == "restart" and run.kind not in PIPELINES and run.task_id is not None and not presets


def _task(run: Run) -> str | list[str | int]:
    """A task as Airflow's REST API takes it."""
    assert run.task_id is not None  # noqa: S101 - of a run without a task there is nothing to clear
    return run.task_id if run.map_index < 0 else [run.task_id, run.map_index]


def _presets(files: Sequence[Path]) -> list[dict[str, Any]]:
    """The presets as documents, since Airflow does not see this machine's files. Raises PolyaxonfileError."""
    for file in files:
        preset_from_file(file)
    return [read_document(file).value for file in files]
