"""How commands find Airflow's REST API."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from polyaxon_airflow.embedded import USER
from polyaxon_airflow.errors import PolyaxonAirflowError
from polyaxon_airflow.rest import AirflowClient

if TYPE_CHECKING:
    import argparse


def add_connection_arguments(parser: argparse.ArgumentParser) -> None:
    """`--url`, `--user` and `--home`. Secrets come from the environment: AIRFLOW_TOKEN, or AIRFLOW_PASSWORD."""
    parser.add_argument(
        "--url",
        default=os.environ.get("AIRFLOW__API__BASE_URL"),
        help="Airflow's URL (default: $AIRFLOW__API__BASE_URL)",
    )
    parser.add_argument(
        "--user", default=os.environ.get("AIRFLOW_USER"), help="its user (default: $AIRFLOW_USER)"
    )
    parser.add_argument(
        "--home",
        type=Path,
        default=Path(".airflow"),
        help="of an Airflow that 'up' has started (default: .airflow)",
    )


def connected(arguments: argparse.Namespace) -> AirflowClient:
    """A client for the Airflow of the arguments. Raises PolyaxonAirflowError if they name none."""
    url = arguments.url or _read(arguments.home / "url")
    if not url:
        raise PolyaxonAirflowError(
            "which Airflow? Give --url, or --home of one that 'polyaxon-airflow up' has started"
        )
    kept = json.loads(_read(arguments.home / "embedded.json") or "{}") if not arguments.url else {}
    return AirflowClient(
        url,
        user=arguments.user or (USER if kept else ""),
        password=os.environ.get("AIRFLOW_PASSWORD") or kept.get("password", ""),
        token=os.environ.get("AIRFLOW_TOKEN", ""),
    )


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
