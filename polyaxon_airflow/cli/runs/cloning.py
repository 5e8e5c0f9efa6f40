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
    client = connected(arguments)
    print(started(kind, run, _presets(arguments.file), client))
    return 0


def refuse(kind: str, run: Run, store: RunStore, presets: Sequence[Path]) -> None:
    """Raises StoreError, saying what to do instead."""
    if not (run.dag_id and run.dag_run_id):
        raise StoreError(f"run {run.uuid} was not started by Airflow, so Airflow cannot {kind} it")
    if run.pipeline is not None:
        whole = run.controller or run.pipeline
        known = store.runs.get(whole)
        instead = (
            f"{kind} that: {whole}" if known is not None else "clear its task in Airflow to run it again"
        )
        raise StoreError(f"run {run.uuid} is one of {run.dag_id} {run.dag_run_id}; {instead}")
    if kind == "copy" and run.kind in ("dag", "matrix"):
        raise StoreError(
            f"run {run.uuid} is a {run.kind}, which has no outputs of its own to copy; restart it"
        )
    if run.kind == "dag" and presets:
        raise StoreError("a preset would reach no operation of a dag; write 'presets' in the polyaxonfile")


def started(kind: str, run: Run, presets: list[dict[str, Any]], client: AirflowClient) -> str:
    """The id of the DAG run that goes on from a run: a new one, but for a dag that is resumed."""
    assert run.dag_id is not None  # noqa: S101 - `refuse` has looked
    assert run.dag_run_id is not None  # noqa: S101
    if kind == "resume" and run.kind == "dag":
        body = {"dry_run": False, "dag_run_id": run.dag_run_id, "only_failed": True, "only_running": False}
        client.post(f"/dags/{quote(run.dag_id, safe='')}/clearTaskInstances", body)
        return run.dag_run_id
    word = run.dag_run_id if kind == "resume" and run.kind == "matrix" else run.uuid
    given = {name: value for name, value in run.inputs.items() if value is not None}
    conf = {**({} if run.kind == "matrix" else given), kind: word}
    return client.trigger(run.dag_id, {**conf, **({"patch": presets} if presets else {})})


def _presets(files: Sequence[Path]) -> list[dict[str, Any]]:
    """The presets as documents, since Airflow does not see this machine's files. Raises PolyaxonfileError."""
    for file in files:
        preset_from_file(file)
    return [read_document(file).value for file in files]
