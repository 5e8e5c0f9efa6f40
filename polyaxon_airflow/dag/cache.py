"""Plans of polyaxonfiles that have not changed, so that most parses read no YAML.

A plan is kept under its file's path, with the hash of everything that it was made from: the file, the files that
it refers to, the settings that shape plans, and the version of this package. JSON, never pickle.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.plan import Plan, content_hash

if TYPE_CHECKING:
    from collections.abc import Mapping


class PlanCache:
    """A directory of plans. `setting`: what else plans depend on, such as versions and configuration."""

    def __init__(self, directory: Path, setting: str) -> None:
        self._directory = directory
        self._setting = setting

    def get(self, file: Path) -> Plan | None:
        """The plan of a file, if nothing that it was made from has changed."""
        try:
            kept = json.loads(self._place(file).read_bytes())
            fresh = kept["made_from"] == self._made_from(file, kept["plan"]["reads"])
        except (OSError, ValueError, KeyError):
            return None
        return Plan.from_dict(kept["plan"]) if fresh else None

    def put(self, file: Path, plan: Plan) -> None:
        """Keep the plan of a file as it is now."""
        self._directory.mkdir(parents=True, exist_ok=True)
        place = self._place(file)
        draft = place.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps({"made_from": self._made_from(file, plan.reads), "plan": plan.to_dict()}))
        draft.replace(place)

    def _made_from(self, file: Path, reads: Mapping[str, str]) -> list[str]:
        """Raises OSError if one of the files is gone."""
        return [self._setting, content_hash(file), *(content_hash(Path(other)) for other in sorted(reads))]

    def _place(self, file: Path) -> Path:
        return self._directory / f"{hashlib.blake2b(str(file).encode(), digest_size=16).hexdigest()}.json"
