"""`termination.podFailurePolicy`: which failures are tried again (Kubernetes' `Job.spec.podFailurePolicy`).

The first rule that matches decides: `FailJob` is final, `Ignore` is tried again and does not count, `Count` counts
against `maxRetries` like any failure. Both runners go by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.runtimes.pod import MAIN_CONTAINER

if TYPE_CHECKING:
    from typing_extensions import Self

    from polyaxon_airflow.sections.termination import Termination

Verdict = Literal["FailJob", "Ignore", "Count"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ExitCodes(_Strict):
    """Of the container that decided how the run ended."""

    container: Literal["polyaxon-main"] | None = Field(None, alias="containerName")
    operator: Literal["In", "NotIn"]
    values: list[int] = Field(min_length=1)

    def match(self, code: int | None) -> bool:
        """A container that has not ended by itself has no code, and one that has not failed has 0."""
        return bool(code) and (code in self.values) == (self.operator == "In")


class Condition(_Strict):
    """That Kubernetes itself took the pod away: preemption, eviction, the end of a node."""

    type: Literal["DisruptionTarget"]
    status: Literal["True"] = "True"


class Rule(_Strict):
    """One rule."""

    action: Verdict
    codes: ExitCodes | None = Field(None, alias="onExitCodes")
    conditions: list[Condition] | None = Field(None, alias="onPodConditions")

    @model_validator(mode="after")
    def _looks_at_one_thing(self) -> Self:
        if (self.codes is None) == (self.conditions is None):
            raise ValueError("a rule has either onExitCodes or onPodConditions")
        return self

    def matches(self, code: int | None, *, disrupted: bool) -> bool:
        return self.codes.match(code) if self.codes is not None else disrupted


class _Rules(_Strict):
    rules: list[Rule]


class Policy(NamedTuple):
    """The rules of an operation, in their order."""

    rules: tuple[Rule, ...] = ()

    def verdict(self, code: int | None, *, disrupted: bool = False) -> Verdict:
        """What becomes of a failure with this exit code; `disrupted`: Kubernetes itself took the pod away.

        >>> rule = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}
        >>> Policy((Rule.model_validate(rule),)).verdict(42)
        'FailJob'
        """
        return next((rule.action for rule in self.rules if rule.matches(code, disrupted=disrupted)), "Count")


def policy_of(termination: Termination | Any) -> Policy:
    """The policy of a literal `termination`. Raises CompilationError for a rule that nothing here can hold to."""
    section = getattr(termination, "pod_failure_policy", None)
    if section is None or isinstance(section, str):
        return Policy()
    data = section.to_dict()
    try:
        return Policy(tuple(_Rules.model_validate(data).rules))
    except ValidationError as error:
        raise CompilationError([_fault(dict(found)) for found in error.errors()]) from error


def _fault(error: dict[str, Any]) -> Fault:
    where = ("termination", "podFailurePolicy", *error["loc"])
    message = f"'{'.'.join(map(str, where))}' {_said(error)}"
    return Fault(message, path=where, suggestion=_INSTEAD.get(str(error["loc"][-1])), rule="failure-policy")


def _said(error: dict[str, Any]) -> str:
    if error["type"] == "literal_error":
        return f"cannot be {error['input']!r}; known: {error['ctx']['expected']}"
    return (
        str(error["msg"]).removeprefix("Value error, ")[:1].lower()
        + str(error["msg"]).removeprefix("Value error, ")[1:]
    )


_INSTEAD = {
    "containerName": f"Leave it out, or write {MAIN_CONTAINER}: the exit code of the main container decides.",
    "action": "FailIndex is for indexed jobs, which runs are not.",
}
