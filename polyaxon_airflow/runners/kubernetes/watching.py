"""One object of Kubernetes as it changes, across dropped watches and expired versions."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.runners.kubernetes.api import ApiRefusedError, ApiUnavailableError
from polyaxon_airflow.runners.lines import LineSplitter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from polyaxon_airflow.runners.kubernetes.api import Api, Object

PERIOD = 240  # seconds after which the server ends a watch
BACK_OFF = 1.0  # seconds before a watch that failed is taken up again


class Version(NamedTuple):
    """An object as it was at one time; `gone` once it is there no more, with what was seen of it last."""

    object: Object | None
    gone: bool


async def versions(
    api: Api, collection: str, name: str, uid: str, *, patience: float
) -> AsyncIterator[Version]:
    """Every version of an object that is seen, the last one `gone`.

    `collection` is the path of its kind in its namespace. An object of another uid under the same name is
    another object. Raises ApiUnavailableError when the server has not answered for `patience` seconds.
    """
    last: Object | None = None
    answered = time.monotonic()
    while True:
        try:
            found = await api.find(f"{collection}/{name}")
            answered = time.monotonic()
            if found is None or found["metadata"]["uid"] != uid:
                yield Version(last, gone=True)
                return
            last = found
            yield Version(last, gone=False)
            async for change, changed in _changes(
                api, collection, name, found["metadata"]["resourceVersion"]
            ):
                if changed["metadata"]["uid"] == uid:
                    last = changed
                    yield Version(last, gone=change == "DELETED")
                    if change == "DELETED":
                        return
        except ApiUnavailableError:
            if time.monotonic() - answered > patience:
                raise
            await asyncio.sleep(BACK_OFF)


async def _changes(api: Api, collection: str, name: str, version: str) -> AsyncIterator[tuple[str, Object]]:
    """(type, object) after `version`, until the watch ends or the server has forgotten that version."""
    query = {
        "watch": "true",
        "fieldSelector": f"metadata.name={name}",
        "resourceVersion": version,
        "timeoutSeconds": str(PERIOD),
    }
    lines = LineSplitter()
    try:
        async with api.stream(collection, query, silence=PERIOD + 30) as chunks:
            async for chunk in chunks:
                for line in lines.feed(chunk):
                    change = json.loads(line)
                    if change["type"] == "ERROR":
                        return
                    yield change["type"], change["object"]
    except ApiRefusedError as refusal:
        if refusal.status == 404:
            return
        raise
