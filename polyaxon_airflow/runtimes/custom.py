"""What the manifests of all custom resources have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.runtimes.metadata import LEADER, ROLE_LABEL, UUID_LABEL
from polyaxon_airflow.runtimes.pod import pod_template

if TYPE_CHECKING:
    from polyaxon_airflow.runtimes import PodTemplate
    from polyaxon_airflow.runtimes.launch import Launch

T = TypeVar("T")
Object = dict[str, Any]


def resource(launch: Launch, api_version: str, kind: str, spec: Object) -> Object:
    """A custom resource of a run, without the fields of its spec that are None."""
    labels = {**launch.site.labels, UUID_LABEL: launch.uuid}
    metadata: Object = {"name": launch.resource_name, "labels": labels}
    if launch.namespace:
        metadata["namespace"] = launch.namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": given(**spec)}


def role_template(
    template: PodTemplate,
    launch: Launch,
    *,
    kind: str,
    main: str,
    role: str,
    leads: bool,
    helped: bool = True,
) -> Object:
    """The pod template of one role; pods of the leading one are labelled so, for whoever reads the run's log."""
    made = pod_template(template, launch, kind=kind, main=main, helped=helped and leads)
    made["metadata"]["labels"][ROLE_LABEL] = LEADER if leads else role
    return made


def required(found: T | str | None, launch: Launch, field: str) -> T:
    """A part that its operator cannot do without. Raises CompilationError."""
    if found is None or isinstance(found, str):
        raise CompilationError(
            f"run '{launch.name}' has no {field}, which its operator needs; write run.{field}"
        )
    return found


def given(**fields: Any) -> Object:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}
