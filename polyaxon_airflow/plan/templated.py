"""Queues that are templates: the plan goes by the values of the file, a run by those of its trigger.

Airflow fixes the pool of a task when it makes the task, so only values that are known by then may decide: those of
the file and those that the trigger gives. `rule_of` writes down what the scheduler then needs (`choices`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polyaxon_airflow.compiler.contexts import RunContext, variables
from polyaxon_airflow.compiler.rendering import render
from polyaxon_airflow.compiler.sandbox import names_in
from polyaxon_airflow.errors import CompilationError, Fault
from polyaxon_airflow.explain import suggest
from polyaxon_airflow.plan.attached import is_given_later, params_of, section_at
from polyaxon_airflow.plan.choices import ChosenPlace
from polyaxon_airflow.plan.form import form_of
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.sections.io import IO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from polyaxon_airflow.compiler import CompiledOperation
    from polyaxon_airflow.plan.deployment import Deployment

    Rule = Mapping[str, Any]

OF_THE_DAG = "inputs."


class _TooLateError(Exception):
    """What a value is that nobody knows before the run starts."""


class Origin(NamedTuple):
    """Where the value of an input comes from: the file, or the field of the trigger form that is `asked`."""

    io: IO
    asked: str | None


def with_known_values(
    compiled: CompiledOperation, path: str, operations: Mapping[str, CompiledOperation]
) -> CompiledOperation:
    """The operation at `path` with the values of its dag, or of the run that it belongs to, that its queue reads.

    Without a queue if it reads what only the trigger gives. Raises CompilationError for a queue that depends on what
    nobody knows before the run starts.
    """
    if not is_template(compiled.queue):
        return compiled
    origins = list(_origins(compiled, path, operations))
    if any(origin.asked is not None and origin.io.value is None for origin in origins):
        return compiled.model_copy(update={"queue": None})
    known = {origin.io.name: origin.io for origin in origins}
    ios = {name: getattr(compiled, name) for name in ("inputs", "contexts")}
    return compiled.model_copy(
        update={name: [known.get(io.name, io) for io in found or ()] or None for name, found in ios.items()}
    )


def names_read(template: str) -> set[str]:
    """The names of values that a templated queue reads, by themselves or as members of `params`."""
    read = names_in(template)
    return {member for found in read for member in (found[1:] if found[0] == "params" else found[:1])}


def queue_named_by(template: str, ios: Iterable[IO]) -> str | None:
    """What a templated queue says with these values; None if that is nothing. Raises CompilationError."""
    named = render(template, variables(ios, RunContext()))
    if isinstance(named, dict):
        name = next((member for _, *members in names_in(template) for member in members), "name")
        suggestion = f"Write '{{{{ {name} }}}}' or '{{{{ params.{name}.value }}}}'."
        raise _refused(f"queue '{template}' gives all that is known of a param, and no name", suggestion)
    return None if named in (None, "") else str(named)


def rule_of(
    compiled: CompiledOperation,
    path: str,
    operations: Mapping[str, CompiledOperation],
    deployment: Deployment,
) -> Rule | None:
    """How the trigger's values decide on the queue of an operation, as JSON; None if they do not.

    `asked`: name in the template -> field of the form; `ios`: the inputs that the template reads; `to`: the pool and
    the slots in each queue that may be named; `refused`: why others may not.
    """
    if deployment.queues is None or not is_template(compiled.queue):
        return None
    origins = list(_origins(compiled, path, operations))
    asked = {origin.io.name: origin.asked for origin in origins if origin.asked is not None}
    if not asked:
        return None
    to, refused = {}, {}
    for place in deployment.queues.places:
        try:
            to[place.name] = list(deployment.place(compiled.model_copy(update={"queue": place.name})))
        except CompilationError as error:
            refused[place.name] = [error.faults[0].message, error.faults[0].suggestion]
    ios = [origin.io.to_dict() for origin in origins]
    return {"queue": compiled.queue, "ios": ios, "asked": asked, "to": to, "refused": refused}


def place_by(rule: Rule, conf: Mapping[str, Any]) -> ChosenPlace | None:
    """Where a run that was triggered with `conf` goes; None if its values name no queue.

    Raises CompilationError for a queue that there is not, or that the run may not use.
    """
    given = {name: conf[field] for name, field in rule["asked"].items() if conf.get(field) is not None}
    ios = [IO.model_validate(io) for io in rule["ios"]]
    named = queue_named_by(
        rule["queue"], [io.model_copy(update={"value": given.get(io.name, io.value)}) for io in ios]
    )
    return None if named is None else _found(rule, named)


def accepted_values(rule: Rule) -> list[str] | None:
    """The values of the one field that decides, if it is text that the template takes as it is; else None.

    >>> accepted_values({"queue": "lab/{{ tier }}", "asked": {"tier": "tier"}, "to": {"lab/cpu": ["lab.cpu", 1]}, "refused": {}})
    ['cpu']
    """
    (name, *others) = rule["asked"]
    before, braces, rest = rule["queue"].partition("{{")
    inside, _, after = rest.partition("}}")
    if others or not braces or "{" in after or inside.strip() not in (name, f"params.{name}.value"):
        return None
    spelled = [
        text for queue in rule["to"] for text in (queue.partition("/")[2], queue) if _is_one(rule, text)
    ]
    return [
        text[len(before) : len(text) - len(after)]
        for text in dict.fromkeys(spelled)
        if text.startswith(before) and text.endswith(after)
    ]


def _found(rule: Rule, named: str) -> ChosenPlace:
    matching = _matching(rule, named)
    if not matching:
        known = [*rule["to"], *rule["refused"]]
        names = [*known, *(queue.partition("/")[2] for queue in known)]
        raise _refused(f"unknown queue '{named}'; known: {', '.join(known)}", suggest(named, names))
    if len(matching) > 1:
        raise _refused(f"queue '{named}' is one of several agents", f"Write {' or '.join(matching)}.")
    if matching[0] in rule["refused"]:
        raise _refused(*rule["refused"][matching[0]])
    pool, slots = rule["to"][matching[0]]
    return ChosenPlace(pool, slots)


def _matching(rule: Rule, named: str) -> list[str]:
    wanted = named.replace(".", "/")
    queues = [*rule["to"], *rule["refused"]]
    return [queue for queue in queues if wanted in (queue, queue.partition("/")[2])]


def _is_one(rule: Rule, named: str) -> bool:
    return len(_matching(rule, named)) == 1


def _origins(
    compiled: CompiledOperation, path: str, operations: Mapping[str, CompiledOperation]
) -> Iterator[Origin]:
    """Of the inputs that the operation's queue reads."""
    ios = [*(compiled.inputs or ()), *(compiled.contexts or ())]
    names = names_read(compiled.queue or "")
    for io in ios:
        if io.name in names or ("params",) in names_in(compiled.queue or "") or "as_args" in names:
            try:
                yield (
                    _attached_origin(io, path, operations)
                    if "/" in path
                    else _origin(io, compiled, path, operations)
                )
            except _TooLateError as late:
                message = f"queue '{compiled.queue}' depends on '{io.name}', {late}, and Airflow must know the queue before"
                raise _refused(message, "Let it depend on values of the file or of the trigger.") from None


def _attached_origin(io: IO, path: str, operations: Mapping[str, CompiledOperation]) -> Origin:
    """Of an input of a hook or a build: its own, or that of the run it belongs to."""
    above = path.partition("/")[0]
    owner, name = operations[above], str(io.name)
    param = params_of(section_at(path, owner)).get(name)
    if (ref := getattr(param, "ref", None)) is not None:
        raise _TooLateError(f"a value of {ref}")
    found = next((each for each in owner.inputs or () if each.name == name), None)
    if param is None and found is not None and is_given_later(io):
        return _origin(found, owner, above, operations)
    if is_template(io.value):
        raise _TooLateError("a value that is known when it runs")
    return Origin(io, None)


def _origin(
    io: IO, compiled: CompiledOperation, path: str, operations: Mapping[str, CompiledOperation]
) -> Origin:
    param = (compiled.params or {}).get(io.name)
    if param is not None and param.ref == "dag" and str(param.value).startswith(OF_THE_DAG):
        above = path.rpartition(".")[0]
        outer = operations[above]
        of_dag = str(param.value).removeprefix(OF_THE_DAG)
        found = next((each for each in outer.inputs or () if each.name == of_dag), None)
        if found is not None:
            origin = _origin(found, outer, above, operations)
            return Origin(io.model_copy(update={"value": origin.io.value}), origin.asked)
    if param is not None and param.ref is not None:
        raise _TooLateError(f"a value of {param.ref}")
    form = form_of(compiled)
    is_given = param is not None or io.name in {each.name for each in compiled.contexts or ()}
    if io.name not in form and not is_given and io.value is None:
        raise _TooLateError("a value that is known when it runs")
    return Origin(io, io.name if path == "" and io.name in form else None)


def _refused(message: str, suggestion: str | None = None) -> CompilationError:
    return CompilationError([Fault(message, path=("queue",), suggestion=suggestion, rule="templated-queue")])
