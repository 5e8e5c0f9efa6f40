"""The scheduler imports once what the tasks that it forks would each import."""

import subprocess
import sys

import pytest

from polyaxon_airflow.warming import USED_BY_EVERY_RUN, USED_ON_CLUSTERS

PROGRAM = """
import sys
sys.argv = ["airflow", {command!r}]
from polyaxon_airflow.plugin import PolyaxonPlugin

class Job:
    pass

for listener in PolyaxonPlugin().listeners:
    if hasattr(listener, "on_starting"):
        listener.on_starting(Job())
print(*sys.modules)
"""


def started(tmp_path, command, executor="LocalExecutor", runner="process"):
    """What a component prints when it starts."""
    environment = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__EXECUTOR": executor,
        "AIRFLOW__POLYAXON__RUNNER": runner,
        "PYTHONPATH": ":".join(sys.path),
    }
    program = PROGRAM.format(command=command)
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("command", "executor", "runner", "warmed"),
    [
        pytest.param(
            "scheduler",
            "LocalExecutor",
            "process",
            {*USED_BY_EVERY_RUN},
            id="a scheduler whose executor forks",
        ),
        pytest.param(
            "scheduler",
            "LocalExecutor",
            "kubernetes",
            {*USED_BY_EVERY_RUN, *USED_ON_CLUSTERS},
            id="runs on a cluster",
        ),
        pytest.param("scheduler", "CeleryExecutor", "kubernetes", set(), id="workers are elsewhere"),
        pytest.param("triggerer", "LocalExecutor", "kubernetes", set(), id="another component"),
    ],
)
def test_who_is_warmed(tmp_path, command, executor, runner, warmed):
    loaded = set(started(tmp_path, command, executor, runner)[-1].split())
    assert loaded & {*USED_BY_EVERY_RUN, *USED_ON_CLUSTERS} == warmed


def test_models_are_built_in_advance(tmp_path):
    program = """
from polyaxon_airflow.section import Section
from polyaxon_airflow.warming import warm
warm()
print(all(model.__pydantic_complete__ for model in Section.__subclasses__()), len(Section.__subclasses__()) > 50)
"""
    environment = {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "True True"
