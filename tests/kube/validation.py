"""What the API server refuses: metadata and pods, in its own words."""

from __future__ import annotations

import re
from itertools import chain

from tests.kube.errors import bad_request

LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
LABEL_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")
LABEL_KEY = re.compile(r"^([a-z0-9.-]{1,253}/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")
QUANTITY = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?\d+))?$")
ALPHANUMERIC = "must consist of lower case alphanumeric characters"


def metadata_faults(metadata):
    """Faults of name, labels and annotations."""
    name = metadata.get("name", "")
    if not SUBDOMAIN.match(name) or len(name) > 253:
        yield f"metadata.name: Invalid value: \"{name}\": a lowercase RFC 1123 subdomain {ALPHANUMERIC}, '-' or '.'"
    for key, value in (metadata.get("labels") or {}).items():
        if not LABEL_KEY.match(key):
            yield f'metadata.labels: Invalid value: "{key}": name part must consist of alphanumeric characters'
        if not isinstance(value, str) or len(value) > 63 or not LABEL_VALUE.match(value):
            yield (
                f'metadata.labels: Invalid value: "{value}": a valid label must be an empty string or consist of '
                "alphanumeric characters, '-', '_' or '.' (max 63)"
            )
    for key, value in (metadata.get("annotations") or {}).items():
        if not isinstance(value, str):
            yield f"metadata.annotations[{key}]: Invalid value: must be a string"


def pod_faults(spec):
    """Faults of a pod's spec. Raises ApiError 400 where the real server cannot decode the object at all."""
    if not spec.get("containers"):
        yield "spec.containers: Required value"
    if spec.get("restartPolicy", "Always") not in {"Always", "OnFailure", "Never"}:
        yield f'spec.restartPolicy: Unsupported value: "{spec["restartPolicy"]}"'
    volumes = {volume.get("name") for volume in spec.get("volumes") or []}
    seen = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or []):
            place = f"spec.{field}[{index}]"
            yield from _container_faults(place, container, seen)
            yield from _mount_faults(place, container, volumes)
            seen.add(container.get("name"))


def _container_faults(place, container, seen):
    name = container.get("name", "")
    if not LABEL.match(name) or len(name) > 63:
        yield f"{place}.name: Invalid value: \"{name}\": a lowercase RFC 1123 label {ALPHANUMERIC} or '-'"
    if name in seen:
        yield f'{place}.name: Duplicate value: "{name}"'
    if not container.get("image"):
        yield f"{place}.image: Required value"
    for index, variable in enumerate(container.get("env") or []):
        if not isinstance(variable.get("value", ""), str):
            at = f"{place}.env[{index}].value"
            raise bad_request(f"Pod in version v1 cannot be handled as a Pod: {at} must be a string")
        if variable.get("value") and variable.get("valueFrom"):
            yield f"{place}.env[{index}].valueFrom: Invalid value: may not be specified when `value` is not empty"
    _check_quantities(place, container.get("resources") or {})


def _check_quantities(place, resources):
    given = chain((resources.get("limits") or {}).items(), (resources.get("requests") or {}).items())
    for name, quantity in given:
        if not QUANTITY.match(str(quantity)):
            raise bad_request(
                f"quantities must match the regular expression: {place}.resources.{name}={quantity}"
            )


def _mount_faults(place, container, volumes):
    paths = set()
    for index, mount in enumerate(container.get("volumeMounts") or []):
        at = f"{place}.volumeMounts[{index}]"
        if mount.get("name") not in volumes:
            yield f'{at}.name: Not found: "{mount.get("name")}"'
        if mount.get("mountPath") in paths:
            yield f'{at}.mountPath: Invalid value: "{mount["mountPath"]}": must be unique'
        paths.add(mount.get("mountPath"))
