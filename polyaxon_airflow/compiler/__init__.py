"""From an operation to a run: params bound, contexts rendered, nothing left to look up (spec section 3)."""

from __future__ import annotations

from polyaxon_airflow.compiler.caching import cache_key
from polyaxon_airflow.compiler.compiled import CompiledOperation, Node
from polyaxon_airflow.compiler.compiling import apply_preset, compile_operation
from polyaxon_airflow.compiler.contexts import RunContext
from polyaxon_airflow.compiler.resolving import resolve, resolve_hooks

__all__ = [
    "CompiledOperation",
    "Node",
    "RunContext",
    "apply_preset",
    "cache_key",
    "compile_operation",
    "resolve",
    "resolve_hooks",
]
