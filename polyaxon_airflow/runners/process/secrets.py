"""Secrets for local processes: as variables, or as files that end with the run."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.artifacts.paths import inside
from polyaxon_airflow.errors import PermanentRunnerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from polyaxon_airflow.runners.base import Provided

FOLDER = "secrets"  # below a run's scratch directory


def items_of(name: str, secrets: Provided, what: str) -> Mapping[str, str]:
    """The items of a secret. Raises PermanentRunnerError if nothing provides it; `what` asks for it."""
    items = secrets(name)
    if items is None:
        raise PermanentRunnerError(
            f"{what} comes from secret '{name}', which the process runner does not have. Give the connection "
            "a connId in the connections file ([polyaxon] connections_file), or run on Kubernetes"
        )
    return items


def item(reference: Mapping[str, Any], secrets: Provided, what: str) -> str | None:
    """The value of a `secretKeyRef`; None for an optional one that is not there. Raises PermanentRunnerError."""
    name, key = reference["name"], reference["key"]
    if reference.get("optional"):
        return (secrets(name) or {}).get(key)
    items = items_of(name, secrets, what)
    if key not in items:
        raise PermanentRunnerError(
            f"{what} is item '{key}' of secret '{name}', which has {', '.join(sorted(items)) or 'none'}"
        )
    return items[key]


def write_files(volume: Mapping[str, Any], folder: Path, secrets: Provided) -> Path:
    """The directory that stands for a volume of kind `secret`; only this user can read its files."""
    secret, what = volume["secret"], f"volume '{volume['name']}'"
    if secret.get("optional"):
        items = secrets(secret["secretName"]) or {}
    else:
        items = items_of(secret["secretName"], secrets, what)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    for key, path in _paths(secret, items):
        if key not in items:
            raise PermanentRunnerError(
                f"{what} wants item '{key}' of secret '{secret['secretName']}', which lacks it"
            )
        file = inside(folder, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(items[key], encoding="utf-8")
    return folder


def _paths(secret: Mapping[str, Any], items: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Key and path of each file."""
    if not secret.get("items"):
        return [(key, key) for key in items]
    return [(entry["key"], entry["path"]) for entry in secret["items"]]
