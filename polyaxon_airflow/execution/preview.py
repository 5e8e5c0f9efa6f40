"""What the operations of a plan become on Kubernetes, without running any of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.compiler import CompiledOperation, RunContext, resolve
from polyaxon_airflow.connections.catalogue import Catalogue, contexts_of
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.execution.launching import launch_with, run_globals
from polyaxon_airflow.execution.references import value_at
from polyaxon_airflow.matrix import NothingToAsk
from polyaxon_airflow.runtimes.launch import Launch, Site
from polyaxon_airflow.store.records import Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from polyaxon_airflow.plan import Node, Plan
    from polyaxon_airflow.runtimes import Manifest
    from polyaxon_airflow.sections.io import IO
    from polyaxon_airflow.sections.params import Param

START = datetime(2000, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Preview:
    """Manifests of a plan's runs, as they would be with what is known before any has started.

    The first trial stands for a sweep. Where a run takes a value of another, `<ops.train: outputs.loss>` stands for
    it. `values` are given to inputs by their names, in every operation that has them.
    """

    plan: Plan
    values: Mapping[str, Any]
    catalogue: Catalogue
    site: Site
    namespace: str | None = None

    def nodes(self) -> list[Node]:
        """The tasks of which each becomes an object of a cluster."""
        return [node for node in self.plan.nodes if node.kind in ("run", "trial")]

    def inputs(self) -> set[str]:
        """Names of all that `values` can be given to."""
        sections = [operation.get("inputs") or [] for operation in self.plan.operations.values()]
        return {io["name"] for ios in sections for io in ios}

    def manifest(self, node: Node) -> Manifest:
        """Raises CompilationError for a run that lacks something."""
        run = self._run(node.operation)
        literal = self._literal(node, run)
        launch = Launch(
            run.uuid,
            run.name,
            self.plan.owner,
            self.plan.project,
            self.site,
            self.namespace,
            connections=self.catalogue.connections,
            artifacts_store=self.catalogue.artifacts_store,
        )
        return literal.run.manifest(launch_with(literal, launch))

    def _run(self, operation: str) -> Run:
        """A run of an operation, by its path, that nobody has started; it has the same uuid each time."""
        path = f"{self.plan.dag_id}/{operation}"
        uuid = hashlib.blake2b(path.encode(), digest_size=16).hexdigest()
        name = operation.rpartition(".")[2] or self.plan.dag_id
        return Run(uuid, name, START, owner=self.plan.owner, project=self.plan.project)

    def _literal(self, node: Node, run: Run) -> CompiledOperation:
        compiled = CompiledOperation.from_dict(dict(self.plan.operations[node.operation]))
        names = [io.name for io in (*(compiled.inputs or ()), *(compiled.contexts or ()))]
        given = {name: value for name, value in self.values.items() if name in names}
        stand_ins = {
            name: value for name, value in self._of_others(node, compiled).items() if name not in given
        }
        context = RunContext(
            globals={**run_globals(run), "namespace": self.namespace, "event": {}, "events": []},
            params={**_first_trial(compiled), **stand_ins, **given},
            connections=contexts_of(self.catalogue.connections),
            artifacts_store=self.catalogue.store,
        )
        return resolve(_open(compiled, stand_ins), context)

    def _of_others(self, node: Node, compiled: CompiledOperation) -> dict[str, Any]:
        """What stands for the values that other runs give."""
        found = {
            name: self._of_another(name, param, node)
            for name, param in (compiled.params or {}).items()
            if param.ref
        }
        joins = compiled.joins if isinstance(compiled.joins, list) else []
        joined = [name for join in joins if isinstance(join.params, dict) for name in join.params]
        return {**found, **{name: [] for name in joined}}

    def _of_another(self, name: str, param: Param, node: Node) -> Any:
        """Of another run only its uuid and what follows from that are known: globals and artifacts."""
        stand_in = f"<{param.ref}: {param.value}>"
        sibling = str(param.ref).removeprefix("ops.")
        other = self._run(f"{node.operation.rpartition('.')[0]}.{sibling}".lstrip("."))
        try:
            return value_at(name, other, param.value, missing=stand_in)
        except CompilationError:
            return stand_in


def objects_of(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """The Kubernetes objects of a run: the one that is the run first, then what goes with it."""
    yield manifest["pod"] if manifest["kind"] == "pod" else manifest["resource"]
    yield from manifest.get("companions", ())


def _first_trial(compiled: CompiledOperation) -> Mapping[str, Any]:
    """The params of a sweep's first trial, as far as no template hides them."""
    if compiled.matrix is None or any(problem.is_template for problem in compiled.matrix.problems()):
        return {}
    try:
        return compiled.matrix.ask(0, [])
    except NothingToAsk:
        return {}


def _open(compiled: CompiledOperation, stand_ins: Mapping[str, Any]) -> CompiledOperation:
    """The operation with inputs that take any value where something stands for theirs."""

    def opened(ios: list[IO] | None) -> list[IO] | None:
        return [_untyped(io) if io.name in stand_ins else io for io in ios] if ios is not None else None

    return compiled.model_copy(update={"inputs": opened(compiled.inputs)})


def _untyped(io: IO) -> IO:
    if io.type == "artifacts":
        return io
    return io.model_copy(update={"type": None, "validation": None, "is_list": None})
