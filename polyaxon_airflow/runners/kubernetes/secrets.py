"""Secrets that stand for Airflow connections, as objects that live as long as their run's pod."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.connections.catalogue import SECRET_PREFIX
from polyaxon_airflow.errors import PermanentRunnerError
from polyaxon_airflow.runners.kubernetes.api import ApiRefusedError
from polyaxon_airflow.runtimes.metadata import UUID_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from polyaxon_airflow.runners.base import Provided
    from polyaxon_airflow.runners.kubernetes.api import Api, Object

# Key of a reference in a pod -> the key below it that holds the secret's name.
REFERENCES = {"secretKeyRef": "name", "secretRef": "name", "secret": "secretName"}


def with_secrets_of_its_own(pod: Object, uuid: str, secrets: Provided) -> tuple[Object, list[Object]]:
    """A pod whose references name secrets of its run, and those secrets.

    Secrets of the cluster keep their names. Raises PermanentRunnerError for one that nothing provides.
    """
    names = {name: f"plx-operation-{uuid}-{name.removeprefix(SECRET_PREFIX)}" for name in _asked(pod)}
    made = [_secret(names[name], uuid, _items(name, secrets)) for name in names]
    return _renamed(pod, names), made


async def put_secrets(api: Api, namespace: str, secrets: Iterable[Object]) -> None:
    """Create secrets, or bring those of an earlier attempt up to date. Before the pod: a kubelet that misses one waits."""
    for secret in secrets:
        await _put(api, _collection(namespace), secret)


async def _put(api: Api, collection: str, secret: Object) -> None:
    """Never reads: whoever may read one secret of a namespace may read all of them."""
    while True:
        try:
            await api.create(collection, secret)
            return
        except ApiRefusedError as refusal:
            if refusal.reason != "AlreadyExists":
                raise
        await api.delete(f"{collection}/{secret['metadata']['name']}")


async def give_to(api: Api, namespace: str, secrets: Iterable[Object], owner: Object) -> None:
    """Make secrets the property of their run's object: the cluster removes them together with it."""
    kind = {key: owner[key] for key in ("apiVersion", "kind")}
    reference = {**kind, **{key: owner["metadata"][key] for key in ("name", "uid")}}
    for secret in secrets:
        path = f"{_collection(namespace)}/{secret['metadata']['name']}"
        await api.patch(path, {"metadata": {"ownerReferences": [reference]}})


def _collection(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/secrets"


def _asked(value: Any) -> Iterator[str]:
    """Names of secrets that stand for Airflow connections, anywhere in a pod."""
    for key, item in value.items() if isinstance(value, dict) else ():
        name = item.get(REFERENCES[key]) if key in REFERENCES and isinstance(item, dict) else None
        if isinstance(name, str) and name.startswith(SECRET_PREFIX):
            yield name
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _asked(item)


def _items(name: str, secrets: Provided) -> Mapping[str, str]:
    items = secrets(name)
    if items is None:
        raise PermanentRunnerError(
            f"no Airflow connection stands behind secret '{name}'; give its connection a connId"
        )
    return items


def _secret(name: str, uuid: str, items: Mapping[str, str]) -> Object:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in items.items()}
    metadata = {"name": name, "labels": {UUID_LABEL: uuid}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": data}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _renamed(item, names) for key, item in value.items()}
    for key, named in REFERENCES.items():
        if isinstance(made.get(key), dict) and made[key].get(named) in names:
            made[key] = {**made[key], named: names[made[key][named]]}
    return made
