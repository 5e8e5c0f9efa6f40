"""Our results beside the official package's: what of both is compared, and in which form."""

import datetime as dt
import json
import math
import re

from polyaxon_airflow.compiler import RunContext

RUN = "8aac02e3a62a4f0aaa257c59da5eab80"
MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc)
ARTIFACTS = "/plx-context/artifacts"


class EveryConnection(dict):
    """A catalog that knows any name: an s3 bucket called like the connection, as the oracle has it."""

    def __missing__(self, name):
        return {"bucket": f"s3://{name}"}

    def __contains__(self, name):
        return isinstance(name, str)


# The globals that the oracle resolves everything with (`fixed_globals` in oracle.py).
CONTEXT = RunContext(
    globals={  # in the oracle's order, which shows when all of them are rendered at once
        "owner_name": "owner",
        "project_name": "project",
        "project_unique_name": "owner.project",
        "project_uuid": "cb7fa74798fb49af949fea3fea829029",
        "username": "user",
        "user_email": "user@example.com",
        "run_info": f"owner.project.runs.{RUN}",
        "name": "run-name",
        "uuid": RUN,
        "namespace": "plx-ns",
        "iteration": 12,
        "context_path": "/plx-context",
        "artifacts_path": ARTIFACTS,
        "created_at": MOMENT,
        "compiled_at": MOMENT + dt.timedelta(minutes=1),
        "schedule_at": None,
        "started_at": None,
        "finished_at": None,
        "duration": None,
        "cloning_kind": None,
        "original_uuid": None,
        "is_independent": True,
        "store_path": "",
        "run_relative_outputs_path": f"{RUN}/outputs",
        "run_artifacts_path": f"{ARTIFACTS}/{RUN}",
        "run_outputs_path": f"{ARTIFACTS}/{RUN}/outputs",
    },
    connections=EveryConnection(),
    artifacts_store="artifacts-store",
)


def normal(value):
    """Plain data in one form: no nulls, camelCase keys (the oracle dumps merged Kubernetes objects in snake_case),
    one way to write UTC and numbers that JSON does not have.
    """
    if isinstance(value, dict):
        return {_camel(key): normal(below) for key, below in value.items() if below is not None}
    if isinstance(value, (list, tuple)):
        return [normal(item) for item in value if item is not None]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(value)}
    if isinstance(value, (dt.date, dt.datetime)):
        value = value.isoformat()
    return re.sub(r"\+00:00$", "Z", value) if isinstance(value, str) else value


def comparable(operation):
    """A compiled operation without what only one side records.

    The official package keeps no params and joins in it, drops strictParams and empty lists on the way, and marks
    every input as optional once it is compiled.
    """
    data = normal(operation)
    for key in (
        "kind",
        "strictParams",
        "params",
        "nodes",
        "joins",
        "events",
        "template",
        "runPatch",
        "component",
    ):
        data.pop(key, None)
    for section in ("inputs", "outputs", "contexts"):
        for io in data.get(section, []):
            io.pop("isOptional", None)
    _unify_annotations(data)
    return _without_empty(data)


def has_open_refs(case):
    """Whether a case reads other runs: we ask for their values, the official package leaves the paths as text."""
    compiled = case.get("compiled") or {}
    return any(spec.get("ref") for spec in case.get("param_specs") or []) or bool(compiled.get("joins"))


def _camel(key):
    head, *tail = key.split("_") if isinstance(key, str) else [key]
    return "".join([head, *(part.title() for part in tail)]) if tail else key


def _without_empty(value):
    if isinstance(value, dict):
        cleaned = {key: _without_empty(below) for key, below in value.items()}
        return {key: below for key, below in cleaned.items() if below != [] or key not in _MAY_BE_EMPTY}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value


_MAY_BE_EMPTY = {"inputs", "outputs", "contexts", "init", "args", "command", "tags"}


def _unify_annotations(value):
    """The official package reads JSON in annotations and writes it anew, with other blanks."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key == "annotations" and isinstance(below, dict):
                value[key] = {name: _as_json(text) for name, text in below.items()}
            else:
                _unify_annotations(below)
    elif isinstance(value, list):
        for item in value:
            _unify_annotations(item)


def _as_json(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text
