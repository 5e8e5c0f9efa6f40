"""`lineageRef`, `modelRef` and `artifactRef`: what another run made, as paths in the artifacts store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyaxon_airflow.init.entry import Init

REFERENCES = ("lineage_ref", "model_ref", "artifact_ref")


class Version(NamedTuple):
    """A version of a model or of an artifact, as `[owner/]project:version` names it."""

    kind: str  # model or artifact
    owner: str | None
    project: str
    version: str


class Lineage(NamedTuple):
    """Something that a run made, as `RUN_UUID:name` names it."""

    uuid: str
    name: str


def literal(step: Init, find: Callable[[Version | Lineage], Sequence[str]]) -> Init:
    """An entry with paths in the place of its reference.

    `find` gives the paths in the artifacts store, such as `<uuid>/outputs/model`. With a `path`, the files land there
    under their last name; without one, below the run's uuid, as in Polyaxon. Raises CompilationError for a reference
    that is malformed, or that nothing bears.
    """
    if step.source not in REFERENCES:
        return step
    reference = getattr(step, step.source)
    paths = list(find(parse(step.source, reference)))
    if not paths:
        raise CompilationError(f"init: no run has what {_key(step.source)} '{reference}' names")
    entries: list[Any] = [[path, path.rpartition("/")[2]] for path in paths] if step.path else paths
    return step.model_copy(update={step.source: None, "paths": entries})


def parse(source: str, reference: str) -> Version | Lineage:
    """The parts of a reference. Raises CompilationError.

    >>> parse("model_ref", "acme/mnist:v2")
    Version(kind='model', owner='acme', project='mnist', version='v2')
    """
    first, colon, last = reference.rpartition(":")
    if not (first and colon and last):
        form = "RUN_UUID:ARTIFACT" if source == "lineage_ref" else "[OWNER/]PROJECT:VERSION"
        raise CompilationError(f"init: {_key(source)} '{reference}' is not of the form {form}")
    if source == "lineage_ref":
        return Lineage(first.replace("-", ""), last)
    owner, _, project = first.rpartition("/")
    return Version(source.removesuffix("_ref"), owner or None, project, last)


def _key(source: str) -> str:
    return source.replace("_r", "R")
