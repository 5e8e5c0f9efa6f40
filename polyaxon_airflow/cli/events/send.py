"""Post an event of your own: `events send new-labels --data rows=500` starts what waits for `events.new-labels`.

It is a call of Airflow's REST API (POST /api/v2/assets/events), which any program with the right to do so may make.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from polyaxon_airflow.cli.connecting import add_connection_arguments, connected
from polyaxon_airflow.errors import PolyaxonAirflowError
from polyaxon_airflow.events.watches import watch_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_connection_arguments(parser)
    parser.add_argument("name", help="of the event: what stands behind events. in the polyaxonfile")
    parser.add_argument("--key", help="the event's identity: sent twice under one key, it is one event")
    parser.add_argument("--label", help="a few words for people, shown in the run's id")
    parser.add_argument(
        "--data",
        metavar="NAME=VALUE",
        action="append",
        type=_pair,
        default=[],
        help="what runs see as globals.event",
    )


def run(arguments: argparse.Namespace) -> int:
    watch = watch_of(["project_custom_event"], f"events.{arguments.name}")
    client = connected(arguments)
    found = client.get("/assets", name_pattern=watch.name, limit=100)["assets"]
    asset = next((asset for asset in found if asset["name"] == watch.name), None)
    if asset is None:
        raise PolyaxonAirflowError(f"nothing waits for '{watch.name}' in this Airflow")
    known = {name: value for name in ("key", "label") if (value := getattr(arguments, name))}
    event = client.post(
        "/assets/events", {"asset_id": asset["id"], "extra": {**dict(arguments.data), **known}}
    )
    sys.stdout.write(f"event {event['id']} of {watch.name}\n")
    return 0


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
