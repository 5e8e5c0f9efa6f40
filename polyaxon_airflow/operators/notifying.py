"""Messages to people: a notification connection, through Airflow's notifiers (spec section 2.21)."""

from __future__ import annotations

import json
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import URLError
from urllib.request import Request, urlopen

from polyaxon_airflow.errors import NotificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk.definitions.context import Context

    from polyaxon_airflow.connections.catalogue import Catalogue, Entry

PATIENCE = 10.0  # seconds that a webhook may take
LONGEST = 2000  # characters of a text; Discord takes no more


class Notifier(NamedTuple):
    """An Airflow notifier: where it is, what brings it, and its arguments for the connection's id and the text."""

    place: str
    package: str
    connection: str
    text: str


NOTIFIERS = {
    "slack": Notifier(
        "airflow.providers.slack.notifications.slack_webhook:SlackWebhookNotifier",
        "apache-airflow-providers-slack",
        "slack_webhook_conn_id",
        "text",
    ),
    "discord": Notifier(
        "airflow.providers.discord.notifications.discord:DiscordNotifier",
        "apache-airflow-providers-discord",
        "discord_conn_id",
        "text",
    ),
    "email": Notifier(
        "airflow.providers.smtp.notifications.smtp:SmtpNotifier",
        "apache-airflow-providers-smtp",
        "smtp_conn_id",
        "html_content",
    ),
}
POSTED = ("webhook", "mattermost", "teams")  # kinds that take JSON with a text


def notify(
    catalogue: Catalogue,
    name: str,
    facts: Mapping[str, Any],
    context: Context,
    notifiers: Mapping[str, Notifier] = NOTIFIERS,
) -> None:
    """Tell of a run. `facts`: of the run, see `HookStep.facts`. Raises NotificationError, saying what to do."""
    entry = next((entry for entry in catalogue.entries if entry.name == name), None)
    if entry is None:
        known = ", ".join(entry.name for entry in catalogue.entries) or "none"
        raise NotificationError(f"no connection is called '{name}'; known: {known}")
    if entry.kind in POSTED:
        _post(entry, facts)
    elif entry.kind in notifiers:
        _by_airflow(entry, notifiers[entry.kind], facts, context)
    else:
        known = ", ".join(sorted((*notifiers, *POSTED)))
        raise NotificationError(
            f"connection '{name}' is a {entry.kind}, which tells nobody; those that do: {known}"
        )


def text_of(facts: Mapping[str, Any]) -> str:
    """One line for people, as long as all of them take."""
    reason = (facts.get("condition") or {}).get("reason")
    outputs = ", ".join(f"{name}={value}" for name, value in (facts.get("outputs") or {}).items())
    text = (
        f"{facts['name']} {facts['status']}"
        + (f": {reason}" if reason else "")
        + (f" ({outputs})" if outputs else "")
    )
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _by_airflow(entry: Entry, notifier: Notifier, facts: Mapping[str, Any], context: Context) -> None:
    if entry.conn_id is None:
        raise NotificationError(f"connection '{entry.name}' names no Airflow connection; give it a connId")
    module, _, name = notifier.place.partition(":")
    try:
        made = getattr(import_module(module), name)
    except ImportError as error:
        raise NotificationError(f"a {entry.kind} connection needs {notifier.package}; install it") from error
    text = text_of(facts)
    more = dict(entry.schema_ or {})
    if entry.kind == "email":
        text, more = escape(text), {"subject": " ".join(text.split()), **more}
    try:
        made(**{notifier.connection: entry.conn_id, notifier.text: text, **more}).notify(context)
    except Exception as error:  # whatever a provider raises
        raise NotificationError(f"connection '{entry.name}' did not take the message: {error}") from error


def _post(entry: Entry, facts: Mapping[str, Any]) -> None:
    url = entry.setting("url") or _url_of(entry)
    body = json.dumps({"text": text_of(facts), **facts}, default=str).encode()
    request = Request(url, data=body, headers={"Content-Type": "application/json"}, method="POST")  # noqa: S310 - an admin's URL
    try:
        with urlopen(request, timeout=PATIENCE):  # noqa: S310
            pass
    except (URLError, OSError) as error:
        raise NotificationError(f"connection '{entry.name}' did not take the message: {error}") from error


def _url_of(entry: Entry) -> str:
    """The URL in the Airflow connection, which may hold a token."""
    from airflow.sdk import BaseHook

    if entry.conn_id is None:
        raise NotificationError(f"connection '{entry.name}' has neither a url in its schema nor a connId")
    connection = BaseHook.get_connection(entry.conn_id)
    return str(connection.password or connection.host or "")
