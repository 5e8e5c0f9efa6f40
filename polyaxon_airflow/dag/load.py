"""From polyaxonfiles to DAGs: what the bundle's stubs call, and the loader for those who cannot use the bundle."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import get_parsing_context

from polyaxon_airflow.dag.build import build_dags
from polyaxon_airflow.dag.cache import PlanCache
from polyaxon_airflow.dag.isolation import Isolation
from polyaxon_airflow.dag.owners import Owners
from polyaxon_airflow.dag.settings import as_text, shaping

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow.sdk import DAG

    from polyaxon_airflow.plan import Plan

log = logging.getLogger(__name__)

SHARE_OF_TIMEOUT = 0.5  # of [core] dagbag_import_timeout that one stub may take


def load_stub(stub: str, *, bundle: str, source: str, files: Sequence[str]) -> dict[str, DAG]:
    """The DAGs of a stub's polyaxonfiles; in a worker only the one that its task belongs to.

    A file that is alone in its stub raises what is wrong with it (PolyaxonfileError); that is the import error
    that Airflow shows. In a shard such a file is left out, and noted so that it is alone from the next refresh on.
    """
    from airflow.dag_processing.bundles.base import get_bundle_base_folder

    loader = Loader(Path(source), get_bundle_base_folder(bundle) / "state")
    wanted = get_parsing_context().dag_id
    with _without_garbage_collection():
        if wanted is not None:
            return loader.one(wanted, files)
        if Path(stub).name == f"{Path(files[0]).name}.py":
            return loader.alone(files[0])
        return loader.shard(files)


class Loader:
    """Loads the polyaxonfiles of a folder. `state`: where it keeps plans and notes."""

    def __init__(self, source: Path, state: Path) -> None:
        self._source = source
        self._isolation = Isolation(state / "alone")
        self._told = shaping(source)
        self._cache = PlanCache(state / "plans", as_text(self._told))
        self._owners = Owners(state / "owners", source)
        self._index = state / "index"

    def one(self, dag_id: str, files: Sequence[str]) -> dict[str, DAG]:
        """The DAG of that id, opening as few files as can be."""
        owner = self._owners.of(dag_id)
        known = owner or self._read_index(files).get(dag_id)
        # The file may have moved to another stub since the scheduler was told of this one.
        files = files if owner is None or owner in files else [owner, *files]
        likely = sorted(files, key=lambda file: (file != known, Path(file).stem != dag_id))
        for file in likely:
            with suppress(Exception):  # another file's fault; the dag-processor shows it
                plan = self._plan(self._source / file)
                if dag_id == plan.dag_id or (plan.events and dag_id.startswith(f"{plan.dag_id}.")):
                    return {dag_id: build_dags(plan)[dag_id]}
        return {}

    def alone(self, file: str) -> dict[str, DAG]:
        """The DAGs of one file, its own first. Raises PolyaxonfileError."""
        path = self._source / file
        plan = self._plan(path)
        self._owners.claim(plan.dag_id, file)
        self._isolation.forget(path)
        dags = build_dags(plan)
        self._write_index([file], dict.fromkeys(dags, file))
        return dags

    def shard(self, files: Sequence[str]) -> dict[str, DAG]:
        """The DAGs of all files that load."""
        dags: dict[str, DAG] = {}
        index: dict[str, str] = {}
        until = time.monotonic() + _patience()
        for file in files:
            path = self._source / file
            if time.monotonic() > until:
                log.warning("%s is alone from now on: its stub took more than %.0f s", path, _patience())
                self._isolation.note(path)
                continue
            found = self._tried(file)
            dags |= found
            index |= dict.fromkeys(found, file)
        self._write_index(files, index)
        return dags

    def _tried(self, file: str) -> dict[str, DAG]:
        """The DAGs of a file of a shard, none if it does not load or Airflow cannot serialise them."""
        path = self._source / file
        plan = self._cache.get(path)
        if plan is not None and self._owners.of(plan.dag_id) == file:
            return build_dags(plan)
        self._isolation.note(path)  # before it is tried: it may kill or hang this process
        try:
            plan = plan or self._made(path)
            self._owners.claim(plan.dag_id, file)
            dags = build_dags(plan)
            if plan.schedule or plan.events:  # all else in a DAG is made of JSON
                for dag in dags.values():
                    _serialise(dag)
        except Exception:  # whatever is wrong with it is shown when it is alone
            log.info("%s does not load and will be parsed alone", path, exc_info=True)
            return {}
        self._cache.put(path, plan)
        self._isolation.forget(path)
        return dags

    def _plan(self, path: Path) -> Plan:
        return self._cache.get(path) or self._made(path)

    def _made(self, path: Path) -> Plan:
        # Models and compiler: not for a file that has not changed.
        from polyaxon_airflow.dag.deploying import deployment_of
        from polyaxon_airflow.plan.file import plan_file

        return plan_file(path, self._source, deployment=deployment_of(path, self._source, self._told))

    def _read_index(self, files: Sequence[str]) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(self._index_file(files).read_text())
        except (OSError, ValueError):
            return {}
        return found

    def _write_index(self, files: Sequence[str], index: dict[str, str]) -> None:
        if self._read_index(files) != index:
            place = self._index_file(files)
            place.parent.mkdir(parents=True, exist_ok=True)
            draft = place.with_suffix(".new")
            draft.write_text(json.dumps(index))
            draft.replace(place)

    def _index_file(self, files: Sequence[str]) -> Path:
        return (
            self._index / f"{hashlib.blake2b(chr(0).join(files).encode(), digest_size=16).hexdigest()}.json"
        )


def _serialise(dag: DAG) -> None:
    """What the dag-processor does next with a DAG; one that fails there takes down all of its file.

    Without the check against Airflow's schema, which costs as much again and sees nothing that a file's values decide.
    """
    from airflow.serialization.serialized_objects import DagSerialization

    DagSerialization.serialize_dag(dag)


def _patience() -> float:
    from airflow.configuration import conf

    return SHARE_OF_TIMEOUT * conf.getfloat("core", "dagbag_import_timeout", fallback=30.0)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """One collection of Airflow's heap costs as much as 40 polyaxonfiles, and loading leaves no garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
