"""`PolyaxonDagBundle`: polyaxonfiles dropped in the dags folder are DAGs, without a loader file (design D2).

Airflow 3.3 lists only `.py` and `.zip` files. The bundle keeps, outside the dags folder, small Python stubs
that load the polyaxonfiles, and presents those to Airflow.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from airflow import settings
from airflow.dag_processing.bundles.base import BaseDagBundle

from polyaxon_airflow.dag.finding import polyaxonfiles_in
from polyaxon_airflow.dag.isolation import Isolation
from polyaxon_airflow.dag.shards import stub_text, stubs_for


class PolyaxonDagBundle(BaseDagBundle):
    """The polyaxonfiles of a folder, by default Airflow's dags folder.

    `airflow.policy` adds one of these by itself; configure it by hand for another folder:

        [dag_processor]
        dag_bundle_config_list = [{"name": "ml", "classpath": "polyaxon_airflow.dag.bundle.PolyaxonDagBundle",
                                   "kwargs": {"path": "/srv/ml/polyaxonfiles", "refresh_interval": 10}}]
    """

    supports_versioning = False

    def __init__(self, *, path: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._source = Path(path or settings.DAGS_FOLDER).absolute()
        self._isolation = Isolation(state_directory(self.base_dir) / "alone")
        self._folders = Folders(state_directory(self.base_dir) / "folders.json")

    @property
    def path(self) -> Path:
        """The stubs: what Airflow lists, and what a worker opens."""
        return self.base_dir / "stubs"

    def get_current_version(self) -> None:
        """Not versioned: a run sees the polyaxonfile as it is now."""
        return

    def initialize(self) -> None:
        """Called by every process that uses the bundle, in a worker for each task: no file has come or gone most
        of the time, and a look at the folders says so.
        """
        if self._folders.read() != self._folders.now(self._source):
            self.refresh()
        super().initialize()

    def refresh(self) -> None:
        """Make the stubs agree with the polyaxonfiles."""
        with self.lock():
            seen = self._folders.now(self._source)
            files = polyaxonfiles_in(self._source)
            alone = {self._name(file) for file in self._isolation.alone(files)}
            wanted = stubs_for((self._name(file) for file in files), alone)
            self._remove_others(wanted)
            for stub, members in wanted.items():
                self._write(stub, members)
            self._folders.write(seen)

    def _name(self, file: Path) -> str:
        return file.relative_to(self._source).as_posix()

    def _remove_others(self, wanted: dict[str, list[str]]) -> None:
        for stub in self.path.rglob("*.py"):
            if stub.relative_to(self.path).as_posix() not in wanted:
                stub.unlink(missing_ok=True)

    def _write(self, stub: str, members: list[str]) -> None:
        """Write a stub if it is new or its members have changed; its time is that of its newest member, by which
        the dag-processor sees that it must parse it again.
        """
        newest = 0
        for member in members:
            with suppress(FileNotFoundError):  # gone since it was listed; the next refresh sees that
                newest = max(newest, (self._source / member).stat().st_mtime_ns)
        target, text = self.path / stub, stub_text(members, str(self._source), self.name)
        with suppress(FileNotFoundError):
            if target.stat().st_mtime_ns == newest and target.read_text() == text:
                return
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        draft.write_text(text)
        os.utime(draft, ns=(newest, newest))
        draft.replace(target)
        # Python knows its bytecode by the source's size and second, which a renamed polyaxonfile does not change.
        Path(cache_from_source(target)).unlink(missing_ok=True)


class Folders:
    """The times of all folders at the last refresh: they change when a file comes or goes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self, source: Path) -> dict[str, list[int]]:
        """Folder -> its modification time and that of its `.airflowignore`, in ns (0 where there is none)."""
        folders = (Path(folder) for folder, _, _ in os.walk(source))
        return {str(folder): [_time(folder), _time(folder / ".airflowignore")] for folder in folders}

    def read(self) -> dict[str, list[int]] | None:
        """What `write` kept, None before the first refresh."""
        try:
            kept: dict[str, list[int]] = json.loads(self._file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return kept

    def write(self, folders: dict[str, list[int]]) -> None:
        """Keep what was seen before the refresh began, so that what happened meanwhile is seen by the next."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(folders))
        draft.replace(self._file)


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def state_directory(base: Path) -> Path:
    """Where a bundle keeps what it learnt: files that must be alone, plans of files that have not changed."""
    return base / "state"
