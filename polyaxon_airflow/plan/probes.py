"""`termination.probe`: how a service is asked whether anybody uses it (spec section 2.17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyaxon_airflow.errors import CompilationError, Fault

if TYPE_CHECKING:
    from polyaxon_airflow.compiler import CompiledOperation


def check_probe(compiled: CompiledOperation) -> None:
    """Raises CompilationError for a probe that nothing here can ask."""
    probe = getattr(compiled.termination, "probe", None)
    if compiled.run.kind == "service" and getattr(probe, "exec_", None) is not None:
        message = "a service is asked over HTTP whether it is used, and not by a command in its container"
        suggestion = (
            "Write probe: {http: {path: /api/status, port: 8888}}, of a page that says last_activity."
        )
        at = ("termination", "probe", "exec")
        raise CompilationError([Fault(message, path=at, suggestion=suggestion, rule="probe")])
