"""What a dags folder holds besides polyaxonfiles: components that `hubRef` names, and presets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import Fault, PolyaxonfileError
from polyaxon_airflow.polyaxonfile.presets import preset_by_name
from polyaxon_airflow.polyaxonfile.reading import read
from polyaxon_airflow.polyaxonfile.references import FOLDER, LOCK

if TYPE_CHECKING:
    from polyaxon_airflow.polyaxonfile.presets import Preset
    from polyaxon_airflow.polyaxonfile.reading import Reading


@dataclass(frozen=True)
class Library:
    """A dags folder; without one there is nothing in it."""

    root: Path | None = None

    def component(self, hub_ref: str) -> Reading:
        """An operation that runs a component and nothing else. Raises PolyaxonfileError if it is not there."""
        return read(f"hubRef: {json.dumps(hub_ref)}", root=self.root)

    def preset(self, name: str) -> Preset:
        """Raises PolyaxonfileError."""
        if self.root is None:
            raise PolyaxonfileError(
                [Fault(f"preset '{name}' needs a dags folder to stand in", rule="preset")]
            )
        return preset_by_name(name, self.root)

    @property
    def lock(self) -> Path | None:
        """The file that says which components there are; it need not be there."""
        return self.root / FOLDER / LOCK if self.root is not None else None
