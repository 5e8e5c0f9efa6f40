"""`ref`: what a param or an event reads from, and the paths into it (spec section 2.4)."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

WHOLE = ("inputs", "outputs", "io", "artifacts")
NAMED = ("inputs", "outputs", "artifacts", "globals")


class Ref(NamedTuple):
    """`ops.train`, `runs.<uuid>` or `dag`."""

    entity: str
    name: str | None

    @property
    def operation(self) -> str | None:
        """The name of the operation that is meant, if it is one of the same dag."""
        return self.name if self.entity == "ops" else None


def parse_ref(text: str) -> Ref:
    """The parts of a ref. Raises ValueError for what is none.

    >>> parse_ref("ops.train")
    Ref(entity='ops', name='train')
    """
    entity, dot, name = text.partition(".")
    if entity == "dag" and not dot:
        return Ref("dag", None)
    if entity not in ("ops", "runs") or not name or "." in name:
        raise ValueError(f"'{text}' is no ref; write ops.NAME, runs.UUID or dag")
    if entity == "runs":
        _check_uuid(name)
    return Ref(entity, name)


def operation_of(text: str) -> str | None:
    """The operation of the same dag that a ref names, without any other check of it."""
    steps = text.split(".")
    return steps[1] if steps[0] == "ops" and len(steps) > 1 else None


def read_path(text: str) -> str:
    """The path that the value of a param with a ref holds; braces around it mean nothing.

    >>> read_path("{{ outputs.loss }}")
    'outputs.loss'
    """
    start, end = text.find("{{"), text.find("}}")
    return text[start + 2 : end].strip() if 0 <= start < end else text


def check_path(text: str, *, of_dag: bool) -> None:
    """Raises ValueError if a path reads nothing that a run has."""
    steps = [step.strip() for step in read_path(text).split(".")]
    if len(steps) == 1 and steps[0] not in WHOLE:
        raise ValueError(
            f"'{text}' is no path into a run; write one of {', '.join(WHOLE)}, or such a word with a name, or what Polyaxon "
            "knows of the run, such as globals.status"
        )
    if len(steps) == 1 and of_dag and steps[0] == "outputs":
        raise ValueError("the outputs of the dag itself are not known while it runs")
    if len(steps) == 2 and steps[0] not in NAMED:
        raise ValueError(f"'{text}' is no path into a run; it starts with one of {', '.join(NAMED)}")
    if steps[:2] == ["outputs", "best"]:
        return  # of a sweep, ours: what the best trial was told, and what it showed
    if len(steps) > 3 or (len(steps) == 3 and steps[0] != "artifacts"):
        raise ValueError(f"'{text}' has too many parts; only artifacts have a path below their name")


def _check_uuid(text: str) -> None:
    try:
        UUID(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is not the uuid of a run") from error
