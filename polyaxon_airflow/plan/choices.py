"""What whoever triggers a dag may choose besides its inputs: another queue, and presets.

Both are params of the DAG, so Airflow's form offers them and Airflow refuses what they do not offer. Nothing but the
standard library here: the scheduler asks `chosen_place` about the tasks of such runs (`policy`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

QUEUE = "queue"
PRESETS = "presets"
# In the schema of a param: it is one of these, not an input of that name. What stands there is for `chosen_place`.
MARK = "x-polyaxon"
SECTION = "Where it runs"


class ChosenPlace(NamedTuple):
    pool: str
    slots: int


def chosen_place(
    task_id: str, planned: ChosenPlace, conf: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]
) -> ChosenPlace:
    """Where a task of a run goes.

    `conf`: what the run was triggered with; `schemas`: those of the DAG's params. The last chosen preset that names a
    queue decides, unless a queue is chosen too; the run takes as many slots as the largest of its presets wants.
    Tasks that are in no queue stay where they are.
    """
    if "." not in planned.pool:
        return planned
    moves = schemas.get(PRESETS, {}).get(MARK, {})
    to = [
        ChosenPlace(*moves[name][task_id]) for name in chosen_presets(conf, schemas) if task_id in moves[name]
    ]
    pool = to[-1].pool if to else planned.pool
    if MARK in schemas.get(QUEUE, {}) and conf.get(QUEUE):
        pool = str(conf[QUEUE]).replace("/", ".")
    return ChosenPlace(pool, max((place.slots for place in to), default=planned.slots))


def chosen_presets(conf: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The names of the presets that a run was triggered with, in order."""
    offered = schemas.get(PRESETS, {}).get(MARK)
    if offered is not None:
        yield from (name for name in conf.get(PRESETS) or () if name in offered)
