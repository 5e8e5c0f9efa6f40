"""Objects of Kubernetes as they change, across dropped watches and expired versions."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, NamedTuple

from polyaxon_airflow.runners.kubernetes.api import ApiRefusedError, ApiUnavailableError
from polyaxon_airflow.runners.lines import LineSplitter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from polyaxon_airflow.runners.kubernetes.api import Api, Object

PERIOD = 240  # seconds after which the server ends a watch
BACK_OFF = 1.0  # seconds before a watch that failed is taken up again


class Version(NamedTuple):
    """An object as it was at one time; `gone` once it is there no more, with what was seen of it last."""

    object: Object
    gone: bool


class NotThere(NamedTuple):
    """There is no object of that name and uid, and none was seen."""


async def one(
    api: Api, collection: str, name: str, uid: str, *, patience: float
) -> AsyncIterator[Version | NotThere]:
    """Every version of one object that is seen, the last one `gone`.

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
                yield Version(last, gone=True) if last is not None else NotThere()
                return
            last = found
            yield Version(last, gone=False)
            query = {"fieldSelector": f"metadata.name={name}"}
            async for version in _changes(api, collection, query, found["metadata"]["resourceVersion"]):
                if version.object["metadata"]["uid"] == uid:
                    last = version.object
                    yield version
                    if version.gone:
                        return
        except ApiUnavailableError:
            if time.monotonic() - answered > patience:
                raise
            await asyncio.sleep(BACK_OFF)


async def selected(api: Api, collection: str, labels: str, *, patience: float) -> AsyncIterator[Version]:
    """Every version of the objects that a label selector selects, now and later; never ends by itself."""
    query = {"labelSelector": labels}
    known: dict[str, Object] = {}
    answered = time.monotonic()
    while True:
        try:
            found = await api.get(collection, query)
            answered = time.monotonic()
            present = {obj["metadata"]["uid"]: obj for obj in found["items"]}
            for uid in known.keys() - present.keys():
                yield Version(known[uid], gone=True)
            for obj in present.values():
                yield Version(obj, gone=False)
            known = present
            async for version in _changes(api, collection, query, found["metadata"]["resourceVersion"]):
                known[version.object["metadata"]["uid"]] = version.object
                if version.gone:
                    del known[version.object["metadata"]["uid"]]
                yield version
        except ApiUnavailableError:
            if time.monotonic() - answered > patience:
                raise
            await asyncio.sleep(BACK_OFF)


async def _changes(
    api: Api, collection: str, query: Mapping[str, str], version: str
) -> AsyncIterator[Version]:
    """Changes after `version`, until the watch ends or the server has forgotten that version."""
    query = {**query, "watch": "true", "resourceVersion": version, "timeoutSeconds": str(PERIOD)}
    lines = LineSplitter()
    try:
        async with api.stream(collection, query, silence=PERIOD + 30) as chunks:
            async for chunk in chunks:
                for line in lines.feed(chunk):
                    change = json.loads(line)
                    if change["type"] == "ERROR":
                        return
                    yield Version(change["object"], gone=change["type"] == "DELETED")
    except ApiRefusedError as refusal:
        if refusal.status != 404:
            raise
