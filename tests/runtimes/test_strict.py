"""Every manifest is one that the API server, or the operator's CRD, takes: no unknown field, no wrong type."""

import copy

import pytest

from polyaxon_airflow.runtimes.launch import Site
from polyaxon_airflow.sections.plugins import Plugins
from polyaxon_airflow.sections.termination import Termination
from tests.kube import crds, strict
from tests.runtimes.runs import catalogue, manifest
from tests.runtimes.test_distributed import DASK, MPI, PYTORCH, RAY, TENSORFLOW
from tests.runtimes.test_pod import ENVIRONMENT, INIT

EVERYTHING = {
    "connections": catalogue(),
    "site": Site(
        helper_image="helper:1",
        service_account="runs",
        tolerations=({"operator": "Exists"},),
        affinity={"nodeAffinity": {}},
        labels={"kueue.x-k8s.io/queue-name": "gpu"},
        priority_class="polyaxon-lab-gpu",
    ),
    "plugins": Plugins(docker=True, log_level="INFO"),
    "termination": Termination(timeout=60),
    "variables": (("LR", "0.1"),),
    "namespace": "team",
}
RUNS = {
    "environment": ENVIRONMENT,
    "init": INIT,
    "service": "{kind: service, ports: [80], replicas: 3, container: {image: i, command: [serve]}}",
    "connections": "{kind: job, connections: [bucket, claim, host, repo, files], container: {image: i, args: [1]}}",
    "resources": "{kind: job, container: {image: i, resources: {limits: {cpu: 1.5, memory: 2Gi, nvidia.com/gpu: 2}}}}",
    "pytorchjob": PYTORCH,
    "tfjob": TENSORFLOW,
    "mpijob": MPI,
    "raycluster": RAY,
    "raycluster without entrypoint": RAY.replace("entrypoint: python train.py\n", ""),
    "daskcluster": DASK,
}


def objects_of(made):
    yield made.get("pod") or made["resource"]
    yield from made.get("companions", ())
    yield from (alternative["resource"] for alternative in made.get("alternatives", ()))


def faults_of(found):
    return strict.faults_of(found) if found["apiVersion"] == "v1" else crds.faults_of(found)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in RUNS.items()])
def test_what_a_run_becomes_is_valid(text):
    for found in objects_of(manifest(text, **EVERYTHING)):
        assert faults_of(found) == []


SPOILED = [
    pytest.param(lambda pod: pod["spec"].update(nodeSelectors={}), "nodeSelectors", id="an unknown field"),
    pytest.param(lambda pod: pod["spec"]["containers"][0].update(commands=[]), "commands", id="deep down"),
    pytest.param(lambda pod: pod["spec"].update(priority="high"), "priority", id="a wrong type"),
    pytest.param(lambda pod: pod["spec"].pop("containers"), "containers", id="a missing field"),
]


@pytest.mark.parametrize(("spoil", "place"), SPOILED)
@pytest.mark.parametrize(
    ("text", "pod_of"),
    [
        pytest.param(RUNS["environment"], lambda made: made["pod"], id="pod"),
        pytest.param(
            PYTORCH,
            lambda made: made["resource"]["spec"]["pytorchReplicaSpecs"]["Worker"]["template"],
            id="PyTorchJob",
        ),
        pytest.param(RAY, lambda made: made["resource"]["spec"]["submitterPodTemplate"], id="RayJob"),
    ],
)
def test_the_validation_can_fail(text, pod_of, spoil, place):
    made = copy.deepcopy(manifest(text, **EVERYTHING))
    spoil(pod_of(made))
    assert any(place in fault for found in objects_of(made) for fault in faults_of(found))
