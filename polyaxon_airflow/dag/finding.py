"""The polyaxonfiles of a dags folder, as `.airflowignore` leaves them."""

from __future__ import annotations

from pathlib import Path

from airflow._shared.module_loading.file_discovery import find_path_from_directory
from airflow.configuration import conf

from polyaxon_airflow.polyaxonfile.recognise import is_polyaxonfile


def polyaxonfiles_in(folder: Path) -> list[Path]:
    """Those that are to become DAGs, none if there is no such folder."""
    if not folder.is_dir():
        return []
    syntax = conf.get_mandatory_value("core", "DAG_IGNORE_FILE_SYNTAX", fallback="glob")
    found = (Path(file) for file in find_path_from_directory(str(folder), ".airflowignore", syntax))
    return [file for file in found if is_polyaxonfile(file, folder)]
