"""The queues file: agents, their queues, who may use them, and what projects and folders get by default."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from polyaxon_airflow.queues.quantities import NAMES, Amounts, quantity
from polyaxon_airflow.section import Section

UNLIMITED = -1
# Slots of a queue that has a quota and no concurrency: one is a thousandth of the quota.
QUOTA_SLOTS = 1000


def _text(value: object) -> object:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _is_quantity(value: str) -> str:
    try:
        quantity(value)
    except ValueError as error:
        raise PydanticCustomError("quantity", "{problem}", {"problem": str(error)}) from error
    return value


def _is_positive_or_unlimited(value: int) -> int:
    if value == 0 or value < UNLIMITED:
        message = "concurrency is at least 1, or -1 for no limit; a queue of {value} would never run anything"
        raise PydanticCustomError("concurrency", message, {"value": value})
    return value


def _is_not_empty(value: list[object]) -> list[object]:
    if not value:
        raise PydanticCustomError("empty_list", "name at least one")
    return value


Name: TypeAlias = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9][-A-Za-z0-9_]*$")]
Quantity: TypeAlias = Annotated[StrictStr, BeforeValidator(_text), AfterValidator(_is_quantity)]
Concurrency: TypeAlias = Annotated[StrictInt, AfterValidator(_is_positive_or_unlimited)]
Weight: TypeAlias = Annotated[float, Field(gt=0, le=1000)]


class Quota(Section):
    """The most that all runs of a queue may need together, as Kubernetes quantities."""

    cpu: Quantity | None = None
    memory: Quantity | None = None
    gpu: Quantity | None = None
    cost: Quantity | None = None

    def amounts(self) -> Amounts:
        given = {name: getattr(self, name) for name in NAMES}
        return Amounts(**{name: quantity(text) for name, text in given.items() if text is not None})


class Allow(Section):
    """Who may use a queue: a run that matches any entry of any list; all, if there is no list."""

    projects: list[StrictStr] | None = None
    owners: list[StrictStr] | None = None
    teams: list[StrictStr] | None = None


class Fairness(Section):
    """Between whom a queue's slots are shared.

    `sweep`: each sweep, and each run as far as it is none; `run`: each DAG run as a whole; `owner`: the user who
    triggered it, else the DAG's owner; `project`: the polyaxonfile's project. Owners and projects share among their
    sweeps in turn. `weights` are by the names that `by` speaks of (DAG ids for sweeps and runs); 1 where not given.
    """

    by: Literal["sweep", "run", "owner", "project"] = "sweep"
    weights: dict[StrictStr, Weight] = Field(default_factory=dict)


class Queue(Section):
    """One queue of an agent; an Airflow pool."""

    name: Name
    description: StrictStr | None = None
    tags: list[StrictStr] | None = None
    concurrency: Concurrency = UNLIMITED  # runs at once
    # As in Polyaxon: -1, the default, is the highest; else the higher number goes first.
    priority: Annotated[StrictInt, Field(ge=-1)] = -1
    weight: Weight = 1  # its share of what queues of equal priority compete for
    max_wait: Annotated[StrictInt, Field(gt=0)] = 3600  # seconds, after which priority does not hold it back
    quota: Quota | None = None
    allow: Allow | None = None
    fairness: Fairness | None = None
    parent: Name | None = None  # a queue of the same agent, whose idle slots this one may borrow
    borrow: Annotated[StrictInt, Field(gt=0)] | None = None  # slots at most; all idle ones, if not given

    @property
    def slots(self) -> int:
        """The slots of its pool; -1 for no limit, as in Airflow."""
        return QUOTA_SLOTS if self.quota and self.concurrency == UNLIMITED else self.concurrency


class Agent(Section):
    """A place where runs execute: a cluster and a namespace, and the queues in front of it."""

    name: Name
    description: StrictStr | None = None
    connection: StrictStr | None = None  # Airflow connection id of the cluster
    namespace: StrictStr | None = None
    admission: Literal["quota", "kueue"] | None = None  # what of `queues render` this cluster has
    default_queue: Name | None = None  # its first one, if not given
    queues: Annotated[list[Queue], AfterValidator(_is_not_empty)]


class Defaults(Section):
    """What an operation gets that does not say it itself."""

    queue: StrictStr | None = None  # `queue` or `agent/queue`
    presets: list[StrictStr] | None = None  # names, applied in this order


class Allowed(Section):
    """What operations may name; anything, where there is no list."""

    queues: list[StrictStr] | None = None
    presets: list[StrictStr] | None = None


class Scope(Section):
    """What holds for a project or a folder."""

    default: Defaults = Defaults()
    allow: Allowed = Allowed()


class Project(Scope):
    """A project: the polyaxonfiles of some folders."""

    folders: list[StrictStr] | None = None  # below the dags folder, with all in them


class QueuesFile(Section):
    """`queues.yaml` as it stands in the file."""

    agents: Annotated[list[Agent], AfterValidator(_is_not_empty)]
    default: Defaults = Defaults()
    allow: Allowed = Allowed()
    fairness: Fairness = Fairness()  # of queues that have no own
    projects: dict[StrictStr, Project] = Field(default_factory=dict)
    folders: dict[StrictStr, Scope] = Field(default_factory=dict)  # below the dags folder, with all in it
    teams: dict[StrictStr, list[StrictStr]] = Field(default_factory=dict)  # owners by team
