"""The weight that a task has when Airflow creates it, until the queue keeper knows better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.task.priority_strategy import PriorityWeightStrategy

from polyaxon_airflow.queues.weights import at_creation

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance

FAIR_SHARE = "polyaxon_airflow.operators.priority.FairShare"


class FairShare(PriorityWeightStrategy):
    """Trial k of a sweep competes with trial k of the others; `priority_weight` of the operator is the sweep's share.

    Name it as text, `weight_rule=FAIR_SHARE`: an instance does not survive the serialization of a mapped operator.
    """

    def get_weight(self, ti: TaskInstance) -> int:
        """See `queues.weights`. Airflow calls it at creation, expansion and clear, on instances in any state."""
        share = ti.task.priority_weight if ti.task else 1
        return at_creation(ti.map_index, max(share, 1))
