"""Values that a person gave when the dag was triggered."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.compiler import CompiledOperation

# Words of `conf` that are not inputs, unless an input is so named.
RESERVED = frozenset(
    {"copy", "enqueue", "event", "events", "numRuns", "patch", "presets", "queue", "restart", "resume"}
)


def given_values(compiled: CompiledOperation, conf: Mapping[str, Any]) -> dict[str, Any]:
    """What `conf` says for the inputs and params of the polyaxonfile's operation.

    Airflow takes any key without a word, so a mistyped one is refused here. An empty field of the form, null, is
    no value: the default stands. Raises CompilationError that names what is known.
    """
    declared = [io.name for io in (*(compiled.inputs or ()), *(compiled.contexts or ()))]
    known = {*declared, *(compiled.params or ())}
    faults = [_unknown(name, sorted(known)) for name in conf if name not in known and name not in RESERVED]
    if faults:
        raise CompilationError(faults)
    return {name: value for name, value in conf.items() if name in known and value is not None}


def _unknown(name: str, known: list[str]) -> Fault:
    close = get_close_matches(name, known, n=1)
    message = f"conf has '{name}', which is no input; known: {', '.join(known) or 'none'}"
    return Fault(message, suggestion=f"Did you mean '{close[0]}'?" if close else None, rule="unknown-input")
