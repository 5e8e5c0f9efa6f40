"""`init: [{tensorboard: {uuids, ...}}]`: the event folders of several runs, and the script that shows them."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.artifacts.paths import inside
from polyaxon_airflow.artifacts.storage import open_storage
from polyaxon_airflow.artifacts.transfer import pull, pull_folder
from polyaxon_airflow.init.file import write

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENTS = "outputs/tensorboard"  # in a run's folder, as traceml writes them
SCRIPT = "start_tensorboard"  # the name that Polyaxon's component runs
PORT = 6006


def run(options: Mapping[str, Any]) -> str:
    """Copy event folders to `to/tensorboard/<name>` and write `to/start_tensorboard`.

    Options: `root`, the artifacts store; `to`; `runs`, a mapping of uuid to the name of its folder; `port`,
    `path_prefix` and `plugins` as in the polyaxonfile. A run without events is left out. Raises FilesError.
    """
    storage, target = open_storage(options["root"]), Path(options["to"])
    folder = target / "tensorboard"
    folder.mkdir(parents=True, exist_ok=True)
    found = {
        name: pull_folder(storage, f"{uuid}/{EVENTS}", folder, name)
        for uuid, name in options["runs"].items()
        if storage.stat(f"{uuid}/{EVENTS}") is not None
    }
    pull(storage, [copy for copies in found.values() for copy in copies])
    write(inside(target, SCRIPT), script(folder, options), "+x")
    missing = sorted(set(options["runs"].values()) - set(found))
    without = f"; no events yet of {', '.join(missing)}" if missing else ""
    return f"events of {len(found)} runs in {folder}{without}"


def script(folder: Path, options: Mapping[str, Any]) -> str:
    """A shell script that installs the plugins and becomes TensorBoard."""
    words = ["tensorboard", f"--logdir={folder}", f"--port={options.get('port') or PORT}", "--host=0.0.0.0"]
    if options.get("path_prefix"):
        words.append(f"--path_prefix={options['path_prefix']}")
    plugins = options.get("plugins")
    install = f"pip install {shlex.join(plugins)} && " if plugins else ""
    return f"#!/bin/sh\n{install}exec {shlex.join(words)}\n"
