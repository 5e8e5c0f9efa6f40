"""What whoever triggers a dag may choose besides its inputs: another queue, and presets.

Both are params of the DAG, so Airflow's form offers them and Airflow refuses what they do not offer. An input may decide
on a queue too, by a template (`templated`). Nothing but the standard library at the top: the scheduler asks
`chosen_place` about the tasks of such runs (`policy`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

QUEUE = "queue"
PRESETS = "presets"
# In the schema of a param: it is one of these, not an input of that name. What stands there is for `chosen_place`.
MARK = "x-polyaxon"
# In the schema of an input that decides on queues: task id -> what follows from its value (`templated.rule_of`).
BY_VALUE = "x-polyaxon-queues"
SECTION = "Where it runs"


class ChosenPlace(NamedTuple):
    pool: str
    slots: int


def chosen_place(
    task_id: str, planned: ChosenPlace, conf: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]
) -> ChosenPlace:
    """Where a task of a run goes.

    `conf`: what the run was triggered with; `schemas`: those of the DAG's params. The last chosen preset that names a
    queue decides, unless a queue is chosen too; the run takes as many slots as the largest of its presets wants. Without
    either the values of inputs that the operation's queue is a template of decide. Tasks that are in no queue stay where
    they are, and so do those whose values name none that they may use (`refuse_place` says why).
    """
    if "." not in planned.pool:
        return planned
    chosen = bool(MARK in schemas.get(QUEUE, {}) and conf.get(QUEUE))
    usual = planned if chosen else _by_values(task_id, conf, schemas) or planned
    moves = schemas.get(PRESETS, {}).get(MARK, {})
    to = [
        ChosenPlace(*moves[name][task_id]) for name in chosen_presets(conf, schemas) if task_id in moves[name]
    ]
    pool = next((place.pool for place in reversed(to) if place.pool), usual.pool)
    if chosen:
        pool = str(conf[QUEUE]).replace("/", ".")
    return ChosenPlace(pool, max((place.slots for place in to), default=usual.slots))


def refuse_place(
    task_id: str, planned: ChosenPlace, conf: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]
) -> None:
    """Raises CompilationError for a queue that the trigger or its values name, and that the task cannot have.

    Airflow has refused what a field of the form does not offer; here it is about queues where there is no such field.
    """
    if "." not in planned.pool:
        return
    if conf.get(QUEUE) and QUEUE not in schemas and conf[QUEUE] != planned.pool.replace(".", "/"):
        from polyaxon_airflow.errors import CompilationError

        raise CompilationError(
            f"conf asks for queue '{conf[QUEUE]}', and this file's runs fit into no other than theirs"
        )
    rule = _rule(task_id, schemas)
    if rule is not None:
        from polyaxon_airflow.plan.templated import place_by

        place_by(rule, conf)


def chosen_presets(conf: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The names of the presets that a run was triggered with, in order."""
    offered = schemas.get(PRESETS, {}).get(MARK)
    if offered is not None:
        yield from (name for name in conf.get(PRESETS) or () if name in offered)


def _by_values(
    task_id: str, conf: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]
) -> ChosenPlace | None:
    rule = _rule(task_id, schemas)
    if rule is None or not any(conf.get(field) is not None for field in rule["asked"].values()):
        return None
    from polyaxon_airflow.errors import CompilationError
    from polyaxon_airflow.plan.templated import place_by

    try:
        return place_by(rule, conf)
    except CompilationError:  # told by the run, when it starts
        return None


def _rule(task_id: str, schemas: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    rules = (schema.get(BY_VALUE, {}).get(task_id) for schema in schemas.values())
    return next((rule for rule in rules if rule is not None), None)
