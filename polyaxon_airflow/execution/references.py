"""Values that a run takes from other runs: `ref: ops.X`, `ref: runs.UUID`, `ref: dag` (spec sections 2.4 and 3.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from polyaxon_airflow.sections.params import Param
    from polyaxon_airflow.store import Run

CONTEXT_ARTIFACTS = "/plx-context/artifacts"
ABSENT: Any = object()
_FIELDS = {  # of a run, that a section of it is made of
    "inputs": ("inputs",),
    "outputs": ("outputs",),
    "io": ("inputs", "outputs"),
    "artifacts": ("original", "cloning_kind"),
}


def referenced_values(params: Mapping[str, Param], find: Callable[[str], Run | None]) -> dict[str, Any]:
    """The values of params with a `ref`. `find`: the run that a ref names, None if there is none.

    A value that is there is taken as it is, also 0, "" and false. Raises CompilationError, naming the param.
    """
    values = {}
    for name, param in params.items():
        run = find(str(param.ref))
        if run is None:
            raise CompilationError(
                f"param '{name}': there is no run '{param.ref}' to take '{param.value}' from"
            )
        values[name] = value_at(name, run, param.value)
    return values


def fields_read(paths: Iterable[Any]) -> frozenset[str] | None:
    """The fields of a run that `value_at` looks into for these paths; None for all of them."""
    sections = {"artifacts" if isinstance(path, dict) else str(path).partition(".")[0] for path in paths}
    if not sections <= _FIELDS.keys():
        return None
    return frozenset(field for section in sections for field in _FIELDS[section]) | {"status"}


def value_at(name: str, run: Run, path: Any, *, missing: Any = ABSENT) -> Any:
    """What a path such as `outputs.loss` names in a run, for the param `name`.

    Without `missing`, what is not there raises CompilationError, which says what is.
    """
    if isinstance(path, dict):  # files and dirs, relative to the directory of the run
        folder = _folder(run)
        return {
            key: [_below(folder, entry) for entry in value] if isinstance(value, list) else value
            for key, value in path.items()
        }
    section, _, key = str(path).partition(".")
    found = _sections(run).get(section)
    if found is None:
        known = ", ".join(_sections(run))
        raise CompilationError(f"param '{name}': '{path}' of run '{run.name}' is none of {known}")
    if section == "artifacts":
        return _below(_folder(run), "" if key in ("", "base") else key)
    if not key:
        return found
    if key in found:
        return found[key]
    value = _deep(found, key)
    if value is not ABSENT:
        return value
    if missing is not ABSENT:
        return missing
    known = ", ".join(sorted(found)) or "nothing"
    raise CompilationError(
        f"param '{name}': run '{run.name}' ({run.status}) has no {section} '{key}'; it has {known}"
    )


def _deep(found: Mapping[str, Any], key: str) -> Any:
    """`best.params.lr`: a value inside of an output that is a mapping."""
    value: Any = found
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return ABSENT
        value = value[part]
    return value


def _sections(run: Run) -> dict[str, Mapping[str, Any]]:
    return {
        "inputs": run.inputs,
        "outputs": run.outputs,
        "io": {**run.inputs, **run.outputs},
        "globals": globals_of(run),
        "artifacts": {},
    }


def _folder(run: Run) -> str:
    """Where a run's artifacts are: a cached one has those of the run that it was cached from."""
    return run.original if run.cloning_kind == "cache" and run.original else run.uuid


def _below(uuid: str, entry: Any) -> Any:
    if isinstance(entry, list):
        source, target = entry
        return [_below(uuid, source), target]
    return f"{uuid}/{entry}".rstrip("/")


def globals_of(run: Run) -> dict[str, Any]:
    """What another run may ask of a run through `globals.*` (spec section 3.7)."""
    owner, project = run.owner or "default", run.project or "default"
    mine = f"{CONTEXT_ARTIFACTS}/{run.uuid}"
    return {
        "uuid": run.uuid,
        "name": run.name,
        "status": run.status,
        "condition": run.reason,
        "owner_name": owner,
        "project_name": project,
        "project_unique_name": f"{owner}.{project}",
        "run_info": f"{owner}.{project}.runs.{run.uuid}",
        "context_path": CONTEXT_ARTIFACTS.rpartition("/")[0],
        "artifacts_path": CONTEXT_ARTIFACTS,
        "run_artifacts_path": mine,
        "run_outputs_path": f"{mine}/outputs",
        "run_relative_outputs_path": f"{run.uuid}/outputs",
        "created_at": run.created_at,
        "schedule_at": run.schedule_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "duration": run.duration,
        "cloning_kind": run.cloning_kind,
        "original_uuid": run.original,
        "iteration": run.meta.get("iteration"),
    }
