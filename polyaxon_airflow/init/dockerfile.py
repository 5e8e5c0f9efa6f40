"""`init: [{dockerfile: {image, run, ...}}]`: the text of the Dockerfile, which is then written as a file is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polyaxon_airflow.sections.values import Dockerfile

WORKDIR = "/code"  # defaults of spec section 2.14
SHELL = "/bin/bash"
USER = "polyaxon"


def render(dockerfile: Dockerfile) -> str:
    """The Dockerfile that a section means; the order of its instructions is Polyaxon's.

    >>> from polyaxon_airflow.sections.values import Dockerfile
    >>> print(render(Dockerfile(image="python:3.12", run=["pip install torch"])), end="")
    FROM python:3.12
    ENV SHELL="/bin/bash"
    WORKDIR /code
    RUN pip install torch
    """
    return "".join(f"{line}\n" for line in _lines(dockerfile))


def _lines(dockerfile: Dockerfile) -> Iterator[str]:
    workdir = dockerfile.workdir or WORKDIR
    yield f"FROM {dockerfile.image}"
    if dockerfile.lang_env:
        yield from (_env(name, dockerfile.lang_env) for name in ("LC_ALL", "LANG", "LANGUAGE"))
    yield _env("SHELL", dockerfile.shell or SHELL)
    yield from (f'ENV PATH="${{PATH}}:{path}"' for path in dockerfile.path or ())
    yield from (_env(name, value) for name, value in _pairs(dockerfile.env))
    yield f"WORKDIR {workdir}"
    yield from _copies(dockerfile.copy_, workdir)
    yield from (f"RUN {_continued(command)}" for command in dockerfile.run or ())
    yield from _copies(dockerfile.post_run_copy, workdir)
    if dockerfile.uid and dockerfile.gid:
        user = dockerfile.username or USER
        yield f"RUN groupadd -g {dockerfile.gid} -r {USER} && useradd -r -m -g {USER} -u {dockerfile.uid} {user}"
    if dockerfile.workdir_path:
        yield _copy(dockerfile.workdir_path, workdir)


def _pairs(env: Any) -> Iterable[tuple[str, Any]]:
    return env.items() if isinstance(env, dict) else ((name, value) for name, value in env or ())


def _env(name: str, value: Any) -> str:
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'ENV {name}="{escaped}"'


def _copies(entries: Any, workdir: str) -> Iterator[str]:
    for entry in entries or ():
        source, target = (entry, workdir) if isinstance(entry, str) else entry
        yield _copy(source, target)


def _copy(source: str, target: str) -> str:
    """The JSON form is the one that takes spaces in names."""
    return f"COPY {json.dumps([source, target])}" if " " in source + target else f"COPY {source} {target}"


def _continued(command: str) -> str:
    """A command of several lines as one instruction."""
    return command.strip().replace("\n", " \\\n    ")
