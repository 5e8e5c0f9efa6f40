"""Secret values of connections, read from Airflow when a run starts and given to its containers only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.connections.kinds import Account, secret_items
from polyaxon_airflow.errors import PermanentRunnerError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from polyaxon_airflow.connections.catalogue import Catalogue, Entry

SHORTEST = 5  # characters; masking shorter texts would blacken half the log


@dataclass(frozen=True)
class Secrets:
    """The secrets that a catalogue's Airflow connections stand for, by the names that manifests give them.

    A runner asks for the items of a secret when it starts a container: no manifest, handle, log or store holds them.
    """

    catalogue: Catalogue
    account: Callable[[str], Account]  # an Airflow connection by its id
    hide: Callable[[str], Any]  # called with each text that no log may show, before anybody gets it

    def __call__(self, name: str) -> Mapping[str, str] | None:
        """The items of a secret; None if no Airflow connection stands behind the name.

        Raises PermanentRunnerError for an Airflow connection that cannot be read.
        """
        entry = next((entry for entry in self.catalogue.entries if _stands_for(entry, name)), None)
        return None if entry is None else self.of(entry)

    def of(self, entry: Entry) -> Mapping[str, str]:
        """The secret items of a connection; none without an Airflow connection."""
        if not entry.conn_id:
            return {}
        try:
            items = secret_items(entry.connection(), self.account(entry.conn_id))
        except Exception as error:  # a secrets backend may raise anything
            raise PermanentRunnerError(
                f"connection '{entry.name}' needs Airflow connection '{entry.conn_id}', "
                f"which cannot be read: {error}"
            ) from error
        for text in _hidden(items):
            self.hide(text)
        return items

    def hide_those_of(self, names: Collection[str]) -> None:
        """Hide the secrets of connections without giving them: for a process that hears what containers print.

        Raises PermanentRunnerError for an Airflow connection that cannot be read.
        """
        for entry in self.catalogue.entries:
            if entry.name in names:
                self.of(entry)


def account_of(connection: Any) -> Account:
    """An `airflow.sdk.Connection` as an `Account`."""
    return Account(
        login=connection.login or "",
        password=connection.password or "",
        host=connection.host or "",
        port=connection.port,
        schema=connection.schema or "",
        extra=connection.extra_dejson,
        uri=connection.get_uri(),
    )


def _stands_for(entry: Entry, name: str) -> bool:
    secret = entry.connection().secret
    return entry.conn_id is not None and secret is not None and secret.name == name


def _hidden(items: Mapping[str, str]) -> Iterator[str]:
    """Each item, and what of it may be printed alone: lines of a key, texts inside a key file."""
    for item in items.values():
        texts = [item, *item.splitlines(), *_inside(item)]
        yield from (text for text in dict.fromkeys(texts) if len(text) >= SHORTEST)


def _inside(item: str) -> Iterator[str]:
    if item.startswith("{"):
        for value in json.loads(item).values():
            if isinstance(value, str):
                yield from (value, *value.splitlines())
