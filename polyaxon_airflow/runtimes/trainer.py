"""TrainJobs of Kubeflow Trainer v2, for clusters that have it and not its predecessor (CRD of v2.3.0).

A TrainJob fills in a ClusterTrainingRuntime that the cluster's administrator made: image, command and size, and
patches of the runtime's pods for what a run needs besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.runtimes.custom import given, resource
from polyaxon_airflow.runtimes.metadata import LEADER, ROLE_LABEL
from polyaxon_airflow.runtimes.pod import pod_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.runtimes.replicas import Replica

NODE = "node"  # the container that trains, and the job of the nodes, in the runtimes that Trainer ships
LAUNCHER = "launcher"  # the job that runs mpirun in those for MPI
MANAGER = "airflow.polyaxon.com/runs"
# Fields of a pod that a TrainJob may patch.
PATCHABLE = (
    "serviceAccountName",
    "nodeSelector",
    "affinity",
    "tolerations",
    "imagePullSecrets",
    "securityContext",
)


def train_job(
    node: Replica,
    launch: Launch,
    *,
    kind: str,
    nodes: int,
    processes: int | None,
    jobs: Sequence[str] = (NODE,),
) -> list[dict[str, Any]]:
    """`[{"resource", "main"}]`, the alternative of a manifest; empty where a TrainJob cannot do the same.

    `nodes` pods with `processes` each; `jobs` are those of the runtime, the leading one first. A TrainJob knows
    neither init containers nor sidecars.
    """
    runtime = launch.site.training_runtimes.get(kind)
    template = pod_template(node, launch, kind=kind, main=NODE, helped=False)
    if runtime is None or template["spec"].get("initContainers") or len(template["spec"]["containers"]) > 1:
        return []
    container = template["spec"]["containers"][0]
    trainer = given(
        image=container.get("image"),
        command=container.get("command"),
        args=container.get("args"),
        env=container.get("env"),
        resourcesPerNode=container.get("resources"),
        numNodes=nodes,
        numProcPerNode=processes,
    )
    patched = [_patched(job, template, leads=job == jobs[0]) for job in jobs]
    patch = {"manager": MANAGER, "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": patched}}}}
    spec = {
        "runtimeRef": {"name": runtime},
        "trainer": trainer,
        "runtimePatches": [patch],
        "activeDeadlineSeconds": launch.timeout,
    }
    made = resource(launch, "trainer.kubeflow.org/v1alpha1", "TrainJob", spec)
    return [{"resource": made, "main": NODE}]


def _patched(job: str, template: dict[str, Any], *, leads: bool) -> dict[str, Any]:
    """What the pods of one job need besides image and command: labels, placement, volumes."""
    spec, metadata = template["spec"], template["metadata"]
    # A patch takes one mount a volume; of the run's directory that is the one that templates name.
    mounts = {mount["name"]: mount for mount in reversed(spec["containers"][0]["volumeMounts"])}
    pod = {key: spec[key] for key in PATCHABLE if key in spec}
    pod |= {
        "volumes": spec["volumes"],
        "containers": [{"name": NODE, "volumeMounts": list(mounts.values())[::-1]}],
    }
    labels = {**metadata["labels"], ROLE_LABEL: LEADER if leads else job}
    pod_patch = {"metadata": {"labels": labels, "annotations": metadata["annotations"]}, "spec": pod}
    return {"name": job, "template": {"spec": {"template": pod_patch}}}
