"""Stand-ins for the operators of custom resources: enough of each for a run to go from its creation to its end.

They make the pods that the real ones make, with their labels and variables, and write the statuses that those write.
No Ray and no Dask is started: an entrypoint runs as the submitter's own command.
"""

from __future__ import annotations

import asyncio
import copy
import json
import shlex

from tests.kube.client import Client
from tests.kube.objects import now
from tests.kube.resources import Resource

ENDED = {"Succeeded", "Failed"}


class Controller:
    """Makes pods for the resources of one kind and keeps their status."""

    resource: Resource

    def __init__(self, kubeconfig):
        self._kubeconfig = kubeconfig

    async def run(self):
        async with Client(self._kubeconfig) as self.client:
            self._objects, self._pods = {}, {}
            await asyncio.gather(self._watch_objects(), self._watch_pods())

    async def make(self, obj):
        """Create the pods of a resource."""
        raise NotImplementedError

    def status(self, obj, pods):
        """The status of a resource with those pods."""
        raise NotImplementedError

    async def clean(self, obj, pods):
        """What to remove once a resource has ended."""

    async def _watch_objects(self):
        async for change, obj in self.client.watch(
            f"/apis/{self.resource.group_version}/{self.resource.plural}"
        ):
            uid = obj["metadata"]["uid"]
            if change == "DELETED":
                self._objects.pop(uid, None)  # the garbage collector takes the pods
            elif uid in self._objects:
                self._objects[uid] = obj
            else:
                self._objects[uid] = obj
                await self._write(obj, [])
                await self.make(obj)

    async def _watch_pods(self):
        async for change, pod in self.client.watch("/api/v1/pods"):
            for owner in pod["metadata"].get("ownerReferences") or []:
                pods = self._pods.setdefault(owner["uid"], {})
                pods[pod["metadata"]["name"]] = pod
                if owner["uid"] in self._objects and change != "DELETED":
                    await self._write(self._objects[owner["uid"]], list(pods.values()))

    async def _write(self, obj, pods):
        status = self.status(obj, pods)
        if obj.get("status", {}).get("completionTime"):
            return
        if json.dumps(status) != json.dumps(obj.get("status")):
            obj["status"] = status
            await self.client.patch_status(self._path(obj), status)
        if status.get("completionTime"):
            await self.clean(obj, pods)

    def _path(self, obj):
        metadata = obj["metadata"]
        where = f"/apis/{self.resource.group_version}/namespaces/{metadata['namespace']}"
        return f"{where}/{self.resource.plural}/{metadata['name']}"

    async def create_pod(self, obj, name, template, *, labels=None, variables=None, command=None):
        body = copy.deepcopy(template)
        metadata = body.setdefault("metadata", {})
        metadata["labels"] = {**metadata.get("labels", {}), **(labels or {})}
        owner = {"apiVersion": self.resource.group_version, "kind": self.resource.kind, "controller": True}
        owner |= {key: obj["metadata"][key] for key in ("name", "uid")}
        metadata |= {"name": name, "ownerReferences": [owner]}
        body["spec"] = {"restartPolicy": "Never", **body["spec"]}
        for container in body["spec"]["containers"]:
            added = [{"name": key, "value": str(value)} for key, value in (variables or {}).items()]
            container["env"] = [*container.get("env", []), *added]
        if command:
            body["spec"]["containers"][0] |= {"command": command, "args": []}
        await self.client.call("POST", f"/api/v1/namespaces/{obj['metadata']['namespace']}/pods", body)

    async def delete_pod(self, pod):
        metadata = pod["metadata"]
        await self.client.call(
            "DELETE", f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}", {}
        )


class TrainingOperator(Controller):
    """Kubeflow's v1 jobs: roles of pods; the leading role decides, and any failure fails the job."""

    specs = leader = ""

    async def make(self, obj):
        name, replicas = obj["metadata"]["name"], obj["spec"][self.specs]
        roles = sorted(replicas, key=lambda role: role != self.leader)
        places = [(role, index) for role in roles for index in range(replicas[role].get("replicas", 1))]
        for rank, (role, index) in enumerate(places):
            labels = {
                "training.kubeflow.org/job-name": name,
                "training.kubeflow.org/replica-type": role.lower(),
                "training.kubeflow.org/replica-index": str(index),
            }
            variables = {"RANK": rank, "WORLD_SIZE": len(places)}
            template = replicas[role]["template"]
            pod = f"{name}-{role.lower()}-{index}"
            await self.create_pod(obj, pod, template, labels=labels, variables=variables)

    def status(self, obj, pods):
        kind, replicas = self.resource.kind, obj["spec"][self.specs]
        phases = [(_role(pod), pod["status"].get("phase")) for pod in pods]
        lead = self.leader if self.leader in replicas else "Worker"
        done = sum(role == lead.lower() and phase == "Succeeded" for role, phase in phases)
        conditions = [_condition("Created", f"{kind}Created", f"{kind} is created.")]
        if any(phase == "Failed" for _, phase in phases):
            failed = ", ".join(sorted({role for role, phase in phases if phase == "Failed"}))
            conditions.append(
                _condition("Failed", f"{kind}Failed", f"{kind} failed because {failed} replica(s) failed.")
            )
        elif done >= replicas[lead].get("replicas", 1):
            conditions.append(_condition("Succeeded", f"{kind}Succeeded", f"{kind} successfully completed."))
        elif any(phase == "Running" for _, phase in phases):
            conditions.append(_condition("Running", f"{kind}Running", f"{kind} is running."))
        ended = conditions[-1]["type"] in ENDED
        return {"conditions": conditions, **({"completionTime": now()} if ended else {})}

    async def clean(self, obj, pods):
        policy = obj["spec"].get("runPolicy", {}).get("cleanPodPolicy", "None")
        for pod in pods:
            if policy == "All" or (policy == "Running" and pod["status"].get("phase") not in ENDED):
                await self.delete_pod(pod)


class PyTorchJobs(TrainingOperator):
    resource = Resource("kubeflow.org/v1", "pytorchjobs", "PyTorchJob")
    specs, leader = "pytorchReplicaSpecs", "Master"


class TFJobs(TrainingOperator):
    resource = Resource("kubeflow.org/v1", "tfjobs", "TFJob")
    specs, leader = "tfReplicaSpecs", "Chief"


class MPIJobs(TrainingOperator):
    resource = Resource("kubeflow.org/v1", "mpijobs", "MPIJob")
    specs, leader = "mpiReplicaSpecs", "Launcher"


class TrainJobs(Controller):
    """Kubeflow's v2 jobs: all nodes alike, in a runtime whose container is named `node`."""

    resource = Resource("trainer.kubeflow.org/v1alpha1", "trainjobs", "TrainJob")

    async def make(self, obj):
        trainer = obj["spec"]["trainer"]
        patch = obj["spec"]["runtimePatches"][0]["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"][
            -1
        ]
        pod = patch["template"]["spec"]["template"]
        container = {key: trainer[key] for key in ("image", "command", "args", "env") if key in trainer}
        spec = {**pod["spec"], "containers": [{**pod["spec"]["containers"][0], **container}]}
        for index in range(trainer["numNodes"]):
            name = f"{obj['metadata']['name']}-node-0-{index}"
            variables = {"PET_NODE_RANK": index, "PET_NNODES": trainer["numNodes"]}
            await self.create_pod(obj, name, {"metadata": pod["metadata"], "spec": spec}, variables=variables)

    def status(self, obj, pods):
        phases = [pod["status"].get("phase") for pod in pods]
        if "Failed" in phases:
            return {
                "conditions": [_condition("Failed", "JobsFailed", "jobset failed")],
                "completionTime": now(),
            }
        if phases.count("Succeeded") == obj["spec"]["trainer"]["numNodes"]:
            return {
                "conditions": [_condition("Complete", "JobsCompleted", "jobset done")],
                "completionTime": now(),
            }
        return {"conditions": [_condition("Suspended", "Resumed", "resumed", holds=False)]}


class RayJobs(Controller):
    """KubeRay's jobs: a submitter pod that prints the job's log, and a cluster that nobody starts here."""

    resource = Resource("ray.io/v1", "rayjobs", "RayJob")

    async def make(self, obj):
        command = shlex.split(obj["spec"]["entrypoint"])
        template = obj["spec"]["submitterPodTemplate"]
        await self.create_pod(obj, f"{obj['metadata']['name']}-submit", template, command=command)

    def status(self, obj, pods):
        phase = pods[0]["status"].get("phase") if pods else None
        deployment, job = {
            "Running": ("Running", "RUNNING"),
            "Succeeded": ("Complete", "SUCCEEDED"),
            "Failed": ("Failed", "FAILED"),
        }.get(phase, ("Initializing", ""))
        status = {"jobDeploymentStatus": deployment, "jobStatus": job}
        if deployment == "Failed":
            status |= {"reason": "AppFailed", "message": "Job entrypoint command failed with exit code 1"}
        return {**status, **({"completionTime": now()} if phase in ENDED else {})}


class RayClusters(Controller):
    """KubeRay's clusters: a head that runs until the cluster is deleted."""

    resource = Resource("ray.io/v1", "rayclusters", "RayCluster")

    async def make(self, obj):
        await self.create_pod(
            obj, f"{obj['metadata']['name']}-head", obj["spec"]["headGroupSpec"]["template"]
        )

    def status(self, obj, pods):
        running = any(pod["status"].get("phase") == "Running" for pod in pods)
        return {"state": "ready"} if running else {"desiredWorkerReplicas": 0}


class DaskClusters(Controller):
    """The Dask operator's clusters: a scheduler and its workers, until the cluster is deleted."""

    resource = Resource("kubernetes.dask.org/v1", "daskclusters", "DaskCluster")

    async def make(self, obj):
        name = obj["metadata"]["name"]
        labels = {"dask.org/cluster-name": name, "dask.org/component": "scheduler"}
        await self.create_pod(obj, f"{name}-scheduler", obj["spec"]["scheduler"], labels=labels)
        for index in range(obj["spec"]["worker"].get("replicas", 1)):
            labels = {"dask.org/cluster-name": name, "dask.org/component": "worker"}
            worker, pod = obj["spec"]["worker"], f"{name}-worker-{index}"
            await self.create_pod(obj, pod, worker, labels=labels, variables={"DASK_WORKER_NAME": pod})

    def status(self, obj, pods):
        running = any(pod["status"].get("phase") == "Running" for pod in pods)
        return {"phase": "Running" if running else "Created"}


ALL = (PyTorchJobs, TFJobs, MPIJobs, TrainJobs, RayJobs, RayClusters, DaskClusters)


def _role(pod):
    return pod["metadata"]["labels"]["training.kubeflow.org/replica-type"]


def _condition(kind, reason, message, *, holds=True):
    return {"type": kind, "status": str(holds), "reason": reason, "message": message}
