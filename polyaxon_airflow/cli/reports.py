"""The result of a check as text, JSON, SARIF, and as commands of GitHub's actions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyaxon_airflow.checking import Result
    from polyaxon_airflow.errors import Fault


def text(results: Sequence[Result]) -> str:
    """For people: each fault with the line that it stands on."""
    lines = [_with_severity(fault) for result in results for fault in result.faults]
    invalid = sum(not result.is_valid for result in results)
    checked = f"{len(results)} file{'' if len(results) == 1 else 's'} checked"
    return "\n".join([*lines, f"{checked}, {invalid or 'none'} invalid", ""])


def as_json(results: Sequence[Result]) -> str:
    """For programs: `{"files": [{"file", "valid", "kind", "errors": [...]}]}`."""
    files = [
        {
            "file": result.file,
            "valid": result.is_valid,
            "kind": result.kind,
            "errors": [_plain(fault) for fault in result.faults],
        }
        for result in results
    ]
    return json.dumps({"files": files}, indent=2) + "\n"


def _plain(fault: Fault) -> dict[str, Any]:
    names = ("file", "line", "column", "path", "message", "suggestion", "severity", "rule")
    return {name: getattr(fault, name) for name in names}


def _with_severity(fault: Fault) -> str:
    shown = fault.with_code()
    return shown if fault.severity == "error" else f"warning: {shown}"


FORMATS: dict[str, Callable[[Sequence[Result]], str]] = {"json": as_json, "text": text}
