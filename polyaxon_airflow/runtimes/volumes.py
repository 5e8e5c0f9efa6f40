"""Volumes of a run's pod, and where its containers see them (spec sections 2.15, 2.16, 5.2)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.runtimes import context

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polyaxon_airflow.runtimes.launch import Launch
    from polyaxon_airflow.sections.connections import Connection, ConnectionResource

Volume = dict[str, Any]
Mount = dict[str, Any]

CONTEXT_VOLUME = "polyaxon-context"  # all of /plx-context but the run's own directory
RUN_VOLUME = "polyaxon-run"  # the run's own directory, which is kept after the run
DOCKER_SOCKET = "/var/run/docker.sock"


def context_volumes(launch: Launch) -> list[Volume]:
    """What the containers of a run share; the run's directory lies in the artifacts store where that is a volume."""
    store = launch.artifacts_store
    kept = {"emptyDir": {}} if store is None or not kept_in_store(launch) else _source(store)
    return [{"name": CONTEXT_VOLUME, "emptyDir": {}}, {"name": RUN_VOLUME, **kept}]


def kept_in_store(launch: Launch) -> bool:
    """Whether a run writes straight into the artifacts store."""
    collects = launch.plugin("collect_artifacts", default=True)
    return collects and launch.artifacts_store is not None and bool(_source(launch.artifacts_store))


def context_mounts(launch: Launch) -> list[Mount]:
    """The context; the run's directory stands in it twice, since offline tracking writes below a root of its own."""
    paths = (context.run_path(launch.uuid), context.offline_run_path(launch.uuid))
    folder = {"subPath": launch.uuid} if kept_in_store(launch) else {}
    own = [{"name": RUN_VOLUME, "mountPath": path, **folder} for path in paths]
    return [{"name": CONTEXT_VOLUME, "mountPath": context.ROOT}, *own]


def plugin_volumes(launch: Launch) -> list[tuple[Volume, Mount]]:
    """Shared memory, unless it is switched off, and Docker's socket where it is asked for."""
    found: list[tuple[Volume, Mount]] = []
    if launch.plugin("shm", default=True):
        # A container's own /dev/shm holds 64 MB, too little for the data loaders of PyTorch.
        volume = {"name": "shm", "emptyDir": {"medium": "Memory"}}
        found.append((volume, {"name": "shm", "mountPath": "/dev/shm"}))  # noqa: S108
    if launch.plugin("docker", default=False):
        volume = {"name": "docker", "hostPath": {"path": DOCKER_SOCKET}}
        found.append((volume, {"name": "docker", "mountPath": DOCKER_SOCKET}))
    return found


def path_volumes(paths: Iterable[str]) -> list[tuple[Volume, Mount]]:
    """A scratch volume for each directory that init steps fill and that lies outside the context."""
    outside = dict.fromkeys(path for path in paths if not _is_below(path, context.ROOT))
    names = {path: f"init-{sha256(path.encode()).hexdigest()[:10]}" for path in outside}
    return [
        ({"name": name, "emptyDir": {}}, {"name": name, "mountPath": path}) for path, name in names.items()
    ]


def connection_volumes(connections: Sequence[Connection]) -> list[tuple[Volume, Mount]]:
    """Claims and host paths of connections, and what of their secrets and config maps is mounted."""
    found = [pair for connection in connections for pair in _own_volume(connection)]
    found += [pair for connection in connections for pair in _resource_volume(connection.secret, "secret")]
    found += [
        pair for connection in connections for pair in _resource_volume(connection.config_map, "configMap")
    ]
    return found


def unique(volumes: Iterable[Volume]) -> list[Volume]:
    """The first volume of each name."""
    return list({volume["name"]: volume for volume in reversed(list(volumes))}.values())[::-1]


def without_repeats(mounts: Iterable[Mount], taken: Iterable[Mount] = ()) -> list[Mount]:
    """The first mount of each path that `taken` does not have; Kubernetes refuses two at one path."""
    seen = {mount.get("mountPath") for mount in taken}
    kept: dict[str, Mount] = {}
    for mount in mounts:
        if mount["mountPath"] not in seen:
            kept.setdefault(mount["mountPath"], mount)
    return list(kept.values())


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root}/")


def _own_volume(connection: Connection) -> Iterable[tuple[Volume, Mount]]:
    mount: Mount = {"name": connection.name, "mountPath": connection.setting("mountPath")}
    if connection.setting("readOnly"):
        mount["readOnly"] = True
    if source := _source(connection):
        yield {"name": connection.name, **source}, mount


def _source(connection: Connection) -> Volume:
    """The volume of a connection that is one, without its name; nothing for another."""
    if connection.kind == "volume_claim":
        return {"persistentVolumeClaim": {"claimName": connection.setting("volumeClaim")}}
    if connection.kind == "host_path":
        return {"hostPath": {"path": connection.setting("hostPath")}}
    return {}


def _resource_volume(resource: ConnectionResource | None, source: str) -> Iterable[tuple[Volume, Mount]]:
    if resource is None or not resource.mount_path:
        return
    content: dict[str, Any] = {"secretName" if source == "secret" else "name": resource.name}
    if resource.items:
        content["items"] = [{"key": item, "path": item} for item in resource.items]
    if resource.default_mode is not None:
        content["defaultMode"] = int(
            str(resource.default_mode), 8 if isinstance(resource.default_mode, str) else 10
        )
    mount = {"name": resource.name, "mountPath": resource.mount_path, "readOnly": True}
    yield {"name": resource.name, source: content}, mount
