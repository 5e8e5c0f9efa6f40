"""The embedded Airflow leaves nothing behind, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polyaxon_airflow.embedded import EmbeddedAirflow

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

OWNER = """
import sys, time
from pathlib import Path
from polyaxon_airflow.embedded import COMPONENTS, EmbeddedAirflow
airflow = EmbeddedAirflow(Path(sys.argv[1]) / "home", Path(sys.argv[1]) / "dags")
airflow.start()
print(*(airflow.pid(component) for component in COMPONENTS), flush=True)
time.sleep(600)
"""


def lives(pid):
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
def test_its_components_end_when_it_is_killed(tmp_path):
    (tmp_path / "dags").mkdir()
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with owner, owner.stdout:
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        assert len(pids) == 4
        assert all(lives(pid) for pid in pids)
        os.kill(owner.pid, signal.SIGKILL)
    until = time.monotonic() + 60
    while any(lives(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.2)
    left = [pid for pid in pids if lives(pid)]
    for pid in left:
        os.killpg(pid, signal.SIGKILL)
    assert left == []


def group(leader):
    """The living processes of a process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, its_group, *_ = stat.read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        found += [int(stat.parent.name)] if int(its_group) == leader and state != "Z" else []
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_a_killed_scheduler_leaves_no_idle_workers(tmp_path):
    (tmp_path / "dags").mkdir()
    with EmbeddedAirflow(tmp_path / "home", tmp_path / "dags") as airflow:
        killed = airflow.pid("scheduler")
        workers = int(airflow.environment()["AIRFLOW__CORE__PARALLELISM"])
        assert len(group(killed)) > workers
        os.kill(killed, signal.SIGKILL)
        airflow.start_component("scheduler")
        until = time.monotonic() + 60
        while group(killed) and time.monotonic() < until:
            time.sleep(0.2)
        assert group(killed) == []
