"""`plan_file`: read, compile and plan one polyaxonfile."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler import compile_operation
from polyaxon_airflow.errors import CompilationError, FaultsError
from polyaxon_airflow.plan.build import plan_of
from polyaxon_airflow.plan.deployment import Deployment
from polyaxon_airflow.polyaxonfile.library import Library
from polyaxon_airflow.polyaxonfile.naming import dag_id
from polyaxon_airflow.polyaxonfile.places import located
from polyaxon_airflow.polyaxonfile.presets import (
    Preset,
    named_presets,
    preset_by_name,
    preset_from_file,
    preset_names,
    presets_of,
)
from polyaxon_airflow.polyaxonfile.reading import read
from polyaxon_airflow.polyaxonfile.references import FOLDER
from polyaxon_airflow.polyaxonfile.unfinished import marks_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyaxon_airflow.plan import Plan


def plan_file(
    file: Path,
    root: Path,
    *,
    presets: Sequence[Path] = (),
    params: Mapping[str, Any] | None = None,
    deployment: Deployment | None = None,
    open_inputs: bool = True,
) -> Plan:
    """The plan of a file below `root`, the dags folder, which its references cannot leave and whose presets it names.

    `presets`: files that go over it, in order, before those that it names itself. With `open_inputs`, inputs may lack a
    value where somebody triggers the runs: the form asks for it. Raises PolyaxonfileError or CompilationError with
    every fault.
    """
    reading = read(file, root=root)
    if faults := reading.sources.all(marks_in(reading.operation)):
        raise CompilationError(faults)
    deployment = deployment or Deployment()
    layers = [
        *(preset_from_file(preset) for preset in presets),
        *presets_of(reading.operation, root, reading.sources),
    ]
    defaults = [preset_by_name(name, root) for name in deployment.default_presets()]
    by_name = named_presets(reading.operation, root, reading.sources)
    laid_over = [*defaults, *layers, *by_name.values()]
    if refusals := deployment.refusals(reading, laid_over):
        raise CompilationError(refusals)
    compiled = compile_operation(
        reading.operation,
        params=params,
        presets=layers,
        for_all=defaults,
        by_name=by_name,
        sources=reading.sources,
        open_inputs=open_inputs,
    )
    offered = _offered(root, deployment)
    read_presets = [*laid_over, *offered.values()]
    others = {
        *reading.sources.files(),
        *(other for preset in read_presets for other in preset.sources.files()),
    }
    others |= deployment.files([reading.operation, *(preset.operation for preset in read_presets)])
    library = Library(root)
    if any(Path(other).is_relative_to(root / FOLDER) for other in others):
        others.add(str(library.lock))
    return plan_of(
        compiled,
        dag_id=dag_id(reading.operation, file, root),
        file=str(file.absolute()),
        text=file.read_text(encoding="utf-8"),
        deployment=deployment,
        library=library,
        place=lambda path, fault: fault if fault.file else located(reading, path, fault),
        presets=offered,
        reads=others - {str(file)},
    )


def _offered(root: Path, deployment: Deployment) -> dict[str, Preset]:
    """The presets that whoever triggers a run may lay over it. One that is wrong is nobody's fault but its own."""
    offered = {}
    for name in preset_names(root):
        with suppress(FaultsError):
            if deployment.may_name(name):
                offered[name] = preset_by_name(name, root)
    return offered
