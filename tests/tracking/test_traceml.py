"""The real traceml, writing offline in a process of its own while we read."""

import os
import signal
import subprocess
import time

import pytest

from polyaxon_airflow.tracking import Tracker, read_snapshot
from tests import oracle

pytestmark = [pytest.mark.slow, oracle.needed]
UUID = "0123456789abcdef0123456789abcdef"

TRAIN = """
import sys, time
from polyaxon import tracking

def flush():
    tracking.TRACKING_RUN._event_logger.flush()

tracking.init(track_env=False, track_code=False, collect_resources=False)
"""
FOLLOWED = (
    TRAIN
    + """
for step in range(6):
    tracking.log_metrics(step=step, loss=1 / (step + 1), **{"val/acc top-1": step / 10})
    flush()
    sys.stdin.readline()  # until the test has seen it
tracking.log_metric("bare", 3.5)
tracking.log_metric("bad", float("nan"), step=0)
tracking.log_outputs(model="m.pt")
tracking.end()
"""
)
ONCE = (
    TRAIN
    + "for step in range(int(sys.argv[1])): tracking.log_metrics(step=step, loss=float(step))\ntracking.end()\n"
)
KILLED = (
    TRAIN
    + """
for step in range(2000):
    tracking.log_metrics(step=step, loss=step / 7)
    time.sleep(0.002)
"""
)


def start(folder, code, *arguments):
    """As the process runner starts it (spec section 5.3)."""
    environment = {
        **os.environ,
        "POLYAXON_HOME": str(folder),
        "POLYAXON_IS_OFFLINE": "true",
        "POLYAXON_IS_MANAGED": "true",
        "POLYAXON_RUN_INSTANCE": f"acme.proj.runs.{UUID}",
        "POLYAXON_OFFLINE_ROOT": str(folder),
    }
    del environment["PYTHONPATH"]
    command = [oracle.PYTHON, "-c", code, *arguments]
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def values(points):
    return {(point.name, point.step): point.value for point in points}


def wait_for(tracker, step, seconds=60):
    """All points that come until the step of a loss is there."""
    points = []
    deadline = time.monotonic() + seconds
    while not any(point.name == "loss" and point.step == step for point in points):
        assert time.monotonic() < deadline, f"step {step} did not come"
        points += tracker.poll(time.time()).points
        time.sleep(0.1)
    return points


def test_metrics_are_seen_while_the_run_goes_on(tmp_path):
    tracker = Tracker(runs=tmp_path / "runs", uuid=UUID)
    points = []
    with start(tmp_path, FOLLOWED) as process:
        for step in range(6):
            points += wait_for(tracker, step)
            process.stdin.write("\n")
            process.stdin.flush()
        process.stdin.close()
        process.wait(60)  # its exit code says little: without pandas, `end` fails (spec section 5.6)
    points += tracker.finish(time.time()).points
    found = values(points)
    assert {key: value for key, value in found.items() if key[0] != "bad"} == {
        **{("loss", step): 1 / (step + 1) for step in range(6)},
        **{("val__acc-top-1", step): step / 10 for step in range(6)},
        ("bare", 1): 3.5,
    }
    assert found["bad", 0] != found["bad", 0]
    assert all(abs(point.at - time.time()) < 300 for point in points)
    snapshot = tmp_path / "runs" / UUID / "run.plx.json"
    if snapshot.exists():  # nor is there a snapshot then
        assert read_snapshot(snapshot.read_text()).outputs["model"] == "m.pt"


def test_a_killed_run_leaves_the_beginning(tmp_path):
    tracker = Tracker(runs=tmp_path / "runs", uuid=UUID)
    with start(tmp_path, KILLED) as process:
        points = wait_for(tracker, 100)
        process.send_signal(signal.SIGKILL)
    found = values([*points, *tracker.finish(time.time()).points])
    assert found == {("loss", step): step / 7 for step in range(len(found))}


def test_a_second_try_in_the_same_folder_is_read_alone(tmp_path):
    with start(tmp_path, ONCE, "5") as process:
        process.wait(60)
    tracker = Tracker(runs=tmp_path / "runs", uuid=UUID)
    tracker.skip_existing()
    with start(tmp_path, ONCE, "3") as process:
        process.wait(60)
    batch = tracker.finish(time.time())
    assert values(batch.points) == {("loss", step): float(step) for step in range(3)}
    assert batch.problems == ()
