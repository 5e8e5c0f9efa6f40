"""`plugins.notifications`, the older form of hooks that send a message (spec section 2.28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.sections.hooks import Hook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.sections.plugins import Notification

NOTIFIER = "notifier"  # the `hubRef` of hooks that only tell


def with_notifications(compiled: CompiledOperation) -> CompiledOperation:
    """The operation with a hook for each of its notifications. Raises CompilationError for a status that ends no run."""
    given = getattr(compiled.plugins, "notifications", None)
    if not isinstance(given, list):
        return compiled
    found = [hook for index, notification in enumerate(given) for hook in _hooks(notification, index)]
    own = compiled.hooks if isinstance(compiled.hooks, list) else []
    return compiled.model_copy(update={"hooks": [*own, *found]})


def _hooks(notification: Notification, index: int) -> Iterator[Hook]:
    for connection in notification.connections:
        data = {"hubRef": NOTIFIER, "connection": connection}
        try:
            yield Hook.model_validate(
                {**data, "trigger": notification.trigger} if notification.trigger else data
            )
        except ValidationError as error:
            message = f"a run does not end as '{notification.trigger}', so there would be no notification"
            at = ("plugins", "notifications", index, "trigger")
            raise CompilationError(
                [Fault(message, path=at, suggestion="Write done, failed or succeeded.", rule="notifications")]
            ) from error
