"""The scheduler imports once what the tasks that it forks would each import; a triggerer shares memory with its triggers."""

import subprocess
import sys

import pytest

from polyaxon_airflow.warming import USED_BY_EVERY_RUN

PROGRAM = """
import gc
import sys
sys.argv = ["airflow", {command!r}]
from polyaxon_airflow.plugin import PolyaxonPlugin

class Job:
    pass

for listener in PolyaxonPlugin().listeners:
    if hasattr(listener, "on_starting"):
        listener.on_starting(Job())
print(gc.get_freeze_count() > 0)
print(*sys.modules)
"""


def started(tmp_path, command, executor="LocalExecutor"):
    """What a component prints when it starts."""
    environment = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__EXECUTOR": executor,
        "PYTHONPATH": ":".join(sys.path),
    }
    program = PROGRAM.format(command=command)
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("command", "executor", "warmed"),
    [
        pytest.param("scheduler", "LocalExecutor", True, id="a scheduler whose executor forks"),
        pytest.param("scheduler", "CeleryExecutor", False, id="workers are elsewhere"),
        pytest.param("triggerer", "LocalExecutor", False, id="another component"),
    ],
)
def test_who_is_warmed(tmp_path, command, executor, warmed):
    loaded = set(started(tmp_path, command, executor)[-1].split()).intersection(USED_BY_EVERY_RUN)
    assert loaded == (set(USED_BY_EVERY_RUN) if warmed else set())


@pytest.mark.parametrize(("command", "freezes"), [("triggerer", "True"), ("scheduler", "False")])
def test_a_triggerer_leaves_what_it_shares_out_of_garbage_collections(tmp_path, command, freezes):
    assert started(tmp_path, command)[-2] == freezes
