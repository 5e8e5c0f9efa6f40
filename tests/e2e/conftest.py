"""One real Airflow for all end-to-end tests; a test drops its polyaxonfiles into the dags folder."""

import os
import textwrap
import time
from pathlib import Path

import pytest

from polyaxon_airflow.embedded import EmbeddedAirflow
from polyaxon_airflow.rest import ApiError, run_path
from tests.e2e.driver import Driver

ROOT = Path(__file__).parents[2]


def training_environment():
    """The virtual environment that the examples train in; `make install` makes it."""
    found = os.environ.get("POLYAXON_TRAINING_ENVIRONMENT", str(ROOT / ".environments" / "training"))
    if not (Path(found) / "bin" / "python").exists():
        pytest.skip(f"no training environment at {found}; `make install` makes it")
    return found


@pytest.fixture(scope="session")
def airflow(tmp_path_factory):
    home = tmp_path_factory.mktemp("airflow")
    dags = home / "dags"
    dags.mkdir()
    environments = f'{{"training": "{training_environment()}"}}'
    settings = {
        "AIRFLOW__POLYAXON__PROCESS_ENVIRONMENTS": environments,
        "AIRFLOW__POLYAXON__REFRESH_INTERVAL": "2",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        "AIRFLOW__POLYAXON__GRACE": "3",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",  # for tests that kill the scheduler
    }
    with EmbeddedAirflow(home / "home", dags, settings=settings) as running:
        yield running


@pytest.fixture
def driver(airflow):
    return Driver(airflow)


__all__ = ["ApiError", "run_path", "textwrap", "time"]
