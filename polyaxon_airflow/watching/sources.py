"""Which source a watch looks at, and which watches look together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyaxon_airflow.events.watches import Watch
    from polyaxon_airflow.store import RunStore
    from polyaxon_airflow.watching import Place, Source

STREAM = "stream "  # how the names of streams begin
OF_CONNECTIONS = ("git", "data", "registry")
OF_RUNS = ("status", "run", "metric")


def stream_of(watch: Watch) -> str:
    """The name of the stream that a watch is part of: watches of one stream are served by the same polls.

    >>> from polyaxon_airflow.events.watches import watch_of
    >>> stream_of(watch_of(["connection_git_commit"], "connections.code?branch=main&every=5m"))
    'stream git connections.code every 300 s'
    """
    family = watch.family.name
    about = f"{family} connections.{watch.ref.name}" if family in OF_CONNECTIONS else "runs"
    return f"{STREAM}{about}" + (f" every {watch.every:g} s" if watch.every else "")


def open_source(watch: Watch, *, place: Callable[[str], Place], store: RunStore, folder: Path) -> Source:
    """The source of a watch's stream. `place` resolves a connection, `folder` is for what a source keeps.

    Raises WatchError for a connection that is of another kind.
    """
    family = watch.family.name
    if family in OF_RUNS:
        from polyaxon_airflow.watching.runs import RunsSource

        return RunsSource(store)
    if family == "git":
        from polyaxon_airflow.watching.git import GitSource

        return GitSource(place(watch.ref.name), folder / "git")
    if family == "data":
        from polyaxon_airflow.watching.files import FilesSource

        return FilesSource(place(watch.ref.name))
    from polyaxon_airflow.watching.registry import RegistrySource

    return RegistrySource(place(watch.ref.name))
