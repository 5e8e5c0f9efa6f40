"""Reading the queues file, with every fault at its place."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from polyaxon_airflow import explain
from polyaxon_airflow.errors import CompilationError, Fault, PolyaxonfileError
from polyaxon_airflow.queues.lookup import Queues
from polyaxon_airflow.queues.models import QueuesFile
from polyaxon_airflow.queues.quantities import NAMES
from polyaxon_airflow.source import read_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from polyaxon_airflow.queues.models import Agent, Allowed, Defaults, Queue, Scope

    Steps = tuple[str | int, ...]


FILE = "queues.yaml"  # in the dags folder, unless `[polyaxon] queues_file` says otherwise


def read_queues(source: str | Path, *, file: str | None = None) -> Queues:
    """Read a queues file from a text or a path; `file` is its name in faults.

    Raises PolyaxonfileError with all its faults.
    """
    document = read_document(source, file=file)
    try:
        model = QueuesFile.model_validate(document.value)
    except ValidationError as error:
        found = explain.faults(error, QueuesFile, document.value)
        raise PolyaxonfileError(map(document.locate, found)) from error
    queues = Queues(model)
    faults = list(_faults(queues))
    if faults:
        raise PolyaxonfileError(map(document.locate, faults))
    return queues


def _faults(queues: Queues) -> Iterator[Fault]:
    """What each part alone cannot know: names that stand twice, or that nothing has."""
    file = queues.file
    yield from _twice(("agents",), [agent.name for agent in file.agents])
    for index, agent in enumerate(file.agents):
        yield from _agent_faults(("agents", index), agent, file.teams)
    yield from _scope_faults((), file.default, file.allow, queues)
    for part in ("projects", "folders"):
        scopes: dict[str, Scope] = getattr(file, part)
        for name, scope in scopes.items():
            yield from _scope_faults((part, name), scope.default, scope.allow, queues)


def _agent_faults(path: Steps, agent: Agent, teams: Mapping[str, Any]) -> Iterator[Fault]:
    names = {queue.name: queue for queue in agent.queues}
    yield from _twice((*path, "queues"), [queue.name for queue in agent.queues])
    if agent.default_queue:
        yield from _unknown((*path, "defaultQueue"), "queue", [agent.default_queue], names)
    for index, queue in enumerate(agent.queues):
        at = (*path, "queues", index)
        if queue.allow and queue.allow.teams:
            yield from _unknown((*at, "allow", "teams"), "team", queue.allow.teams, teams)
        if queue.parent is not None:
            yield from _parent_faults(at, queue, names)
        elif queue.borrow is not None:
            yield Fault(
                f"queue '{queue.name}' has nobody to borrow from",
                path=(*at, "borrow"),
                suggestion="Name its parent, a queue of the same agent.",
                rule="no-parent",
            )


def _parent_faults(path: Steps, queue: Queue, names: Mapping[str, Queue]) -> Iterator[Fault]:
    at = (*path, "parent")
    parent = names.get(queue.parent or "")
    if parent is None:
        yield from _unknown(at, "queue", [queue.parent or ""], names)
    elif parent.parent is not None or parent is queue:
        yield Fault(f"'{parent.name}' cannot be a parent: it has one itself", path=at, rule="parent")
    elif queue.slots < 0 or parent.slots < 0:
        whose = queue if queue.slots < 0 else parent
        message = f"queue '{whose.name}' has no limit, so there is nothing to lend"
        yield Fault(message, path=at, suggestion="Give both a concurrency.", rule="parent")
    elif _quota_per_slot(queue) != _quota_per_slot(parent):
        message = f"a slot of '{queue.name}' is not worth a slot of '{parent.name}'"
        yield Fault(message, path=at, suggestion="Give both the same quota for each run.", rule="parent")


def _quota_per_slot(queue: Queue) -> list[Any]:
    amounts = queue.quota.amounts() if queue.quota else None
    given = [getattr(amounts, name, None) for name in NAMES]
    return [None if amount is None else amount / queue.slots for amount in given]


def _scope_faults(path: Steps, default: Defaults, allow: Allowed, queues: Queues) -> Iterator[Fault]:
    named = [((*path, "default", "queue"), default.queue)] if default.queue else []
    named += [((*path, "allow", "queues", index), name) for index, name in enumerate(allow.queues or [])]
    for at, name in named:
        try:
            queues.find(name)
        except CompilationError as error:
            yield from (Fault(f.message, path=at, suggestion=f.suggestion, rule=f.rule) for f in error.faults)


def _twice(path: Steps, names: Sequence[str]) -> Iterator[Fault]:
    for name, count in Counter(names).items():
        if count > 1:
            index = len(names) - 1 - names[::-1].index(name)
            message = f"'{name}' stands {count} times in '{explain.dotted(path)}'"
            yield Fault(
                message, path=(*path, index, "name"), suggestion="Names must differ.", rule="duplicate-name"
            )


def _unknown(path: Steps, kind: str, names: Sequence[str], known: Iterable[str]) -> Iterator[Fault]:
    for name in names:
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            message = f"unknown {kind} '{name}'; known: {listed}"
            yield Fault(message, path=path, suggestion=explain.suggest(name, known), rule=f"unknown-{kind}")
