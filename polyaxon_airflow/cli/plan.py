"""Print the tasks that a polyaxonfile becomes, their edges, pools and params."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.errors import PolyaxonAirflowError
from polyaxon_airflow.plan.file import plan_file
from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from polyaxon_airflow.plan import Plan


def add_arguments(parser: ArgumentParser) -> None:
    """`plan PATH [-f PRESET]... [-P name=value]...`."""
    parser.add_argument("path", type=Path, help="a polyaxonfile")
    parser.add_argument(
        "-f", "--preset", type=Path, action="append", default=[], help="a preset file, in order"
    )
    parser.add_argument(
        "-P", "--param", action="append", default=[], metavar="NAME=VALUE", help="a param's value"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: Namespace) -> int:
    """Exit 0, or 1 with the faults of the file."""
    params = dict(param(text) for text in args.param)
    plan = plan_file(args.path, args.path.parent, presets=args.preset, params=params)
    print(json.dumps(shown(plan), indent=2) if args.format == "json" else text_of(plan))
    return 0


def shown(plan: Plan) -> dict[str, Any]:
    """The plan as JSON for people and programs: what Airflow will show, without the operations themselves."""
    nodes = [
        {
            "id": node.id,
            "kind": node.kind,
            "pool": node.pool,
            "pool_slots": node.pool_slots,
            "mapped": node.mapped,
            "trigger": node.trigger,
            "concurrency": node.concurrency,
            "retries": node.max_retries,
            "timeout": node.timeout,
        }
        for node in plan.nodes
    ]
    return {
        "dag_id": plan.dag_id,
        "nodes": nodes,
        "edges": [list(edge) for edge in plan.edges],
        "schedule": plan.schedule,
        "params": plan.params,
    }


def text_of(plan: Plan) -> str:
    """The plan as tables."""
    rows = [
        [node.id, node.kind, "" if node.mapped is None else node.mapped, node.pool, ", ".join(node.upstream)]
        for node in plan.nodes
    ]
    parts = [f"dag {plan.dag_id}", table(["task", "kind", "trials", "pool", "after"], rows)]
    if plan.schedule:
        parts.append(f"schedule {json.dumps(plan.schedule)}")
    if plan.params:
        fields = [
            [
                name,
                json.dumps(given["schema"]),
                json.dumps(given["default"]) if "default" in given else "required",
            ]
            for name, given in plan.params.items()
        ]
        parts.append(table(["param", "schema", "default"], fields))
    return "\n\n".join(parts)


def param(text: str) -> tuple[str, str]:
    """`name=value` of `-P`. Raises PolyaxonAirflowError."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise PolyaxonAirflowError(f"-P {text}: write it as name=value")
    return name, value
