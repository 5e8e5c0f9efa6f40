"""`Init`: one entry of `init`."""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from polyaxon_airflow.scalars import OR_TEMPLATE, Text
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.kubernetes import Container
from polyaxon_airflow.sections.values import Artifacts, Dockerfile, File, Git, Paths, Tensorboard

SOURCES = (
    "artifacts",
    "paths",
    "git",
    "dockerfile",
    "file",
    "tensorboard",
    "lineage_ref",
    "model_ref",
    "artifact_ref",
)

PathsOrPath: TypeAlias = Paths | Text


class Init(Section):
    """One step before the run: at most one source, from where `connection` says, to `path`.

    A `connection` alone means all that it holds; a `container` alone is a step of the user's own, beside a source
    it overrides fields of the generated container.
    """

    instead: ClassVar[dict[str, str]] = {"artifactLineageRef": "lineageRef"}

    artifacts: Annotated[Artifacts | str, OR_TEMPLATE] | None = None
    paths: PathsOrPath | None = None
    git: Annotated[Git | str, OR_TEMPLATE] | None = None
    dockerfile: Annotated[Dockerfile | str, OR_TEMPLATE] | None = None
    file: Annotated[File | str, OR_TEMPLATE] | None = None
    tensorboard: Annotated[Tensorboard | str, OR_TEMPLATE] | None = None
    lineage_ref: Text | None = None  # RUN_UUID:artifact
    model_ref: Text | None = None  # [owner/]project:version
    artifact_ref: Text | None = None  # [owner/]project:version
    connection: Text | None = None
    path: Text | None = None
    container: Container | None = None

    @property
    def source(self) -> str | None:
        """The field that says what is put in place; None for a connection or a container alone."""
        return next((name for name in SOURCES if getattr(self, name)), None)

    @model_validator(mode="after")
    def _one_source(self) -> Init:
        given = [name for name in SOURCES if getattr(self, name)]
        if len(given) > 1:
            raise PydanticCustomError(
                "init_sources",
                "an init entry has one source, this one has {given}",
                {"given": ", ".join(given)},
            )
        # A template hides its url, so that as in Polyaxon it needs a connection.
        if self.git and not self.connection and not getattr(self.git, "url", None):
            raise PydanticCustomError("init_git", "git needs a url, or a connection to a repository")
        return self
