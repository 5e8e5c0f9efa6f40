"""Every error that a user can meet, and how it reads.

    PolyaxonAirflowError
    ├── PolyaxonfileError        the file is wrong: one or more faults, each with its place
    ├── CompilationError         a file that is right cannot become this run: params, contexts, conditions
    ├── StoreError               the run store cannot be used as it is configured
    └── RunnerError              the place where a run executes
        ├── TemporaryRunnerError     worth a retry: the network, a busy API server
        └── PermanentRunnerError     a retry cannot help: an image that the process runner does not know

Messages are written for the person with the YAML open: what is wrong, what is known, what to write instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a polyaxonfile.

    >>> str(Fault("unknown kind 'jobb'; known: dag, job", "train.yaml", 3, 5, suggestion="Did you mean 'job'?"))
    "train.yaml:3:5: unknown kind 'jobb'; known: dag, job. Did you mean 'job'?"
    """

    message: str  # one sentence without its full stop
    file: str | None = None  # as the user named it
    line: int | None = None  # from 1
    column: int | None = None  # from 1
    path: tuple[str | int, ...] = ()  # keys and indexes from the root of the document
    suggestion: str | None = None  # what to write instead, a full sentence
    severity: Severity = "error"
    rule: str = "invalid"  # stable name of the check, for SARIF and for ignoring it

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}. {self.suggestion}" if self.suggestion else text


class PolyaxonAirflowError(Exception):
    """Base of all errors that this package raises for its users."""


class PolyaxonfileError(PolyaxonAirflowError):
    """A polyaxonfile cannot be used; `faults` says why, in line order, all of them at once."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line or 0, fault.column or 0)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class CompilationError(PolyaxonAirflowError):
    """An operation cannot become this run: a param, a context or a condition does not resolve."""


class StoreError(PolyaxonAirflowError):
    """The run store cannot be reached or cannot be used as configured."""


class RunnerError(PolyaxonAirflowError):
    """A runner could not start, follow or stop a run."""


class TemporaryRunnerError(RunnerError):
    """Worth a retry: the network, a busy API server."""


class PermanentRunnerError(RunnerError):
    """A retry cannot help; the task fails at once."""
