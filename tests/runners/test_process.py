"""The process runner: the contract, and what is its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.base import MAIN_CONTAINER, Outcome, RunIdentity, Settings
from polyaxon_airflow.runners.process.environment import environment_of, expand
from polyaxon_airflow.runners.process.layout import Layout
from polyaxon_airflow.runners.process.runner import ProcessRunner, _Lines
from tests.contracts.runner import Followed, RunnerContract, container, pod
from tests.runtimes.runs import UUID, manifest


@pytest.fixture
def settings(tmp_path):
    return Settings(str(tmp_path / "artifacts"), str(tmp_path / "context"), {}, RunnerContract.grace)


@pytest.fixture
def runner(settings):
    return ProcessRunner(settings)


class TestContract(RunnerContract):
    @pytest.fixture
    def recipe(self, settings):
        return f"""
from polyaxon_airflow.runners.base import Settings
from polyaxon_airflow.runners.process.runner import ProcessRunner
runner = ProcessRunner(Settings(*{[*settings]!r}))
"""

    @pytest.fixture
    def ruin(self):
        return lambda handle: os.kill(handle["guardian"], signal.SIGKILL)


def test_a_killed_container_is_said_to_be(runner):
    assert Followed(runner, pod(container("kill -9 $$$$"))).outcome == Outcome(
        "failed",
        137,
        "the main container was killed by SIGKILL, which the kernel does when memory runs out",
    )


def test_a_built_run_writes_where_it_is_kept(settings, runner):
    text = """
    kind: job
    container:
      command: [sh, -c]
      args:
        - |
          echo '{"acc": 1}' > $POLYAXON_OUTPUTS_FILE
          cd $POLYAXON_OFFLINE_ROOT/runs/*
          echo offline > events.plx
          echo x > /plx-context/artifacts/$(basename $(pwd))/outputs/model
    """
    followed = Followed(runner, manifest(text, uuid=UUID), uuid=UUID)
    kept = Path(settings.artifacts_root) / UUID
    assert followed.outcome == Outcome("succeeded", 0)
    assert {str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file()} == {
        "outputs.json",
        "events.plx",
        "outputs/model",
    }


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def eventually(condition, seconds=10.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    "daemon",
    [
        pytest.param("sleep 1000 & echo $!", id="a background process"),
        pytest.param(
            "setsid sh -c 'echo $$$$; exec sleep 1000' & sleep 0.5", id="a process in a session of its own"
        ),
        pytest.param("(setsid nohup sleep 1000 >/dev/null 2>&1 & echo $!) ", id="an orphan"),
    ],
)
def test_nothing_that_a_container_leaves_behind_survives_the_run(runner, daemon):
    followed = Followed(runner, pod(container(daemon)))
    assert followed.outcome == Outcome("succeeded", 0)
    left = int(followed.text()[-1])
    assert not alive(left)


TASK = """
import sys
from polyaxon_airflow.runners.base import RunIdentity, Settings
from polyaxon_airflow.runners.process.runner import ProcessRunner
import json
settings, manifest = json.load(sys.stdin)
runner = ProcessRunner(Settings(*settings))
handle = runner.submit(manifest, RunIdentity("a" * 32, "t", "o", "p"))
runner.follow(handle, on_lines=lambda lines: print(*(l.text for l in lines), sep="\\n", flush=True),
              should_stop=lambda: None)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_ends_with_its_task_however_the_task_dies(settings, number):
    manifest = pod(container("echo $$$$; sleep 1000 & echo $!; wait"))
    task = subprocess.Popen(
        [sys.executable, "-c", TASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with task:
        task.stdin.write(json.dumps([[*settings], manifest]))
        task.stdin.close()
        pids = [int(task.stdout.readline()), int(task.stdout.readline())]
        assert all(alive(pid) for pid in pids)
        task.send_signal(number)
    assert eventually(lambda: not any(alive(pid) for pid in pids))


def test_the_next_attempt_waits_until_the_killed_one_is_gone(settings, runner):
    manifest = pod(container("trap 'sleep 1; exit' TERM; echo up; while :; do sleep 0.1; done"))
    task = subprocess.Popen(
        [sys.executable, "-c", TASK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with task:
        task.stdin.write(json.dumps([[*settings], manifest]))
        task.stdin.close()
        assert task.stdout.readline() == "up\n"
        task.kill()
    followed = Followed(runner, pod(container("echo second")), uuid="a" * 32)
    assert followed.text() == ["second"]
    assert followed.seconds > 0.5


def test_a_container_sees_none_of_the_workers_secrets(settings, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "secret")
    followed = Followed(ProcessRunner(settings), pod(container("env")))
    assert not [line for line in followed.text() if "AIRFLOW" in line]


def test_outputs_stay_and_the_rest_goes(settings, runner):
    uuid = uuid4().hex
    script = (
        f"echo kept > /plx-context/artifacts/{uuid}/outputs/f; echo gone > /plx-context/artifacts/scratch"
    )
    followed = Followed(runner, pod(container(script)), uuid=uuid)
    assert followed.outcome == Outcome("succeeded", 0)
    runner.clean(followed.handle)
    assert (Path(settings.artifacts_root) / uuid / "outputs" / "f").read_text() == "kept\n"
    assert not (Path(settings.context_root) / uuid).exists()


def test_the_polyaxonfiles_folder_is_the_working_directory(settings, tmp_path):
    runner = ProcessRunner(settings, folder=str(tmp_path))
    assert Followed(runner, pod(container("pwd"))).text() == [str(tmp_path)]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        pytest.param(
            {"name": MAIN_CONTAINER, "image": "x"}, "no command", id="an entrypoint inside an image"
        ),
        pytest.param(
            {"name": MAIN_CONTAINER, "image": "x:1", "command": ["no-such-program"]},
            "process_environments",
            id="a program that is not on this machine",
        ),
        pytest.param(
            container("true", env=[{"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
            "environment variable S comes from secret .s., which .* Give the connection a connId",
            id="a value from a Kubernetes secret",
        ),
        pytest.param(
            container("true", volumeMounts=[{"name": "v", "mountPath": "/v"}]),
            "volume 'v'",
            id="an unknown volume",
        ),
    ],
)
def test_what_cannot_run_here_is_refused_before_it_starts(runner, spec, sentence):
    with pytest.raises(PermanentRunnerError, match=sentence):
        runner.submit(pod(spec), RunIdentity(uuid4().hex, "t", "o", "p"))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param("python:3.12", "/a", id="a pattern of one repository"),
        pytest.param("registry.io/team/train:2", "/b", id="a pattern across slashes"),
        pytest.param("busybox", None, id="no pattern matches"),
        pytest.param(None, None, id="no image"),
    ],
)
def test_an_image_stands_for_an_environment(image, expected):
    found = environment_of(image, {"python:3.*": "/a", "*/train:*": "/b"})
    assert found == (Path(expected) if expected else None)


def test_an_environments_python_comes_first(settings, tmp_path):
    program = tmp_path / "venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho $VIRTUAL_ENV\n")
    program.chmod(0o755)
    runner = ProcessRunner(settings._replace(environments={"train:*": str(tmp_path / "venv")}))
    manifest = pod({"name": MAIN_CONTAINER, "image": "train:1", "command": ["python"]})
    assert Followed(runner, manifest).text() == [str(tmp_path / "venv")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("/data/x", "/v/x", id="below the mount"),
        pytest.param("/data", "/v", id="the mount itself"),
        pytest.param("--in=/data/x:/data/y", "--in=/v/x:/v/y", id="inside a word, twice"),
        pytest.param("/database /my/data /data-2", "/database /my/data /data-2", id="not a whole component"),
        pytest.param("/data/deep/x", "/w/x", id="the longest mount wins"),
        pytest.param("/v/x /data", "/z/x /v", id="a directory that looks like another mount"),
    ],
)
def test_texts_mention_local_directories_in_place_of_mounts(text, expected):
    layout = Layout(
        Path("/a"), Path("/c"), (("/data/deep", Path("/w")), ("/data", Path("/v")), ("/v", Path("/z")))
    )
    assert layout.local(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)", "1"),
        ("$$(A)", "$(A)"),
        ("$$ $", "$ $"),
        ("$(B)", "$(B)"),
        ("a$(A)b$(A)", "a1b1"),
        ("$A", "$A"),
    ],
)
def test_expansion_is_kubernetes(text, expected):
    assert expand(text, {"A": "1"}) == expected


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param([b"a\nb", b"c\n", b""], ["a", "bc"], id="lines across chunks"),
        pytest.param([b" 10%\r 50%\r100%\n"], ["100%"], id="a progress bar shows its last state"),
        pytest.param([b"\xc3", b"\xbc\n"], ["ü"], id="a character across chunks"),
        pytest.param([b"a\r\n"], ["a"], id="a Windows line end"),
        pytest.param(
            [b"x" * (1 << 20), b"y", b"z\n"], ["x" * (1 << 20) + "y", "z"], id="an endless line in pieces"
        ),
    ],
)
def test_bytes_become_lines(chunks, expected):
    reader = _Lines("main")
    assert [line.text for chunk in chunks for line in reader.feed(chunk)] == expected
