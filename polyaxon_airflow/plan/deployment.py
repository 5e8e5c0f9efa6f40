"""What shapes a plan besides its polyaxonfile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyaxon_airflow.connections.checking import asked_connections, unknown_connections
from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.plan.templated import queue_named_by
from polyaxon_airflow.queues.checking import queue_faults
from polyaxon_airflow.queues.lookup import ANYBODY
from polyaxon_airflow.queues.placing import Placed, placed
from polyaxon_airflow.queues.snapshot import PROJECT_TAG
from polyaxon_airflow.scalars import is_template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.connections.catalogue import Catalogue
    from polyaxon_airflow.errors import Fault
    from polyaxon_airflow.polyaxonfile.operation import Operation
    from polyaxon_airflow.polyaxonfile.presets import Preset
    from polyaxon_airflow.polyaxonfile.reading import Reading
    from polyaxon_airflow.queues.lookup import Queues, Requester

DEFAULT_POOL = "default_pool"
MOST_RETRIES = 10  # that a template can ask for: Airflow wants a number when it makes the task


@dataclass(frozen=True)
class Deployment:
    """A deployment's settings, queues and connections.

    Without a queues file every operation runs in Airflow's default pool, whatever its `queue` says: as in Polyaxon's
    Community Edition, where queues have no effect. Without a connections file no name of a connection is wrong before
    the run asks for it.
    """

    timezone: str = "UTC"
    catchup: bool = True
    queues: Queues | None = None
    requester: Requester = ANYBODY
    queues_file: str | None = None
    connections: Catalogue | None = None
    connections_file: str | None = None

    def tags(self) -> tuple[str, ...]:
        """Tags of the DAG: its project, if the queues file says which it is. The queue keeper shares by it."""
        folder = self.requester.folder or ""
        project = self.queues.project_of(folder) if self.queues is not None else None
        return (f"{PROJECT_TAG}{project}",) if project else ()

    def default_presets(self) -> tuple[str, ...]:
        """Names of presets that come before those that the operation names."""
        return self.queues.default_presets(self.requester) if self.queues is not None else ()

    def may_name(self, preset: str) -> bool:
        """Whether the requester may use a preset of this name."""
        if self.queues is not None:
            try:
                self.queues.check_presets([preset], self.requester)
            except CompilationError:
                return False
        return True

    def refusals(self, reading: Reading, presets: Iterable[Preset] = ()) -> list[Fault]:
        """Queues, presets and connections that a polyaxonfile names and cannot have, each at its place.

        Of the presets that lie over it only connections are looked at here: which of their queues counts is known
        when they are merged (`place`).
        """
        found = []
        if self.queues is not None:
            found += queue_faults(reading.operation, reading.sources, self.queues, self.requester)
        if self.connections is not None:
            found += reading.sources.all(unknown_connections(reading.operation, self.connections))
            for preset in presets:
                found += preset.sources.all(unknown_connections(preset.operation, self.connections))
        return found

    def files(self, operations: Iterable[Operation]) -> set[str]:
        """The files of the deployment that the plan of these operations depends on."""
        found = {self.queues_file} if self.queues_file else set()
        if self.connections_file and any(any(asked_connections(each)) for each in operations):
            found.add(self.connections_file)
        return found

    def place(self, compiled: CompiledOperation) -> Placed:
        """The pool of an operation's runs, and how many of its slots each takes.

        A templated queue is taken as it is with the operation's own values. Raises CompilationError for a queue that
        the operation may not use, or that could never hold it.
        """
        if self.queues is None:
            return Placed(DEFAULT_POOL)
        queue = compiled.queue
        if queue is not None and is_template(queue):
            queue = queue_named_by(queue, [*(compiled.inputs or ()), *(compiled.contexts or ())])
        cost = compiled.cost if isinstance(compiled.cost, float) else None
        return placed(self.queues, queue, run=compiled.run.to_dict(), cost=cost, requester=self.requester)

    def demands(self, compiled: CompiledOperation) -> dict[str, Any]:
        """What the task of a run asks of Airflow, as fields of its node: its pool and slots, retries, seconds."""
        place, termination = self.place(compiled), compiled.termination
        retries = getattr(termination, "max_retries", None)
        return {
            "pool": place.pool,
            "pool_slots": place.slots,
            "max_retries": _number(retries),
            "most_retries": MOST_RETRIES if is_template(retries) else _number(retries),
            "timeout": _number(getattr(termination, "timeout", None)) or None,
        }


def _number(value: object) -> int:
    """A number that the file gives; a template is filled in at run time, where the number does not shape the DAG."""
    return value if isinstance(value, int) else 0
