"""The scheduler imports once what the tasks that it forks would each import."""

import subprocess
import sys

import pytest

from polyaxon_airflow.warming import USED_BY_EVERY_RUN

PROGRAM = """
import sys
sys.argv = ["airflow", {command!r}]
from polyaxon_airflow.plugin import PolyaxonPlugin

class Job:
    pass

for listener in PolyaxonPlugin().listeners:
    listener.on_starting(Job())
print(*sys.modules)
"""


@pytest.mark.parametrize(
    ("command", "executor", "warmed"),
    [
        pytest.param("scheduler", "LocalExecutor", True, id="a scheduler whose executor forks"),
        pytest.param("scheduler", "CeleryExecutor", False, id="workers are elsewhere"),
        pytest.param("triggerer", "LocalExecutor", False, id="another component"),
    ],
)
def test_who_is_warmed(tmp_path, command, executor, warmed):
    program = PROGRAM.format(command=command)
    environment = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__EXECUTOR": executor,
        "PYTHONPATH": ":".join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split()).intersection(USED_BY_EVERY_RUN)
    assert loaded == (set(USED_BY_EVERY_RUN) if warmed else set())
