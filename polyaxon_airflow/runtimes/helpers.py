"""Containers of this package beside a run, for what a process on the same machine would read from its folder.

They are Kubernetes' native sidecars (init containers that restart always, Kubernetes 1.29): they start before the
main container, and are asked to end once it has ended. The process runner needs none, and has no image for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyaxon_airflow.init.arguments import root_of
from polyaxon_airflow.init.options import encode
from polyaxon_airflow.runtimes import context
from polyaxon_airflow.runtimes.containers import Container, literal_container
from polyaxon_airflow.runtimes.variables import run_variables, secret_variables, variable_sources
from polyaxon_airflow.runtimes.volumes import connection_volumes, context_mounts, kept_in_store
from polyaxon_airflow.sections.plugins import PluginSidecar

if TYPE_CHECKING:
    from polyaxon_airflow.runtimes.launch import Launch

RELAY = "polyaxon-relay"  # its log carries what the run tracks, see `tracking.relay`
ARTIFACTS = "polyaxon-artifacts"  # brings the run's folder to a store that no volume reaches
RESTORER = "polyaxon-restore"
GRACE = 120  # seconds that a helped pod has for its end, so that the last files reach the store


def helper_containers(launch: Launch) -> list[Container]:
    """The helpers of a pod whose log and artifacts are the run's; none without a helper image."""
    if not launch.site.helper_image:
        return []
    folder = context.run_path(launch.uuid)
    relay = ["python", "-m", "polyaxon_airflow.tracking", folder, f"--ready={_ready(RELAY)}"]
    helpers = [_that_hears(_helper(RELAY, relay, launch))]
    store = launch.artifacts_store
    if store is not None and launch.plugin("collect_artifacts", default=True) and not kept_in_store(launch):
        command = [
            "python",
            "-m",
            "polyaxon_airflow.artifacts",
            root_of(store),
            launch.uuid,
            folder,
        ]
        every, ready = _settings(launch).sync_interval or 10, _ready(ARTIFACTS)
        options = {"every": every, "attempt": launch.attempt, "ready": ready}
        command += [f"--{name}={value}" for name, value in options.items()]
        helpers.append(_that_hears(_with_store(_helper(ARTIFACTS, command, launch), launch)))
    return [{key: value for key, value in helper.items() if value} for helper in helpers]


def restoring_containers(launch: Launch) -> list[Container]:
    """For a further attempt: what the one before left in the store, such as its checkpoints (plugin `autoResume`)."""
    store, image = launch.artifacts_store, launch.site.helper_image
    if launch.attempt < 2 or store is None or not image or kept_in_store(launch):
        return []
    if not launch.plugin("auto_resume", default=True):
        return []
    options = {"root": root_of(store), "uuid": launch.uuid, "to": context.run_path(launch.uuid)}
    command = ["python", "-m", "polyaxon_airflow.init", "restore", *encode(options)]
    made = _with_store(_helper(RESTORER, command, launch), launch)
    return [{key: value for key, value in made.items() if value and key != "restartPolicy"}]


def _that_hears(made: Container) -> Container:
    """A helper before whose handlers for signals are there the main container does not start.

    The first process of a container does not hear a signal that it has no handler for, so a main container that ends
    at once would have to wait for the helper for GRACE seconds.
    """
    probe = {"exec": {"command": ["cat", _ready(made["name"])]}, "periodSeconds": 1, "failureThreshold": 120}
    return {**made, "startupProbe": probe}


def _ready(name: str) -> str:
    """The file by which a helper says that it can hear."""
    return f"{context.ROOT}/.{name}"


def _with_store(made: Container, launch: Launch) -> Container:
    """A container with what it needs to reach the artifacts store."""
    stores = [launch.artifacts_store] if launch.artifacts_store is not None else []
    mounts = [mount for _, mount in connection_volumes(stores)]
    return {
        **made,
        "env": [*made["env"], *secret_variables(stores)],
        "envFrom": variable_sources(stores),
        "volumeMounts": [*made["volumeMounts"], *mounts],
    }


def _helper(name: str, command: list[str], launch: Launch) -> Container:
    settings = _settings(launch)
    own: dict[str, Any] = {
        "image": launch.site.helper_image,
        "command": command,
        "workingDir": "/",  # Python looks for modules there first
        "restartPolicy": "Always",
        "terminationMessagePolicy": "FallbackToLogsOnError",  # so that the pod says why it failed
        "imagePullPolicy": settings.image_pull_policy,
        "resources": settings.resources if isinstance(settings.resources, dict) else None,
    }
    added = {"env": run_variables(launch), "volumeMounts": context_mounts(launch)}
    return literal_container(own, name, context=added)


def _settings(launch: Launch) -> PluginSidecar:
    """`plugins.sidecar` of the run."""
    found = launch.plugins.sidecar if launch.plugins is not None else None
    return found if isinstance(found, PluginSidecar) else PluginSidecar()
