"""`CompiledOperation`: one flat operation, params bound to its inputs and outputs (spec section 2.6)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from polyaxon_airflow.polyaxonfile.operation import BaseOperation
from polyaxon_airflow.runtimes import RUNTIME, Runtime
from polyaxon_airflow.section import Section
from polyaxon_airflow.sections.io import IO
from polyaxon_airflow.sections.params import Param


class Node(Section):
    """An operation of a dag: what it waits for, and what it is."""

    name: str
    upstream: list[str]
    operation: CompiledOperation


class CompiledOperation(BaseOperation):
    """What an operation comes to. JSON both ways.

    The values of params stand in `inputs`, `outputs` and `contexts` (params that nothing declares). `params` holds
    those that are still to be read from other runs, by their refs. For a dag, `nodes` are its operations, compiled,
    in the order of the file; `run` keeps the rest of it.
    """

    kind: Literal["compiled_operation"] = "compiled_operation"
    contexts: list[IO] | None = None
    params: dict[str, Param] | None = None
    run: Annotated[Runtime, RUNTIME]
    nodes: list[Node] | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> CompiledOperation:
        """The operation that `to_dict` was called on. Raises a pydantic ValidationError."""
        return cls.model_validate(data)
