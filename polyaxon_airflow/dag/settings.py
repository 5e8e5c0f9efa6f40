"""The settings that plans depend on, cheap to ask: it is done at every parse."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Shaping(NamedTuple):
    """What `[polyaxon]` and `[core]` say."""

    timezone: str
    catchup: bool
    owner: str
    project: str
    queues_file: str  # "" if there is none
    connections_file: str  # "" if there is none
    presets: tuple[str, ...]  # files of the dags folder's presets; a plan offers those that fit


def shaping(source: Path) -> Shaping:
    """`source`: the dags folder."""
    from airflow.configuration import conf

    return Shaping(
        timezone=conf.get("core", "default_timezone", fallback="utc"),
        catchup=conf.getboolean("polyaxon", "catchup", fallback=True),
        owner=conf.get("polyaxon", "owner", fallback="default"),
        project=conf.get("polyaxon", "project", fallback="default"),
        queues_file=_file("queues", source),
        connections_file=_file("connections", source),
        presets=tuple(sorted(file.name for file in (source / "presets").glob("*"))),
    )


def as_text(told: Shaping) -> str:
    """All of it, and this package's version: kept plans are stale when it changes."""
    return json.dumps([version("airflow-provider-polyaxon"), *told])


def _file(what: str, source: Path) -> str:
    """The file of `[polyaxon] <what>_file`, there or not; else the one beside the dags, "" if there is none."""
    from airflow.configuration import conf

    named = conf.get("polyaxon", f"{what}_file", fallback="")
    file = source / (named or f"{what}.yaml")
    return str(file) if named or file.exists() else ""
