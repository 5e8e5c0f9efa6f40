"""Containers that run this package itself: init steps, and the sidecar that keeps artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyaxon_airflow.runtimes.launch import Launch


def helper(module: str, arguments: Sequence[str], launch: Launch) -> dict[str, Any]:
    """A container that runs a module of this package; the process runner takes its own Python for it."""
    image = {"image": launch.site.helper_image} if launch.site.helper_image else {}
    return {
        **image,
        "command": ["python", "-m", f"polyaxon_airflow.{module}"],
        "args": list(arguments),
        # Python looks for modules in the working directory first, and a polyaxonfile's folder may hold anything.
        "workingDir": "/",
        "terminationMessagePolicy": "FallbackToLogsOnError",  # so that Kubernetes says why it failed
    }
