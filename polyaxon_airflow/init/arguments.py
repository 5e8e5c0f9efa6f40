"""What an init container is told to do: an entry of `init`, as the arguments of `python -m polyaxon_airflow.init`.

Entries are literal here, and references to other runs' artifacts are paths by now (`references`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.init.dockerfile import render
from polyaxon_airflow.init.options import encode
from polyaxon_airflow.sections.values import Artifacts, Dockerfile, File, Git, Tensorboard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polyaxon_airflow.init.entry import Init
    from polyaxon_airflow.sections.connections import Connection

STORES = ("s3", "gcs", "wasb", "volume_claim", "host_path")  # kinds of connections that hold artifacts
REPOSITORIES = ("git", "ssh")
READ_THE_STORE = (
    "artifacts",
    "paths",
    "tensorboard",
)  # sources that are in the artifacts store unless said otherwise

Step = tuple[str, dict[str, Any]]  # kind of step, its options


@dataclass(frozen=True)
class Places:
    """Where the containers of a run find what steps need."""

    artifacts: str  # folder of all artifacts, `globals.artifacts_path`
    run: str  # the run's own folder in it
    store: Connection | None = None  # the artifacts store; None if the deployment has none
    run_names: Mapping[str, str] = field(default_factory=dict)  # by uuid, for tensorboard's `useNames`


def step_arguments(step: Init, connection: Connection | None, places: Places) -> list[str] | None:
    """The arguments for an entry; None for an entry that is a container of the user's own.

    `connection` is the one that the entry names. Raises CompilationError, saying what to write, for an entry that
    puts nothing in place, and InitError for one that is too large.
    """
    found = _step(step, connection, places)
    return (
        None if found is None else [found[0], *encode({k: v for k, v in found[1].items() if v is not None})]
    )


def target(step: Init, places: Places, connection: Connection | None = None) -> str:
    """The folder that an entry fills (spec section 2.14): artifacts of a named connection lie in one of its name."""
    if step.path:
        return step.path
    named = connection is not None and connection.kind in STORES
    is_default = places.store is not None and step.connection == places.store.name
    return f"{places.artifacts}/{step.connection}" if named and not is_default else places.artifacts


def root_of(connection: Connection) -> str:
    """Where the artifacts of a connection begin: a URL, or the path at which its volume is mounted.

    Raises CompilationError for a connection without it.
    """
    name = "mountPath" if connection.kind in ("volume_claim", "host_path") else "bucket"
    root = connection.setting(name)
    if not root:
        raise CompilationError(
            f"connection '{connection.name}' has no schema.{name}, so nothing can be pulled from it"
        )
    return str(root)


def _step(step: Init, connection: Connection | None, places: Places) -> Step | None:
    source = getattr(step, step.source) if step.source else None
    maker = _MAKERS.get(step.source or "")
    if maker is not None:
        return maker(source, step, connection, places)
    if step.source:
        raise CompilationError(f"init: {step.source} '{source}' is not resolved to artifacts of a run")
    if connection is not None and connection.kind in STORES:
        return _artifacts(Artifacts(), step, connection, places)
    if connection is not None and connection.kind == "git":
        return _git(Git(), step, connection, places)
    if step.container is None:
        what = (
            f"connection '{connection.name}' ({connection.kind})"
            if connection
            else "an entry without a source"
        )
        raise CompilationError(
            f"init: {what} puts nothing in place. Give it a source, or a container that does"
        )
    return None


def _file(source: File, step: Init, connection: Connection | None, places: Places) -> Step:
    return "file", {
        "to": target(step, places, connection),
        "filename": source.filename,
        "content": source.content,
        "kind": source.kind,
        "chmod": source.chmod,
        "run": places.run,
    }


def _dockerfile(source: Dockerfile, step: Init, connection: Connection | None, places: Places) -> Step:
    text = File(filename=source.filename or "Dockerfile", content=render(source), kind="dockerfile")
    return _file(text, step, connection, places)


def _git(source: Git, step: Init, connection: Connection | None, places: Places) -> Step:
    """The entry's url, revision and flags replace the connection's."""
    given = {key: value for key, value in source.to_dict().items() if value}
    known = (connection.schema_ or {}) if connection is not None and connection.kind in REPOSITORIES else {}
    made = {key: given.get(key) or known.get(key) for key in ("url", "revision", "flags")}
    if not made["url"]:
        raise CompilationError(
            f"init: git has no url, and neither has connection '{step.connection}' in its schema"
        )
    name = connection.name if connection else Git(url=str(made["url"]).rstrip("/")).repository()
    return "git", {**made, "to": target(step, places, connection), "name": name, "run": places.run}


def _artifacts(source: Artifacts, step: Init, connection: Connection | None, places: Places) -> Step:
    options = {key: value for key, value in source.to_dict().items() if value}
    return "artifacts", {**_from_store(step, connection, places), **options}


def _paths(source: Any, step: Init, connection: Connection | None, places: Places) -> Step:
    paths = [source] if isinstance(source, str) else list(source)
    return "artifacts", {**_from_store(step, connection, places), "paths": paths}


def _tensorboard(source: Tensorboard, step: Init, connection: Connection | None, places: Places) -> Step:
    if not source.uuids:
        raise CompilationError("init: tensorboard names no runs. List them in uuids")
    options = {key: getattr(source, key) for key in ("port", "path_prefix", "plugins")}
    folders = _folders(source.uuids, places.run_names if source.use_names else {})
    return "tensorboard", {**_from_store(step, connection, places), **options, "runs": folders}


def _folders(uuids: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
    """Uuid -> folder, where TensorBoard takes the name of a run from; names that stand twice get a part of the uuid."""
    taken: dict[str, str] = {}
    for uuid in uuids:
        name = names.get(uuid, uuid).replace("/", "-")
        taken[uuid] = f"{name}-{uuid[:10]}" if name in taken.values() else name
    return taken


def _from_store(step: Init, connection: Connection | None, places: Places) -> dict[str, Any]:
    store = connection or places.store
    if store is None:
        raise CompilationError(
            f"init: {step.source or 'an entry'} needs the artifacts store, which this deployment does not have. "
            "Set [polyaxon] artifacts_root, or name a connection"
        )
    return {"root": root_of(store), "to": target(step, places, connection)}


_MAKERS: Mapping[str, Callable[[Any, Init, Connection | None, Places], Step]] = {
    "file": _file,
    "dockerfile": _dockerfile,
    "git": _git,
    "artifacts": _artifacts,
    "paths": _paths,
    "tensorboard": _tensorboard,
}
