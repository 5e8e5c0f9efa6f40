"""What a run needs, the slots that it takes, and when it is refused."""

from fractions import Fraction

import pytest

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.queues.needs import needs_of
from polyaxon_airflow.queues.placing import Placed, placed
from polyaxon_airflow.queues.quantities import Amounts
from polyaxon_airflow.queues.reading import read_queues

QUEUES = read_queues(
    """
agents:
  - name: lab
    queues:
      - {name: gpu, concurrency: 8, quota: {gpu: 8, memory: 64Gi, cost: 4}}
      - {name: cpu, quota: {cpu: 10}}
      - {name: free}
"""
)


def job(**resources):
    return {"kind": "job", "container": {"image": "busybox", "resources": {"limits": resources}}}


@pytest.mark.parametrize(
    ("run", "needs"),
    [
        pytest.param(job(cpu=2), Amounts(cpu=Fraction(2)), id="a job"),
        pytest.param(
            {
                **job(cpu=2),
                "sidecars": [{"resources": {"requests": {"cpu": 1}}}],
                "init": [{"container": {}}],
            },
            Amounts(cpu=Fraction(3)),
            id="sidecars count, init containers do not",
        ),
        pytest.param({**job(cpu=2), "replicas": 3}, Amounts(cpu=Fraction(6)), id="a service with replicas"),
        pytest.param(
            {"kind": "pytorchjob", "master": job(cpu=1), "worker": {**job(cpu=2), "replicas": 2}},
            Amounts(cpu=Fraction(5)),
            id="a distributed run",
        ),
        pytest.param(
            {"kind": "raycluster", "head": job(cpu=1), "workers": {"small": {**job(cpu=1), "replicas": 4}}},
            Amounts(cpu=Fraction(5)),
            id="named groups of workers",
        ),
        pytest.param(
            job(cpu="{{ cpus }}", memory="1Gi"),
            Amounts(memory=Fraction(2**30)),
            id="a template is not counted",
        ),
        pytest.param({"kind": "job"}, Amounts(), id="a run that says nothing"),
    ],
)
def test_needs(run, needs):
    assert needs_of(run) == needs


@pytest.mark.parametrize(
    ("queue", "run", "cost", "place"),
    [
        pytest.param("gpu", job(**{"nvidia.com/gpu": 2}), None, Placed("lab.gpu", 2), id="GPUs"),
        pytest.param("gpu", job(memory="16Gi"), None, Placed("lab.gpu", 2), id="memory dominates"),
        pytest.param("gpu", job(), 2, Placed("lab.gpu", 4), id="cost dominates"),
        pytest.param(
            "cpu", job(cpu=1), None, Placed("lab.cpu", 100), id="a tenth of a quota without concurrency"
        ),
        pytest.param("free", job(cpu=1000), None, Placed("lab.free", 1), id="a queue without a quota"),
    ],
)
def test_slots(queue, run, cost, place):
    assert placed(QUEUES, queue, run=run, cost=cost) == place


def test_a_run_that_can_never_fit_is_refused():
    with pytest.raises(CompilationError) as raised:
        placed(QUEUES, "gpu", run=job(**{"nvidia.com/gpu": 9, "memory": "65Gi"}))
    advice = "it could never start. Ask for less, or use a queue with a larger quota."
    assert [str(fault) for fault in raised.value.faults] == [
        f"a run needs memory 65Gi, and queue 'lab/gpu' has 64Gi in all: {advice}",
        f"a run needs gpu 9, and queue 'lab/gpu' has 8 in all: {advice}",
    ]


def test_a_quantity_that_is_none_is_a_fault():
    with pytest.raises(CompilationError, match="'lots' is not a quantity such as 2, 500m or 5Gi"):
        placed(QUEUES, "gpu", run=job(memory="lots"))
