"""`run`: what an operation executes (spec sections 2.7 to 2.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

from pydantic_core import PydanticCustomError

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.init.entry import Init
from polyaxon_airflow.kinds import Kinds
from polyaxon_airflow.scalars import OR_TEMPLATE, TextsOrTemplate
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.environment import Environment
from polyaxon_airflow.sections.kubernetes import Container, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from polyaxon_airflow.runtimes.launch import Launch

# What a runner takes: {"kind": "pod", "pod": <V1Pod>, "companions": [<object>]} or
# {"kind": "custom", "resource": <custom resource>}; docs/architecture.md has the whole of it.
Manifest = dict[str, Any]
WITHOUT_KIND = PydanticCustomError("run_without_kind", "needs a kind, which no component gives it")

PodPath = tuple[str, ...]  # of a pod template below `run`: (), ("worker",), ("workers", "large")


class PodTemplate(Section):
    """What a run says about one of its pods."""

    environment: Annotated[Environment | str, OR_TEMPLATE] | None = None
    connections: TextsOrTemplate | None = None
    volumes: list[Volume] | None = None
    init: Annotated[list[Init] | str, OR_TEMPLATE] | None = None
    sidecars: list[Container] | None = None
    container: Container | None = None


class Runtime(Section):
    """Base of the kinds of `run`."""

    has_roles: ClassVar[bool] = False  # its pods are those of its roles, of which any may be left out

    kind: str

    def manifest(self, launch: Launch) -> Manifest:
        """What a runner executes. Raises CompilationError for a run that lacks something, or that is no run of its own."""
        raise CompilationError(f"'{launch.name}' is a {self.kind}, whose operations run, but not itself")

    def pods(self) -> Mapping[PodPath, PodTemplate]:
        """The pod templates of the run by their place in it; one at () for a job, one a role for the distributed kinds."""
        return {}

    def with_pods(self, pods: Mapping[PodPath, PodTemplate]) -> Self:
        """The run with other pod templates at the places of those it has."""
        if () in pods:
            return cast("Self", pods[()])
        update: dict[str, Any] = {}
        for (role, *group), pod in pods.items():
            update[role] = {**update.get(role, getattr(self, role)), group[0]: pod} if group else pod
        return self.model_copy(update=update)


RUNTIME = Kinds(
    "run",
    Runtime,
    {
        "cleaner": "polyaxon_airflow.runtimes.job:Cleaner",
        "dag": "polyaxon_airflow.polyaxonfile.dag:Dag",
        "daskcluster": "polyaxon_airflow.runtimes.daskcluster:DaskCluster",
        "job": "polyaxon_airflow.runtimes.job:Job",
        "mpijob": "polyaxon_airflow.runtimes.mpijob:MPIJob",
        "notifier": "polyaxon_airflow.runtimes.job:Notifier",
        "pytorchjob": "polyaxon_airflow.runtimes.pytorchjob:PytorchJob",
        "raycluster": "polyaxon_airflow.runtimes.raycluster:RayCluster",
        "service": "polyaxon_airflow.runtimes.service:Service",
        "tfjob": "polyaxon_airflow.runtimes.tfjob:TFJob",
        "tuner": "polyaxon_airflow.runtimes.job:Tuner",
    },
    retired={
        "container": "write kind: job",
        "daskjob": "write kind: daskcluster",
        "mxjob": "MXNet has no operator any more; use pytorchjob or mpijob",
        "mxnetjob": "MXNet has no operator any more; use pytorchjob or mpijob",
        "paddlejob": "use mpijob, or job with one replica",
        "rayjob": "write kind: raycluster",
        "sparkjob": "submit to Spark from a job",
        "xgbjob": "use daskcluster, or job with one replica",
    },
)
