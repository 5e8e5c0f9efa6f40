"""What every runner offers, and the values that pass through it.

A runner takes a manifest (Kubernetes-shaped plain data that a runtime kind made) and knows nothing of
polyaxonfiles. `tests/contracts/runner.py` holds every runner to the same behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Manifest = dict[
    str, Any
]  # {"kind": "pod", "pod": <V1Pod>} or {"kind": "custom", "resource": <custom resource>}
Handle = dict[str, Any]  # JSON; kept in the store, so that a retry finds a run that still lives

MAIN_CONTAINER = "polyaxon-main"

if TYPE_CHECKING:
    # The items of a secret by its name, None for a secret that nobody provides. Manifests name secrets; who starts a
    # run passes in where their items come from, so that no manifest, handle or log holds a value.
    Provided: TypeAlias = Callable[[str], Mapping[str, str] | None]


def no_secrets(_: str) -> None:
    """Provides nothing."""


@dataclass(frozen=True)
class RunIdentity:
    """Who a run is, for labels, directories and environment variables."""

    uuid: str  # 32 hexadecimal digits
    name: str
    owner: str
    project: str

    @property
    def instance(self) -> str:
        """`owner.project.runs.uuid`, the value of POLYAXON_RUN_INSTANCE (spec section 5.1)."""
        return f"{self.owner}.{self.project}.runs.{self.uuid}"


class Line(NamedTuple):
    """One line of a container's output, without its newline; undecodable bytes are escaped."""

    container: str
    text: str


class Outcome(NamedTuple):
    """How a run ended. Success is never reported without the exit code 0 of the main container."""

    status: Literal["succeeded", "failed", "stopped"]
    exit_code: int | None = None  # of the container that decided; None when none ran to its end
    reason: str = ""  # a sentence for people, empty on success
    retriable: bool = True  # whether another attempt may end better
    disrupted: bool = False  # whether its place was taken away from it, as by an eviction


class Runner(Protocol):
    """A place where manifests run."""

    def check(self, manifest: Manifest) -> None:
        """Raise PermanentRunnerError, saying what to set, if this runner can never run the manifest."""

    def submit(self, manifest: Manifest, run: RunIdentity) -> Handle:
        """Start the run, or find the one that already lives under this uuid; never two for one uuid."""

    def follow(
        self,
        handle: Handle,
        *,
        on_lines: Callable[[Sequence[Line]], None],
        should_stop: Callable[[], str | None],
        interval: float = 0.5,
    ) -> Outcome:
        """Block until the run has ended.

        Lines are handed over as they come, in order for each container. `should_stop` is asked at least every
        `interval` seconds and after each batch of lines; a sentence from it stops the run, and becomes the
        reason of a `stopped` outcome.
        """

    def stop(self, handle: Handle, *, grace: float) -> None:
        """SIGTERM to every container, SIGKILL to what is left after `grace` seconds. Returns when all are gone."""

    def clean(self, handle: Handle, *, keep: float = 0) -> None:
        """Remove what an ended run has left behind, after `keep` seconds or later (`termination.ttl`).

        To be called once the outcome is recorded: until then, another process may still ask for it.
        """


class Settings(NamedTuple):
    """What a deployment says about running, read once by the Airflow layer."""

    artifacts_root: str  # directory (or fsspec URL) under which each run has a directory of its uuid
    context_root: str  # local directory for what a run needs only while it runs
    environments: Mapping[str, str]  # image pattern -> virtual environment, for the process runner
    grace: float = 10.0  # seconds between SIGTERM and SIGKILL
