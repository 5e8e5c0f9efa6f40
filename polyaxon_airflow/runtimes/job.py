"""`run: {kind: job}`: one pod, run to its end (spec section 2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from polyaxon_airflow.runtimes import PodTemplate, Runtime
from polyaxon_airflow.runtimes.pod import pod

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyaxon_airflow.runtimes import Manifest, PodPath
    from polyaxon_airflow.runtimes.launch import Launch


class SinglePod(PodTemplate, Runtime):
    """Base of the runtimes that are one pod template."""

    def pods(self) -> Mapping[PodPath, PodTemplate]:
        return {(): self}

    def manifest(self, launch: Launch) -> Manifest:
        return {"kind": "pod", "pod": pod(self, launch, kind=self.kind)}


class Job(SinglePod):
    """`run: {kind: job, container: {image: python:3.12, command: [python, train.py]}}`."""

    kind: Literal["job"] = "job"


class Notifier(SinglePod):
    """A job of Polyaxon's own, accepted when a file says so."""

    kind: Literal["notifier"] = "notifier"


class Tuner(SinglePod):
    """A job that answers with suggestions for a matrix."""

    kind: Literal["tuner"] = "tuner"


class Cleaner(SinglePod):
    """A job of Polyaxon's own, accepted when a file says so."""

    kind: Literal["cleaner"] = "cleaner"
