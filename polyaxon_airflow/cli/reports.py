"""The result of a check as text, JSON, SARIF, and as commands of GitHub's actions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from polyaxon_airflow.checking import Result
    from polyaxon_airflow.errors import Fault

SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def text(results: Sequence[Result]) -> str:
    """For people: each fault with the line that it stands on."""
    lines = [_with_severity(fault) for fault in _faults(results)]
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


def sarif(results: Sequence[Result]) -> str:
    """For code scanning: SARIF 2.1.0."""
    faults = list(_faults(results))
    rules = [{"id": rule} for rule in sorted({fault.rule for fault in faults})]
    driver = {
        "name": "polyaxon-airflow",
        "informationUri": "https://pypi.org/project/airflow-provider-polyaxon",
        "rules": rules,
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif(fault) for fault in faults],
    }
    return json.dumps({"$schema": SARIF, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def github(results: Sequence[Result]) -> str:
    """For GitHub's actions: workflow commands, which become annotations of the lines."""
    return "".join(f"{_command(fault)}\n" for fault in _faults(results))


def _faults(results: Sequence[Result]) -> Iterator[Fault]:
    return (fault for result in results for fault in result.faults)


def _plain(fault: Fault) -> dict[str, Any]:
    names = ("file", "line", "column", "path", "message", "suggestion", "severity", "rule")
    return {name: getattr(fault, name) for name in names}


def _sentence(fault: Fault) -> str:
    return f"{fault.message}. {fault.suggestion}" if fault.suggestion else fault.message


def _with_severity(fault: Fault) -> str:
    shown = fault.with_code()
    return shown if fault.severity == "error" else f"warning: {shown}"


def _sarif(fault: Fault) -> dict[str, Any]:
    region = {"startLine": fault.line, "startColumn": fault.column} if fault.line else {"startLine": 1}
    location = {"artifactLocation": {"uri": (fault.file or "").replace("\\", "/")}, "region": region}
    return {
        "ruleId": fault.rule,
        "level": fault.severity,
        "message": {"text": _sentence(fault)},
        "locations": [{"physicalLocation": location}],
    }


def _command(fault: Fault) -> str:
    place = {"file": fault.file, "line": fault.line, "col": fault.column, "title": fault.rule}
    given = ",".join(
        f"{key}={_escaped(str(value), ',:')}" for key, value in place.items() if value is not None
    )
    return f"::{fault.severity} {given}::{_escaped(_sentence(fault))}"


def _escaped(value: str, more: str = "") -> str:
    """As workflow commands want it: percent-encoded where a character would end a part."""
    for character in f"%\r\n{more}":
        value = value.replace(character, f"%{ord(character):02X}")
    return value


FORMATS: dict[str, Callable[[Sequence[Result]], str]] = {
    "github": github,
    "json": as_json,
    "sarif": sarif,
    "text": text,
}
