"""What docker-compose.yml starts, as processes of this machine: its commands and settings, Redis, PostgreSQL, Celery."""

import os
import shutil
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from polyaxon_airflow.embedded import free_port
from polyaxon_airflow.rest import AirflowClient, ApiError
from tests import postgresql
from tests.compose.composition import ROOT, airflow_command, airflow_services
from tests.e2e.driver import Driver

pytestmark = [pytest.mark.e2e, pytest.mark.postgres, pytest.mark.slow]


class Composed:
    """The services, and what `tests.e2e.driver` needs of an Airflow."""

    def __init__(self, folder, variables, port):
        self.dags = folder / "dags"
        self._folder, self._variables, self._port, self._processes = folder, variables, port, []

    def client(self):
        return AirflowClient(f"http://127.0.0.1:{self._port}", user="admin", password="admin")

    def start(self, service, *more):
        command = [sys.executable, "-m", "airflow", *airflow_command(service), *more]
        with (self._folder / f"{command[3]}.log").open("wb") as log:
            process = subprocess.Popen(
                command, env=self._variables, stdout=log, stderr=log, start_new_session=True
            )
        self._processes.append(process)

    def stop(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in self._processes:
                if process.poll() is None:
                    os.killpg(process.pid, number)
            for process in self._processes:
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    break


def local(value, addresses, folder):
    """A setting of the compose file with this machine's addresses and folders."""
    value = str(value)
    for there, here in addresses.items():
        value = value.replace(there, here)
    return value.replace("/opt/airflow", str(folder))


@pytest.fixture
def composed(tmp_path):
    if reason := postgresql.why_not():
        pytest.skip(reason)
    if not shutil.which("redis-server"):
        pytest.skip("Redis is not installed (Debian: apt-get install redis-server)")
    services = airflow_services()
    api, redis_port = free_port(), free_port()
    redis = subprocess.Popen(
        ["redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    try:
        with postgresql.server() as server:
            with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
                connection.execute("CREATE ROLE airflow LOGIN SUPERUSER")
                connection.execute("CREATE DATABASE airflow OWNER airflow")
            addresses = {
                "@postgres/": f"@{server.rpartition('@')[2]}/",
                "redis:6379": f"127.0.0.1:{redis_port}",
                "api-server:8080": f"127.0.0.1:{api}",
                "localhost:8080": f"127.0.0.1:{api}",
            }
            given = {k: local(v, addresses, tmp_path) for k, v in services["worker"]["environment"].items()}
            kept = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW__")}
            variables = {**kept, **given, "AIRFLOW_HOME": str(tmp_path / "home")}
            variables["AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT"] = str(free_port())
            variables["AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT"] = str(free_port())
            (tmp_path / "shared").mkdir()
            (tmp_path / "dags").mkdir()
            shutil.copy(ROOT / "dags" / "greet.yaml", tmp_path / "dags")
            script = services["init"]["command"][0].replace(
                "exec airflow", f"exec {sys.executable} -m airflow"
            )
            done = subprocess.run(
                ["bash", "-c", script], env=variables, check=False, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stdout + done.stderr
            running = Composed(tmp_path, variables, api)
            try:
                running.start(services["api-server"], "--port", str(api))
                for name in ("scheduler", "dag-processor", "triggerer", "worker"):
                    running.start(services[name])
                yield running
            finally:
                running.stop()
    finally:
        redis.terminate()
        redis.wait()


def test_a_polyaxonfile_runs_on_a_celery_worker(composed):
    driver = Driver(composed)
    until = time.monotonic() + 240
    while True:
        try:
            if driver.details("greet"):
                break
        except (ApiError, OSError):
            assert time.monotonic() < until
        time.sleep(1)
    run_id = driver.run("greet", {"who": "Celery"})
    assert driver.state("greet", run_id) == "success"
    assert "Celery" in driver.log("greet", run_id, "greet")
