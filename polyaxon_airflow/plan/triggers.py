"""`trigger`: when an operation starts, given how far its upstreams are (spec section 3.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DONE = frozenset({"succeeded", "failed", "upstream_failed", "stopped", "skipped"})

Verdict = Literal["wait", "start", "upstream_failed", "skip"]


def decide(trigger: str, statuses: Sequence[str], *, skip_on_upstream_skip: bool = False) -> Verdict:
    """What an operation does when its upstreams have these Polyaxon statuses.

    The `all_` triggers are decided when every upstream is done, the `one_` triggers when the first is: then
    `one_succeeded` starts if one has succeeded, and is `upstream_failed` at once if none has.

    >>> decide("all_succeeded", ["succeeded", "skipped"])
    'upstream_failed'
    >>> decide("one_failed", ["failed", "running"])
    'start'
    """
    if not statuses:
        return "start"
    done = [status for status in statuses if status in DONE]
    if skip_on_upstream_skip and "skipped" in done:
        return "skip"
    if len(done) < (1 if trigger.startswith("one_") else len(statuses)):
        return "wait"
    can_start = {
        "all_succeeded": all(status == "succeeded" for status in done),
        "all_failed": all(status == "failed" for status in done),
        "all_done": True,
        "one_succeeded": "succeeded" in done,
        "one_failed": "failed" in done,
        "one_done": True,
    }[trigger]
    return "start" if can_start else "upstream_failed"


def outcome(statuses: Mapping[str, str]) -> tuple[Literal["succeeded", "failed", "stopped"], str]:
    """How a pipeline ended when its operations ended like this: status, and the reason of a failure.

    A failure is never handled away: an operation with `trigger: all_failed` does not save the pipeline, while
    one that only could not start (`upstream_failed`, `skipped`) does not spoil it (spec section 3.7).
    """
    failed = [name for name, status in statuses.items() if status == "failed"]
    if failed:
        return "failed", f"{', '.join(failed)} failed"
    if statuses and all(status == "stopped" for status in statuses.values()):
        return "stopped", "all operations were stopped"
    return "succeeded", ""
