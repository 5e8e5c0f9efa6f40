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


def shaping(source: Path) -> Shaping:
    """`source`: the dags folder."""
    from airflow.configuration import conf

    file = conf.get("polyaxon", "queues_file", fallback="") or str(source / "queues.yaml")
    from pathlib import Path

    return Shaping(
        timezone=conf.get("core", "default_timezone", fallback="utc"),
        catchup=conf.getboolean("polyaxon", "catchup", fallback=True),
        owner=conf.get("polyaxon", "owner", fallback="default"),
        project=conf.get("polyaxon", "project", fallback="default"),
        queues_file=file if Path(file).exists() else "",
    )


def shaping_settings(source: Path) -> str:
    """All of it as text: kept plans are stale when it changes."""
    return json.dumps([version("airflow-provider-polyaxon"), *shaping(source)])
