"""Loading a folder from one Python file, where the bundle cannot be configured (design D2)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from airflow.sdk import get_parsing_context
from airflow.sdk.definitions.dag import DAG

from polyaxon_airflow.configuration import state_folder
from polyaxon_airflow.dag.finding import polyaxonfiles_in
from polyaxon_airflow.dag.load import Loader
from polyaxon_airflow.errors import PolyaxonAirflowError
from polyaxon_airflow.polyaxonfile.recognise import SUFFIXES


class BrokenDAG(DAG):
    """Stands for a polyaxonfile that does not load.

    Airflow files what goes wrong in serialisation under a DAG's own `relative_fileloc`, so the fault is shown under
    the polyaxonfile's name, and the loader's other DAGs are none the worse.
    """

    fault: PolyaxonAirflowError
    file: str  # relative to the folder

    def validate(self) -> None:
        """Called by Airflow after it has set the places of the loader file."""
        self.relative_fileloc = self.file

    @classmethod
    def get_serialized_fields(cls) -> Any:
        """Called when Airflow serialises the DAG."""
        raise cls.fault


def load_polyaxonfiles(path: str | Path) -> dict[str, DAG]:
    """The DAGs of the polyaxonfiles in a folder, for a loader file where the bundle cannot be configured.

        from polyaxon_airflow import load_polyaxonfiles  # airflow dag

        globals().update(load_polyaxonfiles(__file__))

    `path`: a folder, a polyaxonfile, or a loader file, which stands for its folder. A polyaxonfile that does not load
    becomes a DAG that Airflow refuses with the polyaxonfile's fault under the polyaxonfile's name; the others load.
    """
    path = Path(path).absolute()
    folder = path if path.is_dir() else path.parent
    place = hashlib.blake2b(str(folder).encode(), digest_size=16).hexdigest()
    loader = Loader(folder, state_folder() / "loader" / place)
    found = [path] if path.suffix in SUFFIXES else polyaxonfiles_in(folder)
    files = sorted(file.relative_to(folder).as_posix() for file in found)
    wanted = get_parsing_context().dag_id
    if wanted is not None:
        return dict(loader.one(wanted, files))
    return {dag_id: dag for file in files for dag_id, dag in _loaded(loader, file).items()}


def _loaded(loader: Loader, file: str) -> dict[str, DAG]:
    try:
        return loader.alone(file)
    except PolyaxonAirflowError as error:
        broken = type("BrokenDAG", (BrokenDAG,), {"fault": error, "file": file})
        dag: BrokenDAG = broken(dag_id=f"broken.{hashlib.blake2b(file.encode(), digest_size=6).hexdigest()}")
        return {dag.dag_id: dag}
