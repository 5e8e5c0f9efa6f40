"""Init steps as containers of a pod, run by the process runner."""

import pytest

from polyaxon_airflow.init.options import encode
from polyaxon_airflow.runners.base import Settings
from polyaxon_airflow.runners.process.runner import ProcessRunner
from tests.contracts.runner import Followed, container, pod

ARTIFACTS = "/plx-context/artifacts"


@pytest.fixture
def runner(tmp_path):
    # A polyaxonfile's folder may hold anything, also files that are called like modules of Python.
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "json.py").write_text("raise SystemExit('not the json that was meant')")
    settings = Settings(str(tmp_path / "artifacts"), str(tmp_path / "context"), {"any/*": str(tmp_path)}, 2.0)
    return ProcessRunner(settings, folder=str(folder))


def init(kind, **options):
    command = ["python", "-m", "polyaxon_airflow.init", kind]
    return {
        "name": "prepare",
        "image": "any/image",
        "command": command,
        "args": encode(options),
        "workingDir": "/",
    }


def test_a_file_is_there_before_main_runs_in_its_folder(runner):
    steps = [init("file", to=ARTIFACTS, filename="run.sh", content=f"pwd\nls {ARTIFACTS}/run.sh\n")]
    script = {"command": ["/bin/sh", "run.sh"], "workingDir": ARTIFACTS, "image": None}
    followed = Followed(runner, pod(container("", **script), init=steps))
    assert followed.outcome.status == "succeeded"
    folder = followed.text()[0]
    assert folder.endswith("/context/artifacts")
    # The content's mention of the mount path became the folder that stands for it.
    assert followed.text()[1] == f"{folder}/run.sh"
    assert followed.text("prepare") == [f"file: wrote {folder}/run.sh"]


def test_what_went_wrong_is_the_runs_reason(runner):
    step = init("git", to=ARTIFACTS, name="code", url="file:///none")
    followed = Followed(runner, pod(container("echo main"), init=[step]))
    assert followed.outcome[:2] == ("failed", 66)
    assert followed.outcome.reason.startswith(
        "container 'prepare' exited with code 66; it said: git: repository file:///none is not there"
    )
    assert followed.text() == []
