"""Print the tasks that a polyaxonfile becomes, their edges, pools and params."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.cli.deployed import catalogue_of, deployment_for, queues_of
from polyaxon_airflow.errors import PolyaxonAirflowError
from polyaxon_airflow.plan.choices import BY_VALUE, MARK
from polyaxon_airflow.plan.file import plan_file
from polyaxon_airflow.polyaxonfile.origins import trace
from polyaxon_airflow.polyaxonfile.presets import preset_by_name, preset_from_file, presets_of
from polyaxon_airflow.polyaxonfile.reading import read
from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping, Sequence

    from polyaxon_airflow.plan import Plan
    from polyaxon_airflow.plan.deployment import Deployment
    from polyaxon_airflow.polyaxonfile.origins import Value


def add_arguments(parser: ArgumentParser) -> None:
    """`plan PATH [--origin] [-f PRESET]... [-P name=value]...`."""
    parser.add_argument("path", type=Path, help="a polyaxonfile")
    parser.add_argument(
        "-f", "--preset", type=Path, action="append", default=[], help="a preset file, in order"
    )
    parser.add_argument(
        "-P", "--param", action="append", default=[], metavar="NAME=VALUE", help="a param's value"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--root", type=Path, help="the dags folder, with its presets and queues (default: the file's folder)"
    )
    parser.add_argument(
        "--origin",
        action="store_true",
        help="print every value of the operation and the document that set it",
    )


def run(args: Namespace) -> int:
    """Exit 0, or 1 with the faults of the file."""
    params = dict(param(text) for text in args.param)
    root = args.root or args.path.parent
    deployment = deployment_for(args.path, root, queues_of(root), catalogue_of(root))
    plan = plan_file(args.path, root, presets=args.preset, params=params, deployment=deployment)
    if args.origin:
        print("\n".join(map(str, origins(args.path, root, args.preset, params, deployment))))
        return 0
    print(json.dumps(shown(plan), indent=2) if args.format == "json" else text_of(plan))
    return 0


def origins(
    path: Path, root: Path, files: Sequence[Path], params: Mapping[str, Any], deployment: Deployment
) -> list[Value]:
    """The values of the operation of a file, each with the document that set it. Raises FaultsError."""
    reading = read(path, root=root)
    presets = [
        *(preset_from_file(file) for file in files),
        *(preset_by_name(name, root) for name in deployment.default_presets()),
        *presets_of(reading.operation, root, reading.sources),
    ]
    return trace(reading.operation, presets=presets, params=params, sources=reading.sources)


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
                json.dumps(
                    {key: value for key, value in given["schema"].items() if key not in (MARK, BY_VALUE)}
                ),
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
