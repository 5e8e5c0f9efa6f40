"""Print the Kubernetes objects that the runs of a polyaxonfile become.

Before any has started: the first trial stands for a sweep, and `<ops.train: outputs.loss>` for a value that another
run gives.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from polyaxon_airflow.cli.plan import param
from polyaxon_airflow.connections.catalogue import Catalogue, read_catalogue
from polyaxon_airflow.errors import PolyaxonAirflowError
from polyaxon_airflow.execution.preview import Preview, objects_of
from polyaxon_airflow.plan.file import plan_file
from polyaxon_airflow.polyaxonfile.reading import read_operation
from polyaxon_airflow.runtimes.launch import Site

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from polyaxon_airflow.plan import Node

CONNECTIONS = "connections.yaml"
HELPER_IMAGE = "AIRFLOW__POLYAXON__HELPER_IMAGE"


def add_arguments(parser: ArgumentParser) -> None:
    """`render PATH [--op NAME] [-f PRESET]... [-P name=value]...`."""
    parser.add_argument("path", type=Path, help="a polyaxonfile")
    parser.add_argument("--op", metavar="NAME", help="only this operation of a dag")
    parser.add_argument(
        "-f", "--preset", type=Path, action="append", default=[], help="a preset file, in order"
    )
    parser.add_argument(
        "-P", "--param", action="append", default=[], metavar="NAME=VALUE", help="the value of an input"
    )
    parser.add_argument(
        "--connections",
        type=Path,
        help=f"the connections file; default: {CONNECTIONS} beside the polyaxonfile",
    )
    parser.add_argument(
        "--helper-image", default=os.environ.get(HELPER_IMAGE), help=f"default: ${HELPER_IMAGE}"
    )
    parser.add_argument("--namespace", help="default: that of the connection, which is not looked up here")
    parser.add_argument("--format", choices=("yaml", "json"), default="yaml")


def run(args: Namespace) -> int:
    """Exit 0, or 1 with the faults of the file."""
    preview = _preview(args)
    objects = [found for node in _chosen(preview, args.op) for found in objects_of(preview.manifest(node))]
    if args.format == "json":
        print(json.dumps(objects, indent=2))
    else:
        print(yaml.dump_all(objects, Dumper=_Dumper, sort_keys=False, width=110), end="")
    return 0


def _preview(args: Namespace) -> Preview:
    values = dict(param(text) for text in args.param)
    own = {name: value for name, value in values.items() if name in _inputs_of(args.path)}
    plan = plan_file(args.path, args.path.parent, presets=args.preset, params=own, open_inputs=False)
    preview = Preview(plan, values, _catalogue(args), Site(helper_image=args.helper_image), args.namespace)
    if unknown := sorted(values.keys() - preview.inputs()):
        known = ", ".join(sorted(preview.inputs())) or "none"
        raise PolyaxonAirflowError(f"no operation has an input '{unknown[0]}'; known: {known}")
    return preview


def _inputs_of(file: Path) -> set[str]:
    """Names of the inputs of the polyaxonfile itself."""
    operation = read_operation(file)
    return {io.name for io in (operation.component or operation).inputs or ()}


def _catalogue(args: Namespace) -> Catalogue:
    file = args.connections or args.path.parent / CONNECTIONS
    return read_catalogue(file) if args.connections or file.exists() else Catalogue()


def _chosen(preview: Preview, name: str | None) -> list[Node]:
    nodes = preview.nodes()
    chosen = [node for node in nodes if name in (None, node.operation, node.operation.rpartition(".")[2])]
    if nodes and not chosen:
        known = ", ".join(dict.fromkeys(node.operation for node in nodes))
        raise PolyaxonAirflowError(f"no operation '{name}'; known: {known}")
    return chosen


class _Dumper(yaml.SafeDumper):
    """Shows scripts as blocks, and every object in full."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
