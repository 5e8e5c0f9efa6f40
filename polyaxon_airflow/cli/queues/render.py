"""Print the queues as Kubernetes objects: ResourceQuotas, or Kueue's queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from polyaxon_airflow.cli.queues import add_file_argument
from polyaxon_airflow.queues.kubernetes import kueue_queues, resource_quotas
from polyaxon_airflow.queues.reading import read_queues

if TYPE_CHECKING:
    import argparse

FORMS = {"resource-quota": resource_quotas, "kueue": kueue_queues}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_file_argument(parser)
    parser.add_argument("--as", dest="form", choices=sorted(FORMS), default="resource-quota")
    parser.add_argument("--gpu", default="nvidia.com/gpu", help="the resource that GPUs are in the cluster")


def run(arguments: argparse.Namespace) -> int:
    rendered = FORMS[arguments.form](read_queues(arguments.file), arguments.gpu)
    print(yaml.safe_dump_all(rendered, sort_keys=False), end="")
    return 0
