"""Training jobs of Kubeflow's Training Operator v1 (CRDs of kubeflow/trainer v1.9.4, kubeflow.org/v1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.runtimes.custom import given, required, resource, role_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.runtimes import Manifest
    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.runtimes.replicas import CleanPodPolicy, Replica, SchedulingPolicy


@dataclass(frozen=True)
class TrainingJob:
    """A run of several roles, as the operator's resources describe it."""

    run_kind: str  # "pytorchjob"
    kind: str  # "PyTorchJob"
    specs: str  # the field that holds its roles
    main: str  # the container's name that the operator looks for
    roles: Mapping[str, Replica]  # by their names in the resource, the leading one first
    launch: Launch
    clean_pod_policy: CleanPodPolicy | None = None
    scheduling_policy: SchedulingPolicy | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  # further fields of the spec

    def manifest(self) -> Manifest:
        """`{"kind": "custom", "resource", "main"}`. Raises CompilationError for a run without roles."""
        if not self.roles:
            raise CompilationError(f"run '{self.launch.name}' has no replicas; a {self.run_kind} needs some")
        leader = next(iter(self.roles))
        replicas = {
            name: self._replica(name, role, leads=name == leader) for name, role in self.roles.items()
        }
        policy = given(
            cleanPodPolicy=self.clean_pod_policy or "None",
            activeDeadlineSeconds=self.launch.timeout,
            schedulingPolicy=_scheduling(self.scheduling_policy, self.launch),
        )
        spec = {"runPolicy": policy, self.specs: replicas, **self.extra}
        made = resource(self.launch, "kubeflow.org/v1", self.kind, spec)
        return {"kind": "custom", "resource": made, "main": self.main}

    def _replica(self, name: str, role: Replica, *, leads: bool) -> dict[str, Any]:
        template = role_template(
            role, self.launch, kind=self.run_kind, main=self.main, role=name.lower(), leads=leads
        )
        environment = role.environment if not isinstance(role.environment, str) else None
        policy = (environment.restart_policy if environment is not None else None) or "Never"
        return {"replicas": count(role), "restartPolicy": policy, "template": template}


def roles_of(launch: Launch, **replicas: Replica | str | None) -> dict[str, Replica]:
    """The roles that a file gives, in the order in which they lead."""
    return {
        name: required(replica, launch, name.lower())
        for name, replica in replicas.items()
        if replica is not None
    }


def count(role: Replica) -> int:
    """How many pods a role has; one, unless the file says so."""
    return int(role.replicas) if role.replicas is not None else 1


def _scheduling(policy: SchedulingPolicy | None, launch: Launch) -> dict[str, Any] | None:
    if policy is not None and policy.min_resources is not None:
        raise CompilationError(
            f"run '{launch.name}': schedulingPolicy.minResources is a number, but the training operator wants "
            "amounts by resource. Leave it out: the operator sums up what the pods ask for"
        )
    return policy.to_dict() if policy is not None else None
