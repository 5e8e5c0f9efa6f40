"""kill -9 of anything during sweeps: no trial is lost, none counts twice, and the tables are as if nothing had been."""

import pytest

from polyaxon_airflow.embedded import EmbeddedAirflow
from tests.e2e.driver import Driver
from tests.e2e.survival import Survival

pytestmark = pytest.mark.e2e


def test_sweeps_survive_kills_of_each_kind(driver, tmp_path):
    sweeps = Survival(driver, "survive", tmp_path, random_trials=10, tpe_trials=5)
    kills = ["task", "triggerer", "task", "scheduler", "dag-processor", "task"]
    sweeps.kill_at(kills, seed=1, patience=300)
    sweeps.check(patience=400)
    assert sweeps.killed == kills


@pytest.fixture(scope="module")
def quick_to_notice(tmp_path_factory):
    """An Airflow that soon knows of a worker that is gone, for it cannot be asked to be told."""
    home = tmp_path_factory.mktemp("survival")
    (home / "dags").mkdir()
    settings = {
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    }
    with EmbeddedAirflow(home / "home", home / "dags", settings=settings) as running:
        yield Driver(running)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["task", "worker", "scheduler", "triggerer", "dag-processor"])
def test_sweeps_survive_twenty_kills(quick_to_notice, tmp_path, part):
    name = f"survive_{part.replace('-', '_')}"
    sweeps = Survival(quick_to_notice, name, tmp_path, random_trials=38, tpe_trials=12)
    sweeps.kill_at([part] * 20, seed=2, patience=1200)
    sweeps.check(patience=1200)
    assert len(sweeps.killed) >= 15  # the sweeps may be over before the last points come
