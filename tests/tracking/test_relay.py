import json
import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyaxon_airflow.tracking import Tracker
from polyaxon_airflow.tracking.relay import Mirror, Relay

UUID = "0" * 31 + "1"
LONGEST_LOG_LINE = 16384  # bytes, of a container's log


@pytest.fixture
def there(tmp_path):
    (tmp_path / "there" / "events" / "metric").mkdir(parents=True)
    return tmp_path / "there"


@pytest.fixture
def here(tmp_path):
    return tmp_path / "runs" / UUID


def carry(relay, mirror):
    lines = list(relay.frames())
    assert all(mirror.take(line) for line in lines)
    assert all(len(line) < 6 * LONGEST_LOG_LINE for line in lines)
    return lines


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_tracked_arrives_as_it_is(there, here):
    relay, mirror = Relay(there), Mirror(here)
    files = {
        "metrics.jsonl": b'{"step": 1, "loss": 0.5}\n',
        "events/metric/acc.plx": "step|timestamp|metric\n1|x|ü\n".encode(),
        "outputs.json": b'{"acc": 1}',
        "run.plx.json": b"{}",
    }
    for name, content in files.items():
        (there / name).write_bytes(content)
    (there / "outputs").mkdir()
    (there / "outputs" / "model.bin").write_bytes(b"not for the log")
    carry(relay, mirror)
    assert contents(here) == files
    assert carry(relay, mirror) == []


@given(st.lists(st.binary(max_size=20000), max_size=5))
@settings(max_examples=25, deadline=None)
def test_any_bytes_in_any_portions_arrive(tmp_path_factory, portions):
    folder = tmp_path_factory.mktemp("relay")
    relay, mirror = Relay(folder / "there"), Mirror(folder / "here")
    (folder / "there").mkdir()
    for portion in portions:
        with (folder / "there" / "metrics.jsonl").open("ab") as file:
            file.write(portion)
        carry(relay, mirror)
    sent = b"".join(portions)
    assert contents(folder / "here") == ({"metrics.jsonl": sent} if sent else {})


def test_what_is_replaced_is_replaced(there, here):
    relay, mirror = Relay(there), Mirror(here)
    for content in (b'{"long": "content"}', b"{}", b""):
        (there / "outputs.json").write_bytes(content)
        (there / "metrics.jsonl").unlink(missing_ok=True)
        (there / "metrics.jsonl").write_bytes(content)
        carry(relay, mirror)
        assert contents(here) == {"outputs.json": content, "metrics.jsonl": content}


def test_a_tracker_reads_the_mirror(there, here):
    relay, mirror = Relay(there), Mirror(here)
    tracker = Tracker(runs=here.parent, uuid=UUID, metrics_file=here / "metrics.jsonl")
    (there / "events" / "metric" / "loss.plx").write_text("step|timestamp|metric\n0||1.0\n")
    carry(relay, mirror)
    assert [point[:3] for point in tracker.poll(1.0).points] == [("loss", 0, 1.0)]
    with (there / "events" / "metric" / "loss.plx").open("a") as file:
        file.write("1||0.5\n")
    carry(relay, mirror)
    assert [point[:3] for point in tracker.finish(2.0).points] == [("loss", 1, 0.5)]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("epoch 1", id="any text"),
        pytest.param("[1]", id="other JSON"),
        pytest.param('{"file": "../../etc/passwd", "text": "x"}', id="a path that leaves the folder"),
        pytest.param('{"file": "outputs/model.bin", "text": "x"}', id="a file that is not tracked"),
        pytest.param('{"file": "events/metric/../../x.plx", "text": "x"}', id="a climbing path"),
        pytest.param('{"file": "metrics.jsonl", "text": 3}', id="no text"),
    ],
)
def test_other_lines_write_nothing(here, line):
    assert not Mirror(here).take(line)
    assert not here.exists()


def test_the_sidecar_carries_the_last_words(there, here):
    command = [sys.executable, "-m", "polyaxon_airflow.tracking", str(there), "--every", "0.05"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sidecar:
        (there / "metrics.jsonl").write_text('{"step": 1}\n')
        first = sidecar.stdout.readline()
        with (there / "metrics.jsonl").open("a") as file:
            file.write('{"step": 2}\n')
        (there / "outputs.json").write_text("{}")
        os.kill(sidecar.pid, signal.SIGTERM)
        lines = [first, *sidecar.stdout.readlines()]
    assert sidecar.returncode == 0
    mirror = Mirror(here)
    assert all(mirror.take(line) for line in lines)
    assert contents(here) == {"metrics.jsonl": b'{"step": 1}\n{"step": 2}\n', "outputs.json": b"{}"}
    assert json.loads(first)["file"] == "metrics.jsonl"
