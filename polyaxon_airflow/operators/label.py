"""How the grid names a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context

TEMPLATE = "{{ polyaxon_label }}"  # `map_index_template` of mapped tasks
MOST = 250  # characters that Airflow's database has for it


def show(context: Context, label: str) -> None:
    """Name this task instance at once: Airflow would not ask before the task ends, and not at all if it is deferred."""
    from airflow.sdk.execution_time.comms import SetRenderedMapIndex
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    short = label if len(label) <= MOST else f"{label[: MOST - 1]}…"
    context["polyaxon_label"] = short  # type: ignore[typeddict-unknown-key]
    context["ti"].rendered_map_index = short  # else it would be sent once more at the end
    SUPERVISOR_COMMS.send(SetRenderedMapIndex(rendered_map_index=short))
