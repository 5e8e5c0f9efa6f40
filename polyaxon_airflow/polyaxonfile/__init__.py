"""Polyaxonfiles: what they say, how they are read, merged and checked (spec sections 1 to 3)."""

from __future__ import annotations

from polyaxon_airflow.polyaxonfile.operation import Operation
from polyaxon_airflow.polyaxonfile.reading import read_operation

__all__ = ["Operation", "read_operation"]
