"""`WaitTrigger`: a task that waits until another operation of its DAG run reaches a status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.triggers.base import BaseEventTrigger, TaskSkippedEvent, TaskSuccessEvent

from polyaxon_airflow.events.waiting import Wanted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable, Sequence

    from airflow.triggers.base import TriggerEvent


class WaitingTask(NamedTuple):
    """What the triggerer asks of a task instance: for the names in logs and spans, and for what it waits for."""

    id: Any
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    context_carrier: Any

    @classmethod
    def of(cls, whole: Any) -> WaitingTask:
        """Those of an Airflow task instance."""
        return cls._make(getattr(whole, name, None) for name in cls._fields)


class WaitTrigger(BaseEventTrigger):
    """Ends its task: as succeeded when the event comes, as skipped when it cannot come any more.

    It is an event trigger for the sake of its shared stream: all waits of a triggerer ask the same few questions.
    """

    def __init__(self, wanted: Sequence[dict[str, Any]]) -> None:
        """`wanted`: `{operation, kinds, tasks, last}` each, see `Wait`."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._wanted = list(wanted)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {"wanted": self._wanted}

    def shared_stream_key(self) -> Hashable:
        return "polyaxon waits"

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Any]:  # noqa: ARG003 - one for all
        from polyaxon_airflow.triggers.switchboard import switchboard  # not where DAGs are parsed

        async for news in switchboard().survey():
            yield news

    @property
    def task_instance(self) -> Any:
        """Less than Airflow gives: its task instance holds the DAG, a copy for each task that waits."""
        return self._task_instance

    @task_instance.setter
    def task_instance(self, whole: Any) -> None:
        self._task_instance = WaitingTask.of(whole)

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:  # noqa: ARG002
        """Nothing here is a template. The triggerer keeps the context, with that copy of the DAG, as long as we wait."""
        context.clear()

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        from polyaxon_airflow.triggers.switchboard import switchboard
        from polyaxon_airflow.watching.waits import DagRun, Wait

        task = self.task_instance
        wait = Wait(
            DagRun(task.dag_id, task.run_id),
            tuple(Wanted(want["operation"], tuple(want["kinds"])) for want in self._wanted),
            tasks={want["operation"]: want["tasks"] for want in self._wanted},
            last={want["operation"]: want["last"] for want in self._wanted},
        )
        judgement = await switchboard().wait(wait, shared_stream)
        self.log.info("%s: %s", judgement.state, judgement.reason)
        event = TaskSkippedEvent if judgement.state == "never" else TaskSuccessEvent
        yield event(xcoms={"return_value": judgement.reason})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """The same without others to share with; the triggerer prefers the two above."""
        async for event in self.filter_shared_stream(self.open_shared_stream({})):
            yield event
