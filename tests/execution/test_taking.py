"""What the store says of a run's place in the queues and of what it takes."""

import pytest

from polyaxon_airflow.plan.deployment import Deployment
from polyaxon_airflow.queues.reading import read_queues
from tests.execution.flow import World

QUEUES = read_queues(
    "agents: [{name: lab, queues: [{name: cpu}, {name: gpu, concurrency: 8, quota: {gpu: 8}}]}]"
)
RUN = """kind: component
cost: 0.9
run:
  kind: job
  container:
    image: busybox
    command: ["true"]
    resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {nvidia.com/gpu: 2}}
"""


@pytest.mark.parametrize(
    ("queues", "queue", "place"),
    [
        pytest.param(QUEUES, "gpu", ("lab/gpu", "lab"), id="the queue that it names"),
        pytest.param(QUEUES, None, ("lab/cpu", "lab"), id="the default queue"),
        pytest.param(None, "anything", ("anything", None), id="without queues, what the file says"),
    ],
)
def test_a_run_has_its_place_and_what_it_takes(tmp_path, queues, queue, place):
    world = World(tmp_path, deployment=Deployment(queues=queues))
    world.run(f"queue: {queue}\n{RUN}" if queue else RUN)
    (run,) = world.store.runs.find(at=world.clock())
    assert (run.queue, run.agent) == place
    assert (run.cost, run.cpu, run.memory, run.gpu) == (0.9, 0.5, 2.0**30, 2.0)
    world.close()
