"""Runs of several roles as resources of their operators. Fields: the CRDs in tests/kube/crds, spec section 2.10."""

import pytest
import yaml

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.runtimes.launch import Site
from polyaxon_airflow.sections.termination import Termination
from tests.runtimes.runs import UUID, manifest

ROLE = "operation.polyaxon.com/role"

PYTORCH = """
kind: pytorchjob
cleanPodPolicy: Running
schedulingPolicy: {minAvailable: 3, queue: gpu, priorityClass: high, scheduleTimeoutSeconds: 60}
nProcPerNode: 4
master: {container: {image: torch, command: [python, train.py]}}
worker:
  replicas: 2
  environment: {restartPolicy: ExitCode, nodeSelector: {gpu: a100}}
  container: {image: torch, command: [python, train.py]}
"""
TENSORFLOW = """
kind: tfjob
successPolicy: AllWorkers
enableDynamicWorker: true
chief: {container: {image: tf, command: [python, train.py]}}
ps: {replicas: 2, container: {image: tf, command: [python, train.py]}}
worker: {replicas: 3, init: [{file: {filename: a, content: b}}], container: {image: tf, command: [python, train.py]}}
evaluator: {container: {image: tf}}
"""
MPI = """
kind: mpijob
slotsPerWorker: 2
launcher: {container: {image: horovod, command: [mpirun, -np, 4, python, train.py]}}
worker: {replicas: 2, container: {image: horovod, resources: {limits: {nvidia.com/gpu: 2}}}}
"""
RAY = """
kind: raycluster
entrypoint: python train.py
runtimeEnv: {pip: [torch]}
metadata: {team: ml}
rayVersion: 2.9.0
enableInTreeAutoscaling: true
autoscalerOptions: {upscalingMode: Default, resources: {limits: {cpu: "1"}}}
head: {rayStartParams: {num-cpus: 0}, container: {image: ray}}
workers:
  small_group: {replicas: 2, minReplicas: 1, maxReplicas: 5, container: {image: ray}}
  large: {container: {image: ray}}
"""
DASK = """
kind: daskcluster
minReplicas: 1
maxReplicas: 4
scheduler: {container: {image: dask}}
worker: {replicas: 2, container: {image: dask, args: [dask-worker, --nthreads, 2]}}
"""


def resource(text, **launch):
    return manifest(text, **launch)["resource"]


def roles(replicas):
    return {name: spec["template"]["metadata"]["labels"][ROLE] for name, spec in replicas.items()}


def containers(replicas):
    return {name: spec["template"]["spec"]["containers"][0]["name"] for name, spec in replicas.items()}


def test_a_pytorchjob():
    made = resource(PYTORCH, termination=Termination(timeout=600), namespace="team")
    assert (made["apiVersion"], made["kind"]) == ("kubeflow.org/v1", "PyTorchJob")
    assert made["metadata"]["name"] == f"plx-operation-{UUID}"
    assert made["metadata"]["namespace"] == "team"
    assert made["spec"]["runPolicy"] == {
        "cleanPodPolicy": "Running",
        "activeDeadlineSeconds": 600,
        "schedulingPolicy": {
            "minAvailable": 3,
            "queue": "gpu",
            "priorityClass": "high",
            "scheduleTimeoutSeconds": 60,
        },
    }
    assert made["spec"]["nprocPerNode"] == "4"
    replicas = made["spec"]["pytorchReplicaSpecs"]
    assert {name: (spec["replicas"], spec["restartPolicy"]) for name, spec in replicas.items()} == {
        "Master": (1, "Never"),
        "Worker": (2, "ExitCode"),
    }
    assert containers(replicas) == {"Master": "pytorch", "Worker": "pytorch"}
    assert roles(replicas) == {"Master": "leader", "Worker": "worker"}
    assert replicas["Worker"]["template"]["spec"]["nodeSelector"] == {"gpu": "a100"}


def test_an_elastic_pytorchjob_has_no_master():
    made = resource(
        "{kind: pytorchjob, elasticPolicy: {minReplicas: 1, maxReplicas: 3, rdvzBackend: c10d, maxRestarts: 5, Metrics: []}, "
        "worker: {replicas: 2, container: {image: torch}}}"
    )
    assert made["spec"]["elasticPolicy"] == {
        "minReplicas": 1,
        "maxReplicas": 3,
        "rdzvBackend": "c10d",
        "maxRestarts": 5,
        "metrics": [],
    }
    assert roles(made["spec"]["pytorchReplicaSpecs"]) == {"Worker": "leader"}


def test_a_tfjob():
    made = resource(TENSORFLOW)
    replicas = made["spec"]["tfReplicaSpecs"]
    assert {name: spec["replicas"] for name, spec in replicas.items()} == {
        "Chief": 1,
        "Worker": 3,
        "PS": 2,
        "Evaluator": 1,
    }
    assert roles(replicas) == {"Chief": "leader", "Worker": "worker", "PS": "ps", "Evaluator": "evaluator"}
    assert set(containers(replicas).values()) == {"tensorflow"}
    assert (made["spec"]["successPolicy"], made["spec"]["enableDynamicWorker"]) == ("AllWorkers", True)
    assert made["spec"]["runPolicy"] == {"cleanPodPolicy": "None"}
    assert [c["name"] for c in replicas["Worker"]["template"]["spec"]["initContainers"]] == [
        "polyaxon-init-file-0"
    ]


def test_a_tfjob_without_chief_is_led_by_its_first_worker():
    made = resource("{kind: tfjob, worker: {replicas: 2, container: {image: tf}}}")
    assert roles(made["spec"]["tfReplicaSpecs"]) == {"Worker": "leader"}


def test_an_mpijob():
    made = resource(MPI)
    replicas = made["spec"]["mpiReplicaSpecs"]
    assert made["kind"] == "MPIJob"
    assert made["spec"]["slotsPerWorker"] == 2
    assert containers(replicas) == {"Launcher": "mpi", "Worker": "mpi"}
    assert roles(replicas) == {"Launcher": "leader", "Worker": "worker"}


def trainer_of(text, **launch):
    (found,) = manifest(text, **launch)["alternatives"]
    assert found["main"] == "node"
    return found["resource"]["spec"]


def test_a_pytorchjob_is_a_train_job_where_the_cluster_has_only_that():
    spec = trainer_of("{kind: pytorchjob, nProcPerNode: 4, master: {container: {image: t, command: [c], "
                      "resources: {limits: {nvidia.com/gpu: 4}}}}, worker: {replicas: 3, container: {image: t, "
                      "command: [c], resources: {limits: {nvidia.com/gpu: 4}}}}}", termination=Termination(timeout=9))  # fmt: skip
    assert spec["runtimeRef"] == {"name": "torch-distributed"}
    assert spec["activeDeadlineSeconds"] == 9
    trainer = {key: value for key, value in spec["trainer"].items() if key != "env"}
    assert trainer == {
        "image": "t",
        "command": ["c"],
        "numNodes": 4,
        "numProcPerNode": 4,
        "resourcesPerNode": {"limits": {"nvidia.com/gpu": "4"}},
    }
    (job,) = spec["runtimePatches"][0]["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
    pod = job["template"]["spec"]["template"]
    assert pod["metadata"]["labels"][ROLE] == "leader"
    mounts = [mount["name"] for mount in pod["spec"]["containers"][0]["volumeMounts"]]
    assert sorted(mounts) == sorted(set(mounts)) == ["polyaxon-context", "polyaxon-run", "shm"]


def test_an_mpijob_as_a_train_job_has_its_command_in_the_launcher():
    spec = trainer_of(MPI)
    assert spec["trainer"]["command"] == ["mpirun", "-np", "4", "python", "train.py"]
    assert (spec["trainer"]["numNodes"], spec["trainer"]["numProcPerNode"]) == (2, 2)
    jobs = spec["runtimePatches"][0]["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
    assert [job["name"] for job in jobs] == ["launcher", "node"]


@pytest.mark.parametrize(
    ("text", "site"),
    [
        pytest.param(TENSORFLOW, Site(), id="Trainer has no runtime for TensorFlow"),
        pytest.param("{kind: pytorchjob, master: {container: {image: a}}, worker: {container: {image: b}}}", Site(), id="nodes differ"),
        pytest.param("{kind: pytorchjob, elasticPolicy: {maxReplicas: 2}, worker: {container: {image: a}}}", Site(), id="elastic"),
        pytest.param(
            "{kind: pytorchjob, worker: {init: [{file: {filename: a, content: b}}], container: {image: a}}}", Site(), id="init steps"
        ),
        pytest.param("{kind: pytorchjob, worker: {container: {image: a}}}", Site(training_runtimes={}), id="switched off"),
    ],
)  # fmt: skip
def test_what_no_train_job_can_do(text, site):
    assert not manifest(text, site=site).get("alternatives")


def test_a_raycluster_with_an_entrypoint_is_a_job():
    found = manifest(RAY, termination=Termination(timeout=60))
    spec = found["resource"]["spec"]
    assert (found["resource"]["kind"], found["main"]) == ("RayJob", "ray-job-submitter")
    assert (spec["entrypoint"], spec["shutdownAfterJobFinishes"]) == ("python train.py", True)
    assert yaml.safe_load(spec["runtimeEnvYAML"]) == {"pip": ["torch"]}
    assert (spec["metadata"], spec["activeDeadlineSeconds"]) == ({"team": "ml"}, 60)
    submitter = spec["submitterPodTemplate"]
    assert submitter["metadata"]["labels"][ROLE] == "leader"
    assert submitter["spec"]["containers"] == [{"name": "ray-job-submitter", "image": "ray"}]
    cluster = spec["rayClusterSpec"]
    assert (cluster["rayVersion"], cluster["enableInTreeAutoscaling"]) == ("2.9.0", True)
    head = cluster["headGroupSpec"]
    assert head["rayStartParams"] == {"dashboard-host": "0.0.0.0", "num-cpus": "0"}
    assert head["template"]["metadata"]["labels"][ROLE] == "head"
    groups = {group["groupName"]: group for group in cluster["workerGroupSpecs"]}
    bounds = {
        name: [group[key] for key in ("replicas", "minReplicas", "maxReplicas")]
        for name, group in groups.items()
    }
    assert bounds == {"small-group": [2, 1, 5], "large": [1, 1, 1]}


def test_a_raycluster_without_entrypoint_is_a_cluster():
    found = manifest("{kind: raycluster, head: {container: {image: ray}}}")
    assert (found["resource"]["kind"], found["main"]) == ("RayCluster", "ray-head")
    template = found["resource"]["spec"]["headGroupSpec"]["template"]
    assert template["metadata"]["labels"][ROLE] == "leader"


def test_a_daskcluster():
    found = manifest(DASK)
    spec = found["resource"]["spec"]
    scheduler = spec["scheduler"]["spec"]["containers"][0]
    assert scheduler["args"] == ["dask-scheduler"]
    assert [port["containerPort"] for port in scheduler["ports"]] == [8786, 8787]
    assert (
        spec["scheduler"]["service"]["selector"]["dask.org/cluster-name"]
        == found["resource"]["metadata"]["name"]
    )
    assert spec["worker"]["replicas"] == 2
    assert spec["worker"]["spec"]["containers"][0]["args"] == ["dask-worker", "--nthreads", "2"]
    (autoscaler,) = found["companions"]
    assert autoscaler["spec"] == {"cluster": f"plx-operation-{UUID}", "minimum": 1, "maximum": 4}


REFUSED = [
    pytest.param("{kind: pytorchjob}", "has no replicas; a pytorchjob needs some", id="no roles"),
    pytest.param("{kind: raycluster}", "has no head", id="no head"),
    pytest.param("{kind: daskcluster, scheduler: {container: {image: d}}}", "has no worker", id="no workers"),
    pytest.param("{kind: tfjob, worker: {replicas: 2}}", "has no container", id="a role without container"),
    pytest.param(
        "{kind: mpijob, schedulingPolicy: {minResources: 2}, launcher: {container: {image: m}}}",
        "minResources is a number",
        id="a field that no operator takes so",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED)
def test_what_lacks_something_says_so(text, sentence):
    with pytest.raises(CompilationError, match=sentence):
        manifest(text)
