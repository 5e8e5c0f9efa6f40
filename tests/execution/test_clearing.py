"""A task that is cleared while nobody follows its run: a triggerer that was told too late, a worker that is dead."""

import pytest

from polyaxon_airflow.execution.execution import Execution
from polyaxon_airflow.runners.kubernetes.runner import KubernetesRunner
from tests.execution.flow import DagRun, World
from tests.kube.fixtures import cluster, connector

TEXT = """
kind: component
name: cleared
run: {kind: job, container: {image: "busybox:1", command: [sh, -c], args: ["echo up; sleep 60"]}}
"""

__all__ = ["cluster"]


@pytest.fixture
def world(tmp_path, cluster):
    world = World(tmp_path)
    world.runner = KubernetesRunner(connector(cluster.kubeconfig), "default", grace=1)
    yield world
    world.close()


def start(world, generation):
    run = DagRun(world, world.plan(TEXT), {}, "run", generation)
    execution = Execution(run.task(run.plan.nodes[0]), run.around())
    return execution, execution.start()


def pods_of(cluster):
    pods = cluster.call(cluster.server.objects.select, cluster.server.objects.types["v1", "pods"])
    return [pod["metadata"]["name"] for pod in pods]


def test_the_next_run_ends_the_one_that_was_left(world, cluster):
    left, _ = start(world, 0)
    execution, started = start(world, 1)
    assert pods_of(cluster) == [f"plx-operation-{execution.uuid}"]
    run = world.store.runs.get(left.uuid)
    assert (run.status, run.reason) == ("stopped", "the task was cleared in Airflow")
    world.runner.stop(started.handle, grace=0)


def test_a_run_that_has_ended_stays_as_it_ended(world, cluster):
    left, _ = start(world, 0)
    world.store.runs.set_status(left.uuid, "failed", "it was too slow", at=world.clock())
    _, started = start(world, 1)
    assert world.store.runs.get(left.uuid).reason == "it was too slow"
    world.runner.stop(started.handle, grace=0)
