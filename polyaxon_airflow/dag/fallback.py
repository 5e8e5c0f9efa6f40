"""Loading a folder from one Python file, where the bundle cannot be configured (design D2)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_parsing_context
from airflow.sdk.definitions.dag import DAG

from polyaxon_airflow.configuration import state_folder
from polyaxon_airflow.dag.load import Loader
from polyaxon_airflow.errors import PolyaxonAirflowError
from polyaxon_airflow.polyaxonfile.recognise import is_polyaxonfile

if TYPE_CHECKING:
    from pathlib import Path


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


def load_folder(path: Path) -> dict[str, DAG]:
    """See `polyaxon_airflow.load_polyaxonfiles`."""
    folder = (path if path.is_dir() else path.parent).absolute()
    place = hashlib.blake2b(str(folder).encode(), digest_size=16).hexdigest()
    loader = Loader(folder, state_folder() / "loader" / place)
    files = sorted(
        found.relative_to(folder).as_posix() for found in folder.rglob("*") if is_polyaxonfile(found, folder)
    )
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
