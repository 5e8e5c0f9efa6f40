"""One object for one run: its name is made of the run's uuid, so the API server itself refuses a second one."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from polyaxon_airflow.errors import TemporaryRunnerError
from polyaxon_airflow.runners.kubernetes.api import ApiRefusedError
from polyaxon_airflow.runtimes.metadata import UUID_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyaxon_airflow.runners.kubernetes.api import Api, Object

COLLECTED = "polyaxon-airflow/collected"  # annotation: the outcome is in the store, the object may go
EXPIRES = "polyaxon-airflow/expires"  # annotation: seconds since 1970 at which a collected object is removed
KEPT_LABEL = "polyaxon-airflow/kept"
POLL = 0.5  # seconds
LINGER = 60.0  # seconds past its grace period that an object may take to go


async def submit(api: Api, collection: str, body: Object, uuid: str) -> Object:
    """Create the object of a run, or give the one that lives, or that ended without anybody noticing.

    An earlier one that is being deleted, or that was collected, is waited for. Raises TemporaryRunnerError if it
    does not go, and what the API server refuses as ApiRefusedError.
    """
    body = identified(body, uuid)
    path = f"{collection}/{body['metadata']['name']}"
    while True:
        found = await api.find(path)
        if found is None:
            try:
                return await api.create(collection, body)
            except ApiRefusedError as refusal:
                if refusal.reason != "AlreadyExists":
                    raise
        elif is_leaving(found):
            await removed(api, path, found)
        else:
            return found


async def submit_companions(api: Api, namespace: str, companions: Iterable[Object], owner: Object) -> None:
    """Create what goes with a run's object, as its property: the cluster removes it together with its owner."""
    fields = ("apiVersion", "kind")
    reference = {
        **{key: owner[key] for key in fields},
        **{key: owner["metadata"][key] for key in ("name", "uid")},
    }
    for companion in companions:
        metadata = {**companion["metadata"], "ownerReferences": [reference]}
        metadata.pop("namespace", None)
        try:
            await api.create(collection_of(companion, namespace), {**companion, "metadata": metadata})
        except ApiRefusedError as refusal:
            if refusal.reason != "AlreadyExists":
                raise


def collection_of(body: Object, namespace: str) -> str:
    """The path of an object's kind; plurals are regular for all kinds that we make."""
    version, plural = body["apiVersion"], f"{body['kind'].lower()}s"
    group = f"apis/{version}" if "/" in version else f"api/{version}"
    return f"/{group}/namespaces/{namespace}/{plural}"


def identified(body: Object, uuid: str) -> Object:
    """The object under the one name of its run, and with the label by which it is found."""
    metadata = {**body.get("metadata", {}), "name": f"plx-operation-{uuid}"}
    metadata["labels"] = {**(metadata.get("labels") or {}), UUID_LABEL: uuid}
    metadata.pop("namespace", None)
    return {**body, "metadata": metadata}


def is_leaving(found: Object) -> bool:
    metadata = found["metadata"]
    return "deletionTimestamp" in metadata or COLLECTED in (metadata.get("annotations") or {})


async def removed(api: Api, path: str, found: Object, grace: float | None = None) -> None:
    """Delete an object and wait until it is gone. Raises TemporaryRunnerError if it stays."""
    uid = found["metadata"]["uid"]
    if "deletionTimestamp" not in found["metadata"] or grace is not None:
        await api.delete(path, uid=uid, grace=grace)
    until = None
    while (found_now := await api.find(path)) is not None and found_now["metadata"]["uid"] == uid:
        if until is None:
            until = time.monotonic() + LINGER + (found_now["metadata"].get("deletionGracePeriodSeconds") or 0)
        if time.monotonic() > until:
            raise TemporaryRunnerError(_stays(found_now))
        await asyncio.sleep(POLL)


async def mark_collected(api: Api, path: str, uid: str, *, expires: float) -> None:
    """Say on an object that its outcome is recorded, and until when (seconds since 1970) it is kept."""
    found = await api.find(path)
    if found is not None and found["metadata"]["uid"] == uid:
        marks = {COLLECTED: "true", EXPIRES: str(int(expires))}
        await api.patch(
            path, {"metadata": {"uid": uid, "annotations": marks, "labels": {KEPT_LABEL: "true"}}}
        )


async def remove_expired(api: Api, collection: str, *, now: float) -> None:
    """Delete the kept objects of a namespace whose time has come."""
    kept = await api.get(collection, {"labelSelector": KEPT_LABEL})
    for found in kept["items"]:
        metadata = found["metadata"]
        if float(metadata["annotations"][EXPIRES]) <= now and "deletionTimestamp" not in metadata:
            await api.delete(f"{collection}/{metadata['name']}", uid=metadata["uid"])


def _stays(found: Object) -> str:
    name, node = found["metadata"]["name"], found.get("spec", {}).get("nodeName")
    where = f" on node '{node}'" if node else ""
    return (
        f"an earlier {found.get('kind', 'object')} of this run, '{name}'{where}, is being deleted and does not go. "
        "Its node may be lost: remove the node, or delete the object with --force once the node is off"
    )
