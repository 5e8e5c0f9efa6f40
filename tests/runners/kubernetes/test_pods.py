"""How a run ended, from the status of its pod: the shapes are those that a kubelet and the controllers write."""

import pytest

from polyaxon_airflow.runners.base import Outcome
from polyaxon_airflow.runners.kubernetes.pods import GONE, read, vanished


def status(name, **state):
    return {"name": name, "image": "registry/train:1", "state": state, "lastState": {}, "restartCount": 0}


def ended(name, code, **more):
    return status(name, terminated={"exitCode": code, "finishedAt": "2026-01-01T10:00:00Z", **more})


def pod(*containers, inits=(), phase="Running", policy="Never", metadata=None, **more):
    return {
        "metadata": {"name": "p", **(metadata or {})},
        "spec": {
            "restartPolicy": policy,
            "containers": [
                {"name": container["name"], "image": "registry/train:1"} for container in containers
            ],
            "initContainers": [
                {"name": container["name"], **({"restartPolicy": "Always"} if "native" in container else {})}
                for container in inits
            ],
        },
        "status": {
            "phase": phase,
            "containerStatuses": list(containers),
            "initContainerStatuses": list(inits),
            **more,
        },
    }


def restarting(name, times):
    """A native sidecar between two of its starts."""
    last = {"terminated": {"exitCode": 1, "message": "no module"}}
    waiting = status(name, waiting={"reason": "CrashLoopBackOff", "message": "back-off 10s"})
    return {**waiting, "lastState": last, "restartCount": times, "native": True}


def deleted(at, grace):
    return {"deletionTimestamp": at, "deletionGracePeriodSeconds": grace}


PREEMPTED = {
    "type": "DisruptionTarget",
    "status": "True",
    "reason": "PreemptionByScheduler",
    "message": "default-scheduler: preempting to accommodate a higher priority pod",
}
EVICTED = {"reason": "Evicted", "message": "The node was low on resource: memory."}

ENDED = [
    pytest.param(pod(ended("main", 0), phase="Succeeded"), Outcome("succeeded", 0), id="exit code 0"),
    pytest.param(
        pod(ended("main", 0), status("side", running={})),
        Outcome("succeeded", 0),
        id="main has ended, a sidecar still runs",
    ),
    pytest.param(
        pod(ended("main", 7), phase="Failed"),
        Outcome("failed", 7, "the main container exited with code 7"),
        id="another exit code",
    ),
    pytest.param(
        pod(ended("main", 1, message="no data\n"), phase="Failed"),
        Outcome("failed", 1, "the main container exited with code 1: no data"),
        id="with its termination message",
    ),
    pytest.param(
        pod(ended("main", 137, reason="OOMKilled"), phase="Failed"),
        Outcome(
            "failed",
            137,
            "the main container was killed because its memory limit was reached (exit code 137)",
        ),
        id="out of memory",
    ),
    pytest.param(
        pod(
            status("main", waiting={"reason": "PodInitializing"}), inits=[ended("prepare", 4)], phase="Failed"
        ),
        Outcome("failed", 4, "init container 'prepare' exited with code 4"),
        id="an init container failed",
    ),
    pytest.param(
        pod(status("main", waiting={"reason": "ContainerCreating"}), phase="Succeeded"),
        Outcome("failed", None, "the pod is Succeeded, but its main container has no exit code"),
        id="a phase alone is no success",
    ),
    pytest.param(
        pod(ended("main", 137), phase="Failed", **EVICTED),
        Outcome(
            "failed", 137, "the pod was ended by Kubernetes: Evicted: The node was low on resource: memory."
        ),
        id="evicted by its node",
    ),
    pytest.param(
        pod(phase="Failed", **EVICTED),
        Outcome(
            "failed", None, "the pod was ended by Kubernetes: Evicted: The node was low on resource: memory."
        ),
        id="evicted before it started",
    ),
    pytest.param(
        pod(ended("main", 0), phase="Failed", reason="DeadlineExceeded", message="Pod was active too long"),
        Outcome("failed", 0, "the pod was ended by Kubernetes: DeadlineExceeded: Pod was active too long"),
        id="ended at its deadline, though the container said 0 when it was told to end",
    ),
    pytest.param(
        pod(ended("main", 143), metadata=deleted("2026-01-01T10:00:20Z", 30), conditions=[PREEMPTED]),
        Outcome(
            "failed",
            143,
            "the main container was ended with exit code 143: PreemptionByScheduler: "
            "default-scheduler: preempting to accommodate a higher priority pod",
            disrupted=True,
        ),
        id="preempted",
    ),
    pytest.param(
        pod(ended("main", 0), metadata=deleted("2026-01-01T10:00:20Z", 30)),
        Outcome("failed", 0, "the main container was ended with exit code 0: its pod was deleted"),
        id="a container that exits with 0 because its pod is deleted did not succeed",
    ),
    pytest.param(
        pod(ended("main", 0), metadata=deleted("2026-01-01T10:00:40Z", 30)),
        Outcome("succeeded", 0),
        id="a pod that is deleted after its container has ended",
    ),
    pytest.param(
        pod(ended("main", 1), policy="OnFailure", phase="Failed"),
        Outcome("failed", 1, "the main container exited with code 1"),
        id="a restart policy has no say once the pod has failed",
    ),
    pytest.param(
        pod(
            status("main", waiting={"reason": "PodInitializing"}),
            inits=[restarting("relay", 3)],
            phase="Pending",
        ),
        Outcome("failed", 1, "the pod does not start: its sidecar 'relay' exited with code 1: no module"),
        id="a sidecar that the main container waits for ends again and again",
    ),
]


@pytest.mark.parametrize(("found", "outcome"), ENDED)
def test_how_a_run_ended(found, outcome):
    assert read(found, "main").outcome == outcome


GOES_ON = [
    pytest.param(pod(status("main", running={})), id="it runs"),
    pytest.param(pod(phase="Pending"), id="nothing is known yet"),
    pytest.param(
        pod(status("main", waiting={}), inits=[restarting("relay", 2)], phase="Pending"),
        id="a sidecar may end at first",
    ),
    pytest.param(
        pod(status("main", running={}), inits=[restarting("relay", 9)]),
        id="a sidecar ends again and again beside a main container that runs",
    ),
    pytest.param(pod(ended("main", 1), policy="OnFailure"), id="it will be restarted"),
    pytest.param(
        pod(status("main", waiting={}), inits=[ended("prepare", 0)], phase="Pending"), id="init is done"
    ),
    pytest.param(
        pod(status("main", waiting={}), inits=[ended("prepare", 1)], phase="Pending", policy="OnFailure"),
        id="init will be restarted",
    ),
    pytest.param(pod(ended("side", 1), status("main", running={})), id="a sidecar failed"),
]


@pytest.mark.parametrize("found", GOES_ON)
def test_a_run_goes_on(found):
    assert read(found, "main").outcome is None


WAITING = [
    pytest.param(
        pod(status("main", waiting={"reason": "ErrImagePull", "message": "not found"}), phase="Pending"),
        "container 'main' cannot pull image 'registry/train:1' (ErrImagePull): not found",
        True,
        id="an image that cannot be pulled",
    ),
    pytest.param(
        pod(
            status("main", waiting={"reason": "PodInitializing"}),
            inits=[status("prepare", waiting={"reason": "ImagePullBackOff", "message": "back-off"})],
            phase="Pending",
        ),
        "container 'prepare' cannot pull image 'registry/train:1' (ImagePullBackOff): back-off",
        True,
        id="of an init container",
    ),
    pytest.param(
        pod(
            status(
                "main", waiting={"reason": "CreateContainerConfigError", "message": 'secret "s" not found'}
            )
        ),
        "container 'main' cannot start (CreateContainerConfigError): secret \"s\" not found",
        True,
        id="a secret that is not there",
    ),
    pytest.param(
        pod(
            status("main", waiting={"reason": "CrashLoopBackOff", "message": "back-off 10s"}),
            policy="OnFailure",
        ),
        "container 'main' restarts: back-off 10s",
        False,
        id="between restarts",
    ),
    pytest.param(
        pod(
            phase="Pending",
            conditions=[
                {
                    "type": "PodScheduled",
                    "status": "False",
                    "reason": "Unschedulable",
                    "message": "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
                }
            ],
        ),
        "no node takes the pod (Unschedulable): 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
        False,
        id="a full cluster, which may have room later",
    ),
    pytest.param(pod(status("main", waiting={"reason": "ContainerCreating"})), "", False, id="on its way"),
]


@pytest.mark.parametrize(("found", "reason", "stuck"), WAITING)
def test_what_a_run_waits_for(found, reason, stuck):
    state = read(found, "main")
    assert (state.waits_for, state.stuck) == (reason, stuck)


def test_containers_with_logs_are_those_that_have_started():
    restarting = {
        **status("side", waiting={"reason": "CrashLoopBackOff"}),
        "lastState": {"terminated": {"exitCode": 1}},
    }
    found = pod(
        status("main", running={}), restarting, status("late", waiting={}), inits=[ended("prepare", 0)]
    )
    assert read(found, "main").started == ("prepare", "main", "side")
    assert read(found, "main").ended == {"prepare"}


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        pytest.param(None, Outcome("failed", None, GONE), id="never seen"),
        pytest.param(pod(status("main", running={})), Outcome("failed", None, GONE), id="last seen running"),
        pytest.param(pod(ended("main", 0)), Outcome("succeeded", 0), id="last seen ended with 0"),
        pytest.param(
            pod(status("main", running={}), conditions=[PREEMPTED]),
            Outcome(
                "failed",
                None,
                "the pod was removed: PreemptionByScheduler: "
                "default-scheduler: preempting to accommodate a higher priority pod",
                disrupted=True,
            ),
            id="last seen being preempted",
        ),
    ],
)
def test_a_pod_that_vanished(found, outcome):
    assert vanished(found, "main") == outcome
