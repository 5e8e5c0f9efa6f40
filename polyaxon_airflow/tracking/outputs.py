"""Outputs: the JSON object in POLYAXON_OUTPUTS_FILE, and the snapshot that traceml leaves when a run ends well."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Snapshot:
    """What `run.plx.json` knows of a run beyond its metric files."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


def read_outputs(text: str) -> dict[str, Any]:
    """The outputs in the text of POLYAXON_OUTPUTS_FILE. What is not finite becomes None, as in Polyaxon.

    Raises TrackingError, with line and column, if it is not one JSON object.
    """
    instead = 'Write one JSON object, for example {"accuracy": 0.93, "model": "outputs/model.pt"}.'
    try:
        outputs = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
    except RecursionError as error:
        raise TrackingError(f"POLYAXON_OUTPUTS_FILE is nested too deeply. {instead}") from error
    except ValueError as error:
        place = (
            f"{error.lineno}:{error.colno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else error
        )
        raise TrackingError(f"POLYAXON_OUTPUTS_FILE is not JSON: {place}. {instead}") from error
    if not isinstance(outputs, dict):
        raise TrackingError(f"POLYAXON_OUTPUTS_FILE holds {_kind(outputs)}, not an object. {instead}")
    return outputs


def read_snapshot(text: str) -> Snapshot | None:
    """What the text of `run.plx.json` says; None if it is torn, or no snapshot.

    A run that was killed has none, and neither has a good one where pandas was missing (spec section 5.6).
    """
    try:
        run = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    if not isinstance(run, dict):
        return None
    sections = {name: run.get(name) for name in ("outputs", "inputs", "meta_info")}
    outputs, inputs, meta = (value if isinstance(value, dict) else {} for value in sections.values())
    tags = run.get("tags")
    return Snapshot(outputs, inputs, meta, tuple(map(str, tags)) if isinstance(tags, list) else ())


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "null", bool: "true or false"}.get(
        type(value), "a number"
    )
