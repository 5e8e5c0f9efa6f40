"""What the manifest of a run depends on besides its `run:` section."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.sections.connections import Connection
    from polyaxon_airflow.sections.plugins import Plugins
    from polyaxon_airflow.sections.termination import Termination


@dataclass(frozen=True)
class Site:
    """What a deployment adds to the pods of all runs."""

    helper_image: str | None = (
        None  # has this package; for init steps. The process runner takes its own Python
    )
    service_account: str | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict)
    affinity: Mapping[str, Any] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, Any], ...] = ()
    image_pull_secrets: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)  # such as HTTP_PROXY
    labels: Mapping[str, str] = field(default_factory=dict)  # of pods, and of the resources that make them
    priority_class: str | None = None
    # Kind of run -> ClusterTrainingRuntime, for clusters that have Kubeflow Trainer v2 and not its predecessor.
    training_runtimes: Mapping[str, str] = field(
        default_factory=lambda: {"pytorchjob": "torch-distributed", "mpijob": "deepspeed-distributed"}
    )


@dataclass(frozen=True)
class Launch:
    """One run, as the builder of its pods sees it. All values are literal: no template is left in them."""

    uuid: str  # 32 hexadecimal digits
    name: str
    owner: str
    project: str
    site: Site = field(default_factory=Site)
    namespace: str | None = None  # of the queue's agent; None: the connection's
    plugins: Plugins | None = None
    termination: Termination | None = None
    variables: tuple[tuple[str, str], ...] = ()  # inputs with `toEnv`, in their order
    connections: Mapping[str, Connection] = field(
        default_factory=dict
    )  # all that the deployment knows, by name
    artifacts_store: Connection | None = None
    attempt: int = 1  # number of the run's attempt
    run_names: Mapping[str, str] = field(
        default_factory=dict
    )  # by uuid, of runs that the operation's init names

    @property
    def resource_name(self) -> str:
        """The name of the run's Kubernetes object, which makes it the only one of its uuid."""
        return f"plx-operation-{self.uuid}"

    @property
    def instance(self) -> str:
        """The value of POLYAXON_RUN_INSTANCE."""
        return f"{self.owner}.{self.project}.runs.{self.uuid}"

    @property
    def timeout(self) -> int | None:
        """`termination.timeout` in seconds; Polyaxon takes 0 for none."""
        timeout = self.termination.timeout if self.termination is not None else None
        return timeout if isinstance(timeout, int) and timeout else None

    def plugin(self, name: str, *, default: bool) -> bool:
        """Whether a plugin is on; spec section 2.16 gives the defaults."""
        value = getattr(self.plugins, name, None)
        return default if value is None else bool(value)
