"""Polyaxonfiles as Apache Airflow DAGs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyaxon_airflow.dag.fallback import load_polyaxonfiles

__all__ = ["load_polyaxonfiles"]

_WHERE = {"load_polyaxonfiles": "polyaxon_airflow.dag.fallback"}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used: who checks a file needs no Airflow."""
    if name not in _WHERE:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(_WHERE[name]), name)
