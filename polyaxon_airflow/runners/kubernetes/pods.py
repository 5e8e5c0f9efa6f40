"""What a pod's status says about its run. Pure: objects of Kubernetes in, values out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.runners.base import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Object = Mapping[str, Any]

# Reasons of a waiting container that another minute seldom changes. Kubernetes tries again for ever.
PULL = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "RegistryUnavailable"}
START = {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError"}

STARTS = 3  # times that a sidecar may end before the main container has started

GONE = "the pod vanished without an exit code: it was deleted by something else than Airflow, or its node is gone"


class PodState(NamedTuple):
    """What one version of a pod says."""

    outcome: Outcome | None  # None while the run goes on
    started: tuple[str, ...]  # containers that have logs, in the order in which they started
    ended: frozenset[str]  # containers whose process has ended for good
    waits_for: str  # why the run has not started or does not go on; "" when it does
    stuck: bool  # what it waits for does not come by itself


def read(pod: Object, main: str) -> PodState:
    """The state of a pod; `main` names the container that decides.

    Success needs that container's exit code 0. A phase alone never is one.
    """
    statuses = list(_statuses(pod))
    ended = frozenset(status["name"] for status in statuses if _is_over(status, pod))
    started = tuple(status["name"] for status in statuses if _has_logs(status))
    waits_for, stuck = _waits_for(pod, statuses)
    return PodState(_outcome(pod, statuses, main), started, ended, waits_for, stuck)


def vanished(pod: Object | None, main: str) -> Outcome:
    """How a run ended whose pod is no longer there; `pod` is the last that was seen of it."""
    outcome = read(pod, main).outcome if pod is not None else None
    if outcome is not None:
        return outcome
    why = _disruption(pod) if pod is not None else None
    said = f"the pod was removed: {why}" if why else GONE
    return Outcome("failed", None, said, disrupted=why is not None)


def containers_of(pod: Object) -> list[str]:
    """Names of all containers."""
    return [container["name"] for container in _specs(pod)]


def why_not_done(pod: Object, container: str) -> str | None:
    """Why a container did not end with exit code 0; None if it did."""
    status = next((status for status in _statuses(pod) if status["name"] == container), {})
    ended = _terminated(status) or (status.get("lastState") or {}).get("terminated")
    what = f"container '{container}'"
    if ended is None:
        return f"{what} did not come to its end"
    last_line = (ended.get("message") or "").strip().rpartition("\n")[2]
    return _why_ended(what, {**ended, "message": last_line}, pod) if ended["exitCode"] != 0 else None


def is_ready(pod: Object) -> bool:
    """Whether all its containers run and answer, as far as they have probes."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(found["type"] == "Ready" and found["status"] == "True" for found in conditions)


def is_final(pod: Object) -> bool:
    """Whether none of its containers will run again."""
    return _phase(pod) in {"Succeeded", "Failed"}


def deletion_asked_at(pod: Object) -> datetime | None:
    """When somebody asked for the pod's end; its `deletionTimestamp` is the grace period later."""
    metadata = pod["metadata"]
    if "deletionTimestamp" not in metadata:
        return None
    return _time(metadata["deletionTimestamp"]) - timedelta(
        seconds=metadata.get("deletionGracePeriodSeconds") or 0
    )


def _statuses(pod: Object) -> Iterator[Object]:
    """Status of each container, in the order in which they start."""
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or []
    yield from status.get("containerStatuses") or []


def _has_logs(status: Object) -> bool:
    state, last = status.get("state") or {}, status.get("lastState") or {}
    return "running" in state or "terminated" in state or "terminated" in last


def _terminated(status: Object) -> Object | None:
    found: Object | None = (status.get("state") or {}).get("terminated")
    return found


def _is_over(status: Object, pod: Object) -> bool:
    """Whether a container has ended and its restart policy leaves it so."""
    ended = _terminated(status)
    if ended is None:
        return False
    policy = _restart_policy(status["name"], pod)
    again = policy == "Always" or (policy == "OnFailure" and ended["exitCode"] != 0)
    return not again or is_final(pod) or "deletionTimestamp" in pod["metadata"]


def _restart_policy(container: str, pod: Object) -> str:
    """Init containers that restart always are Kubernetes' native sidecars; the others end with their success."""
    of_pod = str(pod["spec"].get("restartPolicy", "Always"))
    init = next((spec for spec in _inits(pod) if spec["name"] == container), None)
    if init is None:
        return of_pod
    return init.get("restartPolicy") or ("OnFailure" if of_pod == "Always" else of_pod)


def _inits(pod: Object) -> list[Object]:
    return pod["spec"].get("initContainers") or []


def _specs(pod: Object) -> list[Object]:
    return [*_inits(pod), *pod["spec"]["containers"]]


def _phase(pod: Object) -> str:
    return str((pod.get("status") or {}).get("phase"))


def _outcome(pod: Object, statuses: list[Object], main: str) -> Outcome | None:
    deciding = next((status for status in statuses if status["name"] == main), None)
    ended = _terminated(deciding) if deciding is not None and _is_over(deciding, pod) else None
    if ended is not None and ended["exitCode"] == 0 and not _was_ended(pod, ended):
        return Outcome("succeeded", 0)
    if _phase(pod) == "Failed" and pod["status"].get("reason"):
        said = f"{pod['status']['reason']}: {pod['status'].get('message', '')}".rstrip(": ")
        code = ended["exitCode"] if ended is not None else None
        said = f"the pod was ended by Kubernetes: {said}"
        return Outcome("failed", code, said, disrupted=_disruption(pod) is not None)
    if ended is not None:
        taken = _disruption(pod) is not None and _was_ended(pod, ended)
        return Outcome(
            "failed", ended["exitCode"], _why_ended("the main container", ended, pod), disrupted=taken
        )
    return _failed_before_main(pod, statuses, main)


def _failed_before_main(pod: Object, statuses: list[Object], main: str) -> Outcome | None:
    inits = {container["name"] for container in _inits(pod)}
    begun = any(status["name"] == main and _has_logs(status) for status in statuses)
    for status in statuses:
        ended = _terminated(status)
        if ended and status["name"] in inits and ended["exitCode"] != 0 and _is_over(status, pod):
            what = f"init container '{status['name']}'"
            return Outcome("failed", ended["exitCode"], _why_ended(what, ended, pod))
        if not begun and (last := _restarts_in_vain(status, pod)) is not None:
            what = f"the pod does not start: its sidecar '{status['name']}'"
            return Outcome("failed", last["exitCode"], _why_ended(what, last, pod))
    if is_final(pod):
        return Outcome("failed", None, f"the pod is {_phase(pod)}, but its main container has no exit code")
    return None


def _restarts_in_vain(status: Object, pod: Object) -> Object | None:
    """The last end of a sidecar that ends again and again."""
    sidecars = {container["name"] for container in _inits(pod) if container.get("restartPolicy") == "Always"}
    if status["name"] not in sidecars or status.get("restartCount", 0) < STARTS:
        return None
    found: Object | None = (status.get("lastState") or {}).get("terminated")
    return found


def _was_ended(pod: Object, ended: Object) -> bool:
    """Whether a container ended because somebody ended its pod: then its code is not the run's own."""
    if _phase(pod) == "Failed" and pod["status"].get("reason"):
        return True
    asked = deletion_asked_at(pod)
    return asked is not None and "finishedAt" in ended and _time(ended["finishedAt"]) >= asked


def _why_ended(what: str, ended: Object, pod: Object) -> str:
    code = ended["exitCode"]
    if (why := _disruption(pod)) and _was_ended(pod, ended):
        return f"{what} was ended with exit code {code}: {why}"
    if _was_ended(pod, ended):
        return f"{what} was ended with exit code {code}: its pod was deleted"
    if ended.get("reason") == "OOMKilled":
        return f"{what} was killed because its memory limit was reached (exit code {code})"
    said = (ended.get("message") or "").strip()
    return f"{what} exited with code {code}" + (f": {said}" if said else "")


def _disruption(pod: Object) -> str | None:
    """Why Kubernetes itself took the pod away: preemption, eviction, a taint, the end of a node."""
    for condition in (pod.get("status") or {}).get("conditions") or []:
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
            return f"{condition.get('reason')}: {condition.get('message', '')}".rstrip(": ")
    return None


def _waits_for(pod: Object, statuses: list[Object]) -> tuple[str, bool]:
    for status in statuses:
        waiting = (status.get("state") or {}).get("waiting") or {}
        reason, said = waiting.get("reason"), waiting.get("message") or ""
        if reason in PULL:
            image = status.get("image") or _image(pod, status["name"])
            return f"container '{status['name']}' cannot pull image '{image}' ({reason}): {said}", True
        if reason in START:
            return f"container '{status['name']}' cannot start ({reason}): {said}", True
        if reason == "CrashLoopBackOff":
            return f"container '{status['name']}' restarts: {said}", False
    for condition in (pod.get("status") or {}).get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return f"no node takes the pod ({condition.get('reason')}): {condition.get('message', '')}", False
    return "", False


def _image(pod: Object, name: str) -> str:
    return next((container.get("image", "") for container in _specs(pod) if container["name"] == name), "")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
