"""Which polyaxonfile a DAG's id belongs to: of two files with one id, that which had it first keeps it.

Stubs are parsed one at a time, each in a process that sees only its own files, so who has an id is written down.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import PolyaxonfileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Owners:
    """One small JSON file for each id, in `directory`; `source` is the dags folder."""

    def __init__(self, directory: Path, source: Path) -> None:
        self._directory = directory
        self._source = source

    def of(self, wanted: str) -> str | None:
        """The file, relative to the dags folder, that has the id; None if none has had it yet."""
        try:
            said = json.loads(self._record(wanted).read_text())
        except (OSError, ValueError):
            return None
        return str(said["file"])

    def claim(self, wanted: str, file: str) -> None:
        """Give the id to a file. Raises PolyaxonfileError if another one has it, is still there and still says so."""
        if self.of(wanted) == file:
            return
        with self._alone():
            other = self.of(wanted)
            if other is not None and other != file and self._keeps(other, wanted):
                raise self._refusal(wanted, file, other)
            self._write(wanted, file)

    def _refusal(self, wanted: str, file: str, other: str) -> PolyaxonfileError:
        from polyaxon_airflow.polyaxonfile.naming import taken
        from polyaxon_airflow.source import read_document

        return PolyaxonfileError([taken(read_document(self._source / file), wanted, other)])

    def _keeps(self, file: str, wanted: str) -> bool:
        """Whether a file still has the id; one that cannot be read now does, so that no other gets its runs."""
        from polyaxon_airflow.dag.finding import polyaxonfiles_in
        from polyaxon_airflow.polyaxonfile.naming import dag_id
        from polyaxon_airflow.polyaxonfile.parsing import parse  # models: only when two files want one id
        from polyaxon_airflow.source import read_document

        path = self._source / file
        if path not in polyaxonfiles_in(self._source):
            return False
        try:
            return dag_id(parse(read_document(path)), path, self._source) == wanted
        except PolyaxonfileError:
            return True

    def _write(self, wanted: str, file: str) -> None:
        record = self._record(wanted)
        draft = record.with_suffix(".new")
        draft.write_text(json.dumps({"dag_id": wanted, "file": file}))
        draft.replace(record)

    def _record(self, wanted: str) -> Path:
        return self._directory / f"{hashlib.blake2b(wanted.encode(), digest_size=16).hexdigest()}.json"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Several stubs may be parsed at once."""
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
