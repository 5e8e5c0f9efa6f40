"""What a run needs to know beyond its operation: of a trial, of a hook, of a build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Step(Protocol):
    """What the sweep or the operation that a run belongs to says about it."""

    def why_not_start(self) -> str | None:
        """Why the run need not start; None if it has to."""

    def params(self) -> Mapping[str, Any]:
        """Values of its params that nothing else knows. Raises NothingToAsk, CompilationError."""
