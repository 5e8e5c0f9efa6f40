"""Where the paths of a pod lie on this machine, without mount namespaces.

A volume becomes a directory. Texts that mention a mount path (command, args, environment, working directory)
get that directory's path in its place, since nothing can be mounted for a plain process.
"""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.base import no_secrets
from polyaxon_airflow.runners.process.secrets import FOLDER, write_files
from polyaxon_airflow.runtimes import context
from polyaxon_airflow.runtimes.volumes import RUN_VOLUME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.runners.base import Provided, RunIdentity, Settings


class Layout(NamedTuple):
    """The directories of one run on this machine."""

    artifacts: Path  # the run's own directory in the artifacts store, kept after the run
    context: Path  # stands for /plx-context, goes with the run
    mounts: tuple[tuple[str, Path], ...]  # mount path -> directory, longest mount path first

    def local(self, text: str) -> str:
        """`text` with each mount path in it replaced by its directory.

        Only whole path components count: `/data` does not touch `/database`, nor `/my/data`.
        """
        places = dict(self.mounts)
        paths = "|".join(
            map(re.escape, places)
        )  # the longest first, and once: a directory may hold a mount path
        return re.sub(rf"(?<![\w./-])(?:{paths})(?![\w.-])", lambda found: str(places[found[0]]), text)


def make_layout(
    pod: Mapping[str, Any], run: RunIdentity, settings: Settings, secrets: Provided = no_secrets
) -> Layout:
    """Create the directories of a run. Raises PermanentRunnerError for a volume that is no directory."""
    scratch = Path(settings.context_root) / run.uuid
    own = scratch / "context"
    artifacts = Path(settings.artifacts_root) / run.uuid
    mounts = {context.ROOT: own} | mounted_directories(pod["spec"], scratch, settings, secrets)
    layout = Layout(artifacts, own, tuple(sorted(mounts.items(), key=lambda item: -len(item[0]))))
    for directory in (artifacts / "outputs", own, *mounts.values()):
        directory.mkdir(parents=True, exist_ok=True)
    for path in (context.run_path(run.uuid), context.offline_run_path(run.uuid)):
        link = Path(layout.local(path))
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(artifacts, target_is_directory=True)
    return layout


def mounted_directories(
    spec: Mapping[str, Any], scratch: Path, settings: Settings, secrets: Provided
) -> dict[str, Path]:
    """Mount path -> directory, over all containers of a pod."""
    volumes = {volume["name"]: volume for volume in spec.get("volumes") or ()}
    containers = [*(spec.get("initContainers") or ()), *spec["containers"]]
    mounts: dict[str, Path] = {}
    for container in containers:
        for mount in container.get("volumeMounts") or ():
            if mount["name"] == RUN_VOLUME:
                continue  # it is `Layout.artifacts`, wherever it is mounted
            path = mount["mountPath"].rstrip("/")
            if mount["name"] not in volumes:
                raise PermanentRunnerError(
                    f"container '{container['name']}' mounts volume '{mount['name']}', "
                    f"which the pod does not have; known: {', '.join(volumes) or 'none'}"
                )
            directory = volume_directory(volumes[mount["name"]], scratch, settings, secrets)
            mounts[path] = directory / mount["subPath"] if mount.get("subPath") else directory
    return mounts


def volume_directory(volume: Mapping[str, Any], scratch: Path, settings: Settings, secrets: Provided) -> Path:
    """The directory that stands for a volume. Raises PermanentRunnerError when nothing can."""
    if "hostPath" in volume:
        return Path(volume["hostPath"]["path"])
    if "persistentVolumeClaim" in volume:
        return Path(settings.context_root) / "claims" / str(volume["persistentVolumeClaim"]["claimName"])
    if (volume.get("emptyDir") or {}).get("medium") == "Memory" and Path("/dev/shm").is_dir():  # noqa: S108
        return Path("/dev/shm")  # noqa: S108 - a pod's own is private, but plain processes share the machine's
    if "secret" in volume:
        return write_files(volume, scratch / FOLDER / str(volume["name"]), secrets)
    if "emptyDir" in volume or set(volume) == {"name"}:
        return scratch / "volumes" / str(volume["name"])
    kind = next((key for key in volume if key != "name"), "volume")
    raise PermanentRunnerError(
        f"volume '{volume['name']}' is a {kind}, which the process runner does not have. "
        "Use emptyDir, hostPath, persistentVolumeClaim or secret, or run on Kubernetes"
    )


def downward(path: str, run: RunIdentity) -> str:
    """The value of an `env[].valueFrom.fieldRef` on this machine (Kubernetes' downward API)."""
    host = socket.gethostname()
    return {
        "metadata.name": run.name,
        "metadata.namespace": "local",
        "metadata.uid": run.uuid,
        "spec.nodeName": host,
        "status.hostIP": "127.0.0.1",
        "status.podIP": "127.0.0.1",
    }.get(path, "")
