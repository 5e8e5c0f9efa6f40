"""What happens to an object before it is stored: checks, and the defaults of the real API server."""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy

from tests.kube.errors import ApiError, bad_request, invalid
from tests.kube.structural import pruned
from tests.kube.validation import metadata_faults, pod_faults

MUTABLE_IN_POD = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds")
POD_IS_FIXED = (
    "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`, "
    "`spec.initContainers[*].image`, `spec.activeDeadlineSeconds`, `spec.tolerations`"
)


def admitted(resource, obj, old=None, *, strict=False):
    """The object as it will be stored. `obj` is the caller's own copy; `old` is what it replaces.

    With `strict`, a custom resource with a field that its schema does not know is refused instead of pruned.
    """
    faults = list(metadata_faults(obj["metadata"]))
    if resource.custom and resource.schema:
        obj = _fitted(resource.schema, obj, faults, strict=strict)
    if resource.kind == "Pod":
        faults.extend(_pod_update_faults(obj, old) if old else pod_faults(obj.get("spec") or {}))
    if faults:
        raise invalid(resource.kind, obj["metadata"].get("name", ""), faults)
    if resource.kind == "Pod" and not old:
        _add_pod_defaults(obj)
    if resource.kind == "Secret":
        _encode(obj)
    return obj


def strict_faults(resource, obj):
    """What is wrong with a custom resource, unknown fields too; nothing, if it may be created as it is."""
    faults = list(metadata_faults(obj["metadata"]))
    try:
        _fitted(resource.schema, obj, faults, strict=True)
    except ApiError as refusal:
        faults.append(str(refusal))
    return faults


def _fitted(schema, obj, faults, *, strict):
    """A custom resource pruned to its schema; apiVersion, kind and metadata are the server's own business."""
    own = {name: obj[name] for name in ("apiVersion", "kind", "metadata") if name in obj}
    body = {name: value for name, value in obj.items() if name not in own}
    required = [name for name in schema.get("required") or [] if name not in own]
    kept = pruned(body, {**schema, "required": required}, faults)
    unknown = sorted(_lost(body, kept))
    if strict and unknown:
        raise bad_request(
            "strict decoding error: " + ", ".join(f'unknown field "{path}"' for path in unknown)
        )
    return {**own, **kept}


def _lost(before, after, path=""):
    """Paths of the mapping keys that pruning has removed."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from _lost(value, after[key], f"{path}.{key}".lstrip("."))
            else:
                yield f"{path}.{key}".lstrip(".")
    if isinstance(before, list) and isinstance(after, list):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _lost(one, other, f"{path}[{index}]")


def _pod_update_faults(pod, old):
    if _fixed_part(pod["spec"]) != _fixed_part(old["spec"]):
        yield POD_IS_FIXED


def _fixed_part(spec):
    spec = {name: value for name, value in deepcopy(spec).items() if name not in MUTABLE_IN_POD}
    for container in spec.get("containers", []) + spec.get("initContainers", []):
        container.pop("image", None)
    return spec


def _add_pod_defaults(pod):
    spec = pod["spec"]
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    for container in spec.get("initContainers", []) + spec["containers"]:
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        container.setdefault("imagePullPolicy", "IfNotPresent")
    pod["status"] = {"phase": "Pending"}


def _encode(secret):
    for name, text in secret.pop("stringData", {}).items():
        secret.setdefault("data", {})[name] = b64encode(text.encode()).decode()
