"""The sidecar as a process of its own, copying to a real S3 server."""

import os
import signal
import subprocess
import sys
from uuid import uuid4

import pytest

from polyaxon_airflow.artifacts.following import Following
from polyaxon_airflow.artifacts.runs import UPLOADS, RunFiles
from polyaxon_airflow.artifacts.storage import LocalStorage, open_storage
from polyaxon_airflow.artifacts.transfer import Moved
from tests.init.steps import ROOT
from tests.runners.test_process import eventually

UUID = "1" * 32


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run/outputs").mkdir(parents=True)
    (tmp_path / "run/outputs/a").write_text("first")
    return tmp_path / "run"


def start(root, folder, variables, every="0.2"):
    command = [sys.executable, "-m", "polyaxon_airflow.artifacts", root, UUID, str(folder), "--every", every]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ROOT, **variables}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert (
        process.stdout.readline() == f"artifacts: following {folder}\n"
    )  # its signal handlers are there by then
    return process


def end(process):
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_files_come_while_the_run_goes_on_and_the_rest_at_its_end(folder, s3):
    root = f"s3://artifacts/{uuid4().hex}"
    storage, process = open_storage(root, s3), start(root, folder, s3)
    assert eventually(lambda: storage.stat(f"{UUID}/outputs/a") is not None, 30)
    (folder / "outputs/a").write_text("longer")
    assert eventually(lambda: storage.read(f"{UUID}/outputs/a") == b"longer", 30)
    (folder / "outputs/late").write_text("late")
    code, out, err = end(process)
    assert (code, err) == (0, "")
    assert out.startswith("artifacts: the last ")
    assert storage.read(f"{UUID}/outputs/late") == b"late"
    assert RunFiles(storage, UUID).is_whole()


def test_a_store_that_stays_away_fails_the_sidecar_with_a_sentence(folder, s3):
    variables = {**s3, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    code, _, err = end(start("s3://artifacts", folder, variables, every="60"))
    assert code == 1
    assert err.splitlines()[-1].startswith("artifacts: s3://artifacts does not answer: ")
    assert "s3cret" not in err


def test_what_has_not_changed_is_not_copied_again(folder, tmp_path):
    following = Following(RunFiles(LocalStorage(str(tmp_path / "store")), UUID), folder)
    assert following.copy_changes() == Moved(1, 5)
    assert following.copy_changes() == Moved(0, 0)
    (folder / "outputs/b").write_text("b")
    assert following.finish(1) == Moved(1, 1)
    stored = sorted(entry.path for entry in following.run.storage.files(UUID))
    assert stored == ["outputs/a", "outputs/b"]
    assert not (tmp_path / "store" / UUID / UPLOADS / "0001").exists()
