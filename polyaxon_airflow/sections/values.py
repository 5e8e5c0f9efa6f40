"""Values with a structure: the types git, artifacts, dockerfile, file, tensorboard and event of inputs, and what
`init` entries hold (spec sections 2.3 and 2.14).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StrictStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from polyaxon_airflow.scalars import OR_TEMPLATE, Text, TextsOrTemplate, is_template
from polyaxon_airflow.section import Section

# A path, or [from, to].
PathOrPair: TypeAlias = str | list[str]
Paths: TypeAlias = Annotated[list[PathOrPair] | str, OR_TEMPLATE]

ArtifactKind: TypeAlias = Literal[
    "model", "audio", "video", "histogram", "image", "tensor", "dataframe", "chart", "csv", "tsv", "psv", "ssv",
    "metric", "env", "html", "text", "file", "dir", "dockerfile", "docker_image", "data", "coderef", "table",
    "tensorboard", "curve", "confusion", "analysis", "iteration", "markdown", "system", "artifact", "span",
]  # fmt: skip


def check_image(image: str) -> str:
    """The reference of a container image, or a template. Raises a pydantic error for what cannot be one."""
    if is_template(image):
        return image
    parts = re.sub(r"^https?://", "", image).split(":")
    port_without_path = len(parts) == 3 and ("/" not in parts[1] or parts[1].startswith("/"))
    if not image or " " in image or len(parts) > 3 or port_without_path:
        raise PydanticCustomError("image", "'{image}' is not the name of an image", {"image": image})
    return image


def _split(value: Any) -> Any:
    if isinstance(value, str) and not is_template(value):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _uuid(text: str) -> str:
    try:
        return UUID(text).hex
    except ValueError as error:
        raise PydanticCustomError("uuid", "'{text}' is not the uuid of a run", {"text": text}) from error


Uuid: TypeAlias = Annotated[StrictStr, AfterValidator(_uuid)]


# In JSON schemas: a list, or "a, b".
LISTED = WithJsonSchema({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]})


class Git(Section):
    instead: ClassVar[dict[str, str]] = {
        "branch": "revision",
        "ref": "revision",
        "commit": "revision",
        "tag": "revision",
        "repo": "url",
        "repository": "url",
    }

    url: Text | None = None
    revision: Text | None = None
    flags: TextsOrTemplate | None = None

    def repository(self) -> str | None:
        """The name of the folder that a clone of the url makes."""
        return self.url.rpartition("/")[2].split(".")[0] if self.url else None


class Artifacts(Section):
    files: Paths | None = None
    dirs: Paths | None = None
    workers: Annotated[StrictInt | str, OR_TEMPLATE] | None = None


class Dockerfile(Section):
    image: Annotated[Text, AfterValidator(check_image)]
    env: Annotated[dict[str, Any] | list[list[str]] | str, OR_TEMPLATE] | None = None
    path: TextsOrTemplate | None = None
    copy_: Paths | None = Field(None, alias="copy")
    post_run_copy: Paths | None = None
    run: TextsOrTemplate | None = None
    lang_env: Text | None = None
    uid: Annotated[int | str, OR_TEMPLATE] | None = None
    gid: Annotated[int | str, OR_TEMPLATE] | None = None
    username: Text | None = None
    filename: Text | None = "Dockerfile"
    workdir: Text | None = "/code"
    workdir_path: Text | None = None
    shell: Text | None = "/bin/bash"


class File(Section):
    content: Text
    filename: Text | None = None
    kind: Annotated[ArtifactKind | str, OR_TEMPLATE] | None = None
    chmod: Text | None = None


class Tensorboard(Section):
    port: Annotated[StrictInt | str, OR_TEMPLATE] | None = None
    uuids: Annotated[Annotated[list[Uuid] | str, OR_TEMPLATE], BeforeValidator(_split), LISTED] | None = None
    use_names: Annotated[bool | str, OR_TEMPLATE] | None = None
    path_prefix: Text | None = None
    plugins: Annotated[TextsOrTemplate, BeforeValidator(_split), LISTED] | None = None


class Event(Section):
    name: Text | None = None
    kind: Text | None = None
