"""Secrets on the process runner: what containers get, and that nothing of it stays."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.base import Settings
from polyaxon_airflow.runners.process.runner import ProcessRunner
from tests.contracts.runner import Followed, container, pod
from tests.runners.test_process import eventually

SECRETS = {
    "keys": {"USER": "ada", "TOKEN": "t0ken $(USER) /plx-context"},
    "files": {"key.json": "{}", "id": "k"},
}


@pytest.fixture
def settings(tmp_path):
    return Settings(str(tmp_path / "artifacts"), str(tmp_path / "context"), {}, 2.0)


@pytest.fixture
def runner(settings):
    return ProcessRunner(settings, secrets=SECRETS.get)


def secret_env(name, secret, key, **more):
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key, **more}}}


# Kubernetes' documentation of env, envFrom and secret volumes is the source of what each case expects.
@pytest.mark.parametrize(
    ("fields", "script", "lines"),
    [
        pytest.param({"env": [secret_env("A", "keys", "TOKEN")]}, 'echo "$A"', None, id="an item as a variable"),
        pytest.param({"envFrom": [{"secretRef": {"name": "keys"}}]}, 'echo "$USER"', ["ada"], id="a whole secret"),
        pytest.param({"envFrom": [{"prefix": "P_", "secretRef": {"name": "keys"}}]}, 'echo "$P_USER"', ["ada"],
                     id="with a prefix"),
        pytest.param({"envFrom": [{"secretRef": {"name": "keys"}}], "env": [{"name": "USER", "value": "eva"}]},
                     'echo "$USER"', ["eva"], id="env wins over envFrom"),
        pytest.param({"env": [secret_env("A", "keys", "USER"), {"name": "B", "value": "<$(A)>"}]}, 'echo "$B"',
                     ["<ada>"], id="later variables refer to it"),
        pytest.param({"env": [secret_env("A", "none", "X", optional=True)]}, 'echo "${A-unset}"', ["unset"],
                     id="an optional secret"),
        pytest.param({"env": [secret_env("A", "keys", "X", optional=True)]}, 'echo "${A-unset}"', ["unset"],
                     id="an optional item"),
        pytest.param({"envFrom": [{"secretRef": {"name": "none", "optional": True}}]}, "echo up", ["up"],
                     id="an optional whole secret"),
    ],
)  # fmt: skip
def test_variables(runner, fields, script, lines):
    followed = Followed(runner, pod(container(script, **fields)))
    assert followed.outcome.status == "succeeded"
    if lines is None:  # as it is: no reference in a secret is replaced but that mount paths are local ones
        assert followed.text()[0].startswith("t0ken $(USER) /")
    else:
        assert followed.text() == lines


@pytest.mark.parametrize(
    ("secret", "lines"),
    [
        pytest.param({"secretName": "files"}, ["id", "key.json"], id="all items"),
        pytest.param({"secretName": "files", "items": [{"key": "id", "path": "a/id_rsa"}]}, ["a", "a/id_rsa"],
                     id="chosen items at their paths"),
        pytest.param({"secretName": "none", "optional": True}, [], id="an optional one"),
    ],
)  # fmt: skip
def test_files(runner, settings, secret, lines):
    mount = [{"name": "v", "mountPath": "/etc/keys", "readOnly": True}]
    listing = container("cd /etc/keys; find . -mindepth 1 | sed 's|./||' | sort", volumeMounts=mount)
    followed = Followed(runner, pod(listing, volumes=[{"name": "v", "secret": secret}]))
    assert followed.text() == lines
    assert not list(Path(settings.context_root).rglob("id*"))


def test_only_this_user_can_read_the_files(runner):
    mount = [{"name": "v", "mountPath": "/etc/keys"}]
    script = "stat -c %a /etc/keys /etc/keys/id"
    followed = Followed(runner, pod(container(script, volumeMounts=mount),
                                    volumes=[{"name": "v", "secret": {"secretName": "files"}}]))  # fmt: skip
    assert [int(mode, 8) & (stat.S_IRWXG | stat.S_IRWXO) for mode in followed.text()] == [0, 0]


@pytest.mark.parametrize(
    ("fields", "volumes", "sentence"),
    [
        ({"env": [secret_env("A", "none", "X")]}, [], "environment variable A comes from secret 'none', which"),
        ({"env": [secret_env("A", "keys", "X")]}, [], "variable A is item 'X' of secret 'keys', which has TOKEN, USER"),
        ({"envFrom": [{"secretRef": {"name": "none"}}]}, [], "envFrom comes from secret 'none'"),
        ({"volumeMounts": [{"name": "v", "mountPath": "/k"}]}, [{"name": "v", "secret": {"secretName": "none"}}],
         "volume 'v' comes from secret 'none'"),
        ({"volumeMounts": [{"name": "v", "mountPath": "/k"}]},
         [{"name": "v", "secret": {"secretName": "files", "items": [{"key": "x", "path": "x"}]}}], "wants item 'x' of"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named_and_nothing_is_told(runner, fields, volumes, sentence):
    with pytest.raises(PermanentRunnerError, match=sentence) as caught:
        Followed(runner, pod(container("echo never", **fields), volumes=volumes))
    assert "t0ken" not in str(caught.value)


def test_the_files_go_even_if_the_task_is_killed(settings, tmp_path):
    task = f"""
import sys
from polyaxon_airflow.runners.base import RunIdentity, Settings
from polyaxon_airflow.runners.process.runner import ProcessRunner
from tests.contracts.runner import container, pod
runner = ProcessRunner(Settings(*{tuple(settings)!r}), secrets={{"files": {{"id": "k"}}}}.get)
mount = [{{"name": "v", "mountPath": "/k"}}]
manifest = pod(container("touch {tmp_path}/up; sleep 60", volumeMounts=mount),
               volumes=[{{"name": "v", "secret": {{"secretName": "files"}}}}])
handle = runner.submit(manifest, RunIdentity("a" * 32, "n", "o", "p"))
runner.follow(handle, on_lines=lambda _: None, should_stop=lambda: None)
"""
    process = subprocess.Popen([sys.executable, "-c", task])
    secret = Path(settings.context_root) / ("a" * 32) / "secrets" / "v" / "id"
    assert eventually((tmp_path / "up").exists, 30)
    assert secret.exists()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    started = time.monotonic()
    assert eventually(lambda: not secret.exists(), 15)
    assert time.monotonic() - started < 15
