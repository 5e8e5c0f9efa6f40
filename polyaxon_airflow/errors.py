"""Every error that a user can meet, and how it reads.

    PolyaxonAirflowError
    ├── FaultsError
    │   ├── PolyaxonfileError    the file is wrong: one or more faults, each with its place
    │   └── CompilationError     a file that is right cannot become this run: params, contexts, conditions
    ├── StoreError               the run store cannot be used as it is configured
    │   └── QueryError               a query, a sort or a field of one is wrong, with its place
    ├── FilesError               files cannot go where they should, or come from there
    │   ├── ForbiddenPathError       a path that leaves the folder it belongs to
    │   ├── MissingFilesError        nothing there, or not all of it yet
    │   └── UnreachableFilesError    worth a retry: the network, a busy server
    ├── WatchError               what an event is about cannot be looked at now; the watcher tries again later
    ├── InitError                a step before the run cannot put its source in place; has an exit code
    ├── TrackingError            what training code wrote cannot be read
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

WIDTH = 160  # characters of a line that are shown around a fault


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
    of_key: bool = False  # the key at `path` is wrong, not its value
    near: str | None = None  # the part of a long text that is wrong
    code: str | None = None  # the text of the line

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}. {self.suggestion}" if self.suggestion else text

    def with_code(self) -> str:
        """The fault, the line it stands on and a caret below the column.

        >>> print(Fault("unknown kind 'jobb'", "train.yaml", 3, 9, code="  kind: jobb").with_code())
        train.yaml:3:9: unknown kind 'jobb'
            3 |   kind: jobb
              |         ^
        """
        if not self.code or self.line is None or self.column is None:
            return str(self)
        start = 0 if len(self.code) <= WIDTH else max(0, self.column - WIDTH // 2)
        shown = self.code[start : start + WIDTH]
        # Tabs are kept in front of the caret, so that it lands below its column however wide a tab is.
        before = "".join("\t" if character == "\t" else " " for character in shown[: self.column - 1 - start])
        return f"{self}\n{self.line:5d} | {shown}\n{' ' * 5} | {before}^"


class PolyaxonAirflowError(Exception):
    """Base of all errors that this package raises for its users."""


class FaultsError(PolyaxonAirflowError):
    """Base of the errors that list faults; `faults` holds them all, in the order of the files' lines."""

    def __init__(self, faults: Iterable[Fault] | str) -> None:
        if isinstance(faults, str):
            faults = [Fault(faults)]
        self.faults = tuple(
            sorted(faults, key=lambda fault: (fault.file or "", fault.line or 0, fault.column or 0))
        )
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[FaultsError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


class PolyaxonfileError(FaultsError):
    """A polyaxonfile cannot be used."""


class CompilationError(FaultsError):
    """An operation cannot become this run: a param, a context or a condition does not resolve."""


class StoreError(PolyaxonAirflowError):
    """The run store cannot be reached or cannot be used as configured."""


class QueryError(StoreError):
    """A query to the store cannot be read; the message shows where.

    >>> print(QueryError("unknown field 'metric'", "metric.loss:<1", 0, "Did you mean 'metrics'?"))
    unknown field 'metric'. Did you mean 'metrics'?
      metric.loss:<1
      ^
    """

    def __init__(self, fault: str, query: str, position: int, suggestion: str | None = None) -> None:
        self.fault = fault  # one sentence without its full stop
        self.query = query
        self.position = position  # from 0, in `query`
        self.suggestion = suggestion
        sentence = f"{fault}. {suggestion}" if suggestion else fault
        line, column = _line_of(query, position)
        super().__init__(f"{sentence}\n  {line}\n  {' ' * column}^")

    @property
    def brief(self) -> str:
        """The fault, without the many names that are known if there is a suggestion: they help only who has no hint."""
        return self.fault.partition("; known: ")[0] if self.suggestion else self.fault


def _line_of(text: str, position: int) -> tuple[str, int]:
    """The line that holds a position, and the column in it."""
    start = text.rfind("\n", 0, position) + 1
    return text[start:].partition("\n")[0], position - start


class FilesError(PolyaxonAirflowError):
    """Files cannot go where they should, or come from there."""


class ForbiddenPathError(FilesError):
    """A path that leaves the folder it belongs to."""


class MissingFilesError(FilesError):
    """Files that are asked for are not there, or not all of them yet."""


class UnreachableFilesError(FilesError):
    """Worth a retry: the network, a busy server."""


class WatchError(PolyaxonAirflowError):
    """What an event is about cannot be looked at now. Its text is for the person who wonders why nothing starts."""


class InitError(PolyaxonAirflowError):
    """A step before the run cannot put its source in place; `code` is what its container exits with."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class NotificationError(PolyaxonAirflowError):
    """Nobody could be told of a run; the message says what to set or install."""


class TrackingError(PolyaxonAirflowError):
    """What training code wrote cannot be read; the message shows where."""


class RunnerError(PolyaxonAirflowError):
    """A runner could not start, follow or stop a run."""


class TemporaryRunnerError(RunnerError):
    """Worth a retry: the network, a busy API server."""


class PermanentRunnerError(RunnerError):
    """A retry cannot help; the task fails at once."""
