"""Which queue an operation goes to, which presets it gets, and whether it may have them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.explain import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polyaxon_airflow.queues.models import Agent, Fairness, Queue, QueuesFile, Scope
    from polyaxon_airflow.queues.shares import Path


@dataclass(frozen=True)
class Place:
    """A queue of an agent."""

    agent: Agent
    queue: Queue

    @property
    def name(self) -> str:
        """As polyaxonfiles write it: `agent/queue`."""
        return f"{self.agent.name}/{self.queue.name}"

    @property
    def pool(self) -> str:
        """The Airflow pool: `agent.queue`, since Airflow's metrics know no slash."""
        return f"{self.agent.name}.{self.queue.name}"

    @property
    def parent_pool(self) -> str | None:
        return f"{self.agent.name}.{self.queue.parent}" if self.queue.parent else None


class Requester(NamedTuple):
    """Whose operation it is."""

    project: str | None = None
    owner: str | None = None
    folder: str | None = None  # of the polyaxonfile, below the dags folder: `vision/train`


ANYBODY = Requester()


class Queues:
    """A queues file, ready to be asked."""

    def __init__(self, file: QueuesFile) -> None:
        self.file = file
        self.places = tuple(Place(agent, queue) for agent in file.agents for queue in agent.queues)

    def place_of(self, *names: str | None, requester: Requester = ANYBODY) -> Place:
        """The place of an operation: the first name that is given (the operation's queue, then its component's), else
        the default of its folder, of its project, of all, else the first agent's.

        Raises CompilationError for a queue that is unknown, ambiguous, or not for this requester.
        """
        name = next((name for name in names if name), None) or self._default_queue(requester)
        place = self.find(name)
        self._refuse_forbidden(place, requester)
        return place

    def find(self, name: str) -> Place:
        """The place of `queue` or `agent/queue` (`agent.queue` is the same). Raises CompilationError."""
        agent, queue = _split(name)
        found = [p for p in self.places if p.queue.name == queue and agent in (None, p.agent.name)]
        if not found:
            names = [*self.names(), *(place.queue.name for place in self.places)]
            message = f"unknown queue '{name}'; known: {', '.join(self.names())}"
            raise _refusal(message, "queue", suggest(name, names))
        if len(found) > 1:
            choices = " or ".join(f"'{place.name}'" for place in found)
            raise _refusal(f"queue '{name}' is one of several agents", "queue", f"Write {choices}.")
        return found[0]

    def usable(self, requester: Requester) -> list[Place]:
        """The places that a requester may use."""
        return [place for place in self.places if self._may_use(place, requester)]

    def names(self) -> list[str]:
        """All queues, as `agent/queue`, in the order of the file."""
        return [place.name for place in self.places]

    def pools(self) -> dict[str, Place]:
        """The places by the name of their pool."""
        return self._by_pool

    def project_of(self, folder: str) -> str | None:
        """The project that a folder below the dags folder belongs to, by the innermost folder that a project names."""
        owned = {
            owned: name for name, project in self.file.projects.items() for owned in project.folders or []
        }
        return next((owned[part] for part in _upwards(folder) if part in owned), None)

    def requester(self, folder: str, *, project: str | None = None, owner: str | None = None) -> Requester:
        """Whose the polyaxonfiles of a folder below the dags folder are; `project` if no project names the folder."""
        return Requester(self.project_of(folder) or project, owner, folder)

    def fairness(self, place: Place) -> Fairness:
        """Between whom the slots of a queue are shared."""
        return place.queue.fairness or self.file.fairness

    def weight(self, path: Path) -> float:
        """The weight of a queue (a path of its pool alone), or of a flow among those that it competes with.

        Names in `fairness.weights` may be patterns: `team-*`.
        """
        place = self._by_pool.get(str(path[0]))
        if place is None or len(path) > 2:
            return 1.0
        if len(path) == 1:
            return place.queue.weight
        flow = path[1]
        name = str(flow[0] if isinstance(flow, tuple) else flow)
        weights = self.fairness(place).weights
        return weights.get(name) or next(
            (w for pattern, w in weights.items() if fnmatchcase(name, pattern)), 1.0
        )

    def default_presets(self, requester: Requester = ANYBODY) -> tuple[str, ...]:
        """Presets that come before those that the operation names: of all, of the project, of the folders from the
        outermost to the innermost. Each once, where it stands first.
        """
        defaults = [self.file.default, *(scope.default for scope in reversed(self._scopes(requester)))]
        return tuple(dict.fromkeys(name for default in defaults for name in default.presets or []))

    def check_presets(self, names: Iterable[str], requester: Requester = ANYBODY) -> None:
        """Raises CompilationError for a preset that the organisation, the project or the folder does not allow."""
        for allow in (self.file.allow, *(scope.allow for scope in self._scopes(requester))):
            allowed = allow.presets
            for name in names if allowed is not None else ():
                if name not in (allowed or ()):
                    known = ", ".join(allowed or ()) or "none"
                    raise _refusal(f"preset '{name}' is not allowed here; allowed: {known}", "presets")

    @cached_property
    def _by_pool(self) -> dict[str, Place]:
        return {place.pool: place for place in self.places}

    def _default_queue(self, requester: Requester) -> str:
        defaults = [*(scope.default for scope in self._scopes(requester)), self.file.default]
        given = next((default.queue for default in defaults if default.queue), None)
        agent = self.file.agents[0]
        return given or f"{agent.name}/{agent.default_queue or agent.queues[0].name}"

    def _scopes(self, requester: Requester) -> list[Scope]:
        """What the file says for the requester's folders, innermost first, then for its project."""
        folders = (self.file.folders.get(folder) for folder in _upwards(requester.folder))
        scopes = [*folders, self.file.projects.get(requester.project or "")]
        return [scope for scope in scopes if scope is not None]

    def _refuse_forbidden(self, place: Place, requester: Requester) -> None:
        if not self._may_use(place, requester):
            usable = [other.name for other in self.usable(requester)]
            suggestion = (
                f"Use one of: {', '.join(usable)}." if usable else "Ask the owner of the queues file."
            )
            message = f"queue '{place.name}' is not for {_described(requester)}"
            raise _refusal(f"{message}{_reserved(place)}", "queue", suggestion, rule="forbidden-queue")

    def _may_use(self, place: Place, requester: Requester) -> bool:
        allows = [self.file.allow, *(scope.allow for scope in self._scopes(requester))]
        listed = (allow.queues for allow in allows)
        return self._is_welcome(place, requester) and all(
            names is None or any(self.find(name) == place for name in names) for names in listed
        )

    def _is_welcome(self, place: Place, requester: Requester) -> bool:
        allow = place.queue.allow
        if allow is None or (allow.projects, allow.owners, allow.teams) == (None, None, None):
            return True
        teams = {team for team, owners in self.file.teams.items() if requester.owner in owners}
        return (
            requester.project in (allow.projects or ())
            or requester.owner in (allow.owners or ())
            or not teams.isdisjoint(allow.teams or ())
        )


def _split(name: str) -> tuple[str | None, str]:
    parts = re.split(r"[/.]", name)
    if len(parts) > 2 or not all(parts):
        raise _refusal(f"'{name}' is not the name of a queue", "queue", "Write 'queue' or 'agent/queue'.")
    return (parts[0], parts[1]) if len(parts) == 2 else (None, parts[0])


def _upwards(folder: str | None) -> Iterator[str]:
    parts = [part for part in (folder or "").split("/") if part]
    for depth in range(len(parts), 0, -1):
        yield "/".join(parts[:depth])


def _described(requester: Requester) -> str:
    given = [f"{kind} '{name}'" for kind, name in zip(("project", "owner"), requester, strict=False) if name]
    return " and ".join(given) or "runs without project and owner"


def _reserved(place: Place) -> str:
    allow = place.queue.allow
    if allow is None:
        return ""
    lists = {"projects": allow.projects, "owners": allow.owners, "teams": allow.teams}
    return "; it is for " + ", ".join(f"{kind} {', '.join(names)}" for kind, names in lists.items() if names)


def _refusal(message: str, field: str, suggestion: str | None = None, rule: str = "") -> CompilationError:
    return CompilationError(
        [Fault(message, path=(field,), suggestion=suggestion, rule=rule or f"unknown-{field}")]
    )
