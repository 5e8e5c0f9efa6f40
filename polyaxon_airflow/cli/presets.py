"""List the presets of a dags folder, or show one, with who gets it and who may name it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from polyaxon_airflow.cli.deployed import queues_of
from polyaxon_airflow.polyaxonfile.presets import preset_by_name, preset_names
from polyaxon_airflow.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyaxon_airflow.queues.lookup import Queues
    from polyaxon_airflow.queues.models import Allowed, Defaults

HEAD = ("preset", "queue", "cost", "strategy", "default of", "not in")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    said = "the dags folder (default: dags, else this folder)"
    parser.add_argument("--root", type=Path, default=_default_root(), help=said)
    commands = parser.add_subparsers(dest="presets_command", metavar="COMMAND", required=True)
    listed = commands.add_parser("ls", help="one line a preset")
    show = commands.add_parser("show", help="what a preset sets")
    show.add_argument("name", metavar="NAME")
    for command in (listed, show):  # people write it there, too
        command.add_argument("--root", type=Path, default=argparse.SUPPRESS, help=said)


def run(arguments: argparse.Namespace) -> int:
    queues = queues_of(arguments.root)
    if arguments.presets_command == "show":
        print(show(arguments.name, arguments.root, queues))
    else:
        rows = [_row(name, arguments.root, queues) for name in preset_names(arguments.root)]
        print(table(HEAD, rows) if rows else f"no presets: put them into {arguments.root / 'presets'}")
    return 0


def _default_root() -> Path:
    """Where one finds them from a project's folder, or from within its dags."""
    return Path("dags") if Path("dags").is_dir() else Path()


def show(name: str, root: Path, queues: Queues | None) -> str:
    """A preset as YAML, under comments that say where it applies. Raises PolyaxonfileError."""
    preset = preset_by_name(name, root).operation.to_dict()
    preset.pop("isPreset", None)
    told = [
        ("default of", [scope for scope, default, _ in _scopes(queues) if name in (default.presets or [])]),
        ("not allowed in", _forbidden(name, queues)),
    ]
    comments = [f"# {what} {', '.join(scopes)}" for what, scopes in told if scopes]
    return "\n".join([*comments, yaml.safe_dump(preset, sort_keys=False).rstrip()])


def _row(name: str, root: Path, queues: Queues | None) -> list[str]:
    preset = preset_by_name(name, root).operation
    return [
        name,
        str(preset.queue or ""),
        "" if preset.cost is None else str(preset.cost),
        preset.patch_strategy or "",
        ", ".join(scope for scope, default, _ in _scopes(queues) if name in (default.presets or [])),
        ", ".join(_forbidden(name, queues)),
    ]


def _forbidden(name: str, queues: Queues | None) -> list[str]:
    return [
        scope
        for scope, _, allow in _scopes(queues)
        if allow.presets is not None and name not in allow.presets
    ]


def _scopes(queues: Queues | None) -> Iterator[tuple[str, Defaults, Allowed]]:
    """Everybody, each project and each folder of the queues file."""
    if queues is None:
        return
    yield "all", queues.file.default, queues.file.allow
    for name, project in queues.file.projects.items():
        yield f"project {name}", project.default, project.allow
    for name, scope in queues.file.folders.items():
        yield f"folder {name}", scope.default, scope.allow
