"""Jinja for text of unknown origin: no way out of the values it is given, no end to neither time nor memory.

Beyond Jinja's own sandbox, which forbids what leads to Python: no macros, includes and recursive loops; methods and
filters from a list; and a budget a rendering, which every loop, every repeated text and every number pays from.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from jinja2 import TemplateError, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from polyaxon_airflow.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jinja2 import Template
    from jinja2.runtime import Context

MAX_TEMPLATE = 20_000  # characters of a template
MAX_TEXT = 1_000_000  # characters of one value
MAX_RANGE = 10_000  # numbers of one range, width of one padding
MAX_BITS = 10_000  # of one whole number
MAX_STEPS = 200_000  # of all loops, and of all items that are looked at
MAX_CHARACTERS = 10_000_000  # of all values together


def render_text(text: str, variables: Mapping[str, Any]) -> str:
    """The text with its templates rendered. An unknown name is empty text, something of it is an error.

    Raises CompilationError, which names the template.
    """
    if "{{" not in text and "{%" not in text:
        return text
    try:
        if len(text) > MAX_TEMPLATE:
            _refuse(f"it is longer than {MAX_TEMPLATE:,} characters")
        return _template(text).render({**variables, _BUDGET: _Budget()})
    except _FAILURES as error:
        raise CompilationError(f"the template '{_short(text)}' cannot be rendered: {error}") from error


def check_template(text: str) -> None:
    """Raises CompilationError if a text is no template that could ever be rendered."""
    is_simple = "{%" not in text and len(_SIMPLE.findall(text)) == text.count("{{")
    if not is_simple:
        try:
            _template(text)
        except _FAILURES as error:
            raise CompilationError(f"the template '{_short(text)}' is not valid: {error}") from error


def names_in(text: str) -> set[tuple[str, ...]]:
    """The variables that a template reads, with the member that it takes of them: `{("lr",), ("globals", "uuid")}`.

    Raises CompilationError as `check_template` does.
    """
    if "{{" not in text and "{%" not in text:
        return set()
    simple = _SIMPLE.findall(text)
    if len(simple) == text.count("{{") and "{%" not in text:
        return {
            tuple(name.split(".")[:2]) for name in simple if name.lower() not in ("true", "false", "none")
        }
    try:
        template = _ENVIRONMENT.parse(text)
        free = find_undeclared_variables(template) - _FUNCTIONS
    except _FAILURES as error:
        raise CompilationError(f"the template '{_short(text)}' is not valid: {error}") from error
    members = {
        (node.node.name, node.attr)
        for node in template.find_all(nodes.Getattr)
        if isinstance(node.node, nodes.Name) and node.node.name in free
    }
    with_members = {name for name, _ in members}
    return {*members, *((name,) for name in free - with_members)}


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def _refuse(reason: str) -> NoReturn:
    raise SecurityError(reason)


_FAILURES = (
    TemplateError,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RecursionError,
)

# Where the variables of a rendering hold its budget: no template can name it.
_BUDGET = " budget"

_STATEMENTS = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign)

_METHODS = frozenset(
    [
        "capitalize",
        "casefold",
        "copy",
        "count",
        "date",
        "endswith",
        "find",
        "get",
        "index",
        "isalnum",
        "isalpha",
        "isdecimal",
        "isdigit",
        "islower",
        "isnumeric",
        "isoformat",
        "isoweekday",
        "isspace",
        "istitle",
        "isupper",
        "items",
        "join",
        "keys",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "replace",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strftime",
        "strip",
        "swapcase",
        "time",
        "timestamp",
        "title",
        "total_seconds",
        "upper",
        "values",
        "weekday",
    ]
)
_FUNCTIONS = frozenset({"range", "dict"})

# Filters of Jinja that give nothing longer than what they get; those below check how long it becomes.
_FILTERS = frozenset(
    [
        "abs",
        "capitalize",
        "count",
        "d",
        "default",
        "dictsort",
        "e",
        "escape",
        "filesizeformat",
        "first",
        "float",
        "groupby",
        "int",
        "items",
        "last",
        "length",
        "list",
        "lower",
        "map",
        "max",
        "min",
        "pprint",
        "reject",
        "rejectattr",
        "reverse",
        "round",
        "safe",
        "select",
        "selectattr",
        "sort",
        "string",
        "striptags",
        "sum",
        "title",
        "tojson",
        "trim",
        "truncate",
        "unique",
        "upper",
        "urlencode",
        "wordcount",
        "wordwrap",
    ]
)
_SIMPLE = re.compile(r"\{\{ *([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*) *\}\}")  # {{ lr }}, {{ globals.uuid }}
_WIDE = re.compile(r"%[^a-zA-Z%]*(\d{4,}|\*)")


class _Budget:
    """What one rendering may still do."""

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.characters = MAX_CHARACTERS

    def step(self, count: int = 1) -> None:
        self.steps -= count
        if self.steps < 0:
            _refuse(f"it takes more than {MAX_STEPS:,} steps")

    def hold(self, length: int) -> None:
        """Pays for a text of this length."""
        self.characters -= length
        if length > MAX_TEXT or self.characters < 0:
            _refuse(f"it makes more than {MAX_TEXT:,} characters")

    def look_at(self, value: Any) -> None:
        """Pays for a value with everything inside it, as long as that is not too much."""
        if isinstance(value, str):
            self.hold(len(value))
        elif isinstance(value, dict):
            self.step(len(value))
            for key, below in value.items():
                self.look_at(key)
                self.look_at(below)
        elif isinstance(value, (list, tuple, set, range)):
            self.step(len(value))
            for item in value if not isinstance(value, range) else ():
                self.look_at(item)


class _Environment(ImmutableSandboxedEnvironment):
    """Templates as `render_text` takes them; it has no state."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(finalize=_finalize)
        self.filters = {name: FILTERS[name] for name in _FILTERS} | _OWN_FILTERS
        self.globals = {"range": _range, "dict": dict}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        for node in template.find_all(nodes.Node):
            _check_node(node)
        _rewrite(template)
        return template

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:  # noqa: ARG002 - Jinja's signature
        _refuse(f"'{attribute}' is not open to templates")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        _check_operands(context[_BUDGET], operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: PYI063
        owner = getattr(__obj, "__self__", None)
        budget: _Budget = __context[_BUDGET]
        for argument in (owner, *args):
            budget.look_at(argument)
        if isinstance(owner, str) and getattr(__obj, "__name__", "") == "replace" and len(args) > 1:
            budget.hold(_replaced_length(owner, *args[:2]))
        if isinstance(owner, str) and getattr(__obj, "__name__", "") == "join" and args:
            budget.hold(len(owner) * len(args[0]))
        if __obj is _range:
            budget.step(len(_range(*args)))
        return super().call(__context, __obj, *args, **kwargs)


def _check_node(node: nodes.Node) -> None:
    if isinstance(node, nodes.Stmt) and not isinstance(node, _STATEMENTS):
        _refuse(f"'{type(node).__name__.lower()}' cannot stand in a template")
    if isinstance(node, nodes.For) and node.recursive:
        _refuse("a loop cannot be recursive")
    if isinstance(node, nodes.Filter) and node.name not in (_FILTERS | _OWN_FILTERS.keys()):
        _refuse(f"no filter is called '{node.name}'")
    if isinstance(node, nodes.Call):
        callee = node.node
        is_method = isinstance(callee, nodes.Getattr) and callee.attr in _METHODS
        is_function = isinstance(callee, nodes.Name) and callee.name in _FUNCTIONS
        if not is_method and not is_function:
            _refuse(f"'{getattr(callee, 'attr', getattr(callee, 'name', 'this'))}' cannot be called")


def _rewrite(template: nodes.Template) -> None:
    """Lets loops, `~` and Jinja's own filters, which call nothing that could be overridden, pay from the budget."""
    for loop in template.find_all(nodes.For):
        loop.iter = _filtered(loop.iter, "_counted")
    for used in list(template.find_all(nodes.Filter)):
        if used.name in _FILTERS and used.node is not None:
            used.node = _filtered(used.node, "_looked_at")
    for parent in list(template.find_all(nodes.Node)):
        for name, value in parent.iter_fields():
            if isinstance(value, nodes.Concat):
                setattr(parent, name, _joined(value))
            elif isinstance(value, list):
                value[:] = [_joined(item) if isinstance(item, nodes.Concat) else item for item in value]


def _joined(concat: nodes.Concat) -> nodes.Filter:
    return _filtered(nodes.List(list(concat.nodes), lineno=concat.lineno), "_joined")


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _check_operands(budget: _Budget, operator: str, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _check_number(operator, left, right)
    elif operator == "+":
        budget.look_at(left)
        budget.look_at(right)
    elif operator == "*":
        _check_repetition(budget, left, right)
    elif operator == "%" and isinstance(left, str):
        _check_pattern(budget, left, right)


def _check_number(operator: str, left: int, right: int) -> None:
    bits = left.bit_length() + right.bit_length()
    if operator == "**":
        bits = left.bit_length() * max(right, 0)
    if bits > MAX_BITS:
        _refuse("a number becomes too large")


def _check_repetition(budget: _Budget, left: Any, right: Any) -> None:
    repeated, times = (right, left) if isinstance(left, int) else (left, right)
    if not isinstance(times, int):
        return
    if isinstance(repeated, str):
        budget.hold(len(repeated) * max(times, 0))
    elif isinstance(repeated, (list, tuple)):
        budget.step(len(repeated) * max(times, 0))


def _check_pattern(budget: _Budget, pattern: str, values: Any) -> None:
    """Pays for `pattern % values`, in which each value may stand more than once."""
    if _WIDE.search(pattern):
        _refuse(f"the pattern '{_short(pattern)}' is too wide")
    budget.look_at(values)
    parts = (
        values.values() if isinstance(values, dict) else values if isinstance(values, tuple) else (values,)
    )
    budget.hold(len(pattern) + pattern.count("%") * max((len(str(part)) for part in parts), default=0))


def _check_width(width: Any) -> None:
    if isinstance(width, int) and width > MAX_RANGE:
        _refuse(f"{width} is too wide; the most is {MAX_RANGE:,}")


def _replaced_length(text: str, old: Any, new: Any) -> int:
    times = text.count(str(old)) if old else len(text) + 1
    return len(text) + times * len(str(new))


@pass_context
def _finalize(context: Context, value: Any) -> Any:
    context[_BUDGET].look_at(value)
    return value


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_RANGE:
        _refuse(f"a range has at most {MAX_RANGE:,} numbers")
    return numbers


@pass_context
def _counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    budget: _Budget = context[_BUDGET]
    for value in values:
        budget.step()
        yield value


@pass_context
def _join_parts(context: Context, parts: list[Any]) -> str:
    context[_BUDGET].look_at(parts)
    return "".join(map(str, parts))


@pass_context
def _join(context: Context, values: Iterable[Any], separator: str = "", attribute: str | None = None) -> str:
    items = list(_counted(context, values))
    context[_BUDGET].look_at(items)
    context[_BUDGET].hold(len(str(separator)) * len(items))
    joined: str = FILTERS["join"](context.eval_ctx, items, separator, attribute)
    return joined


@pass_context
def _replace(context: Context, text: Any, old: str, new: str, count: int | None = None) -> str:
    context[_BUDGET].hold(_replaced_length(str(text), old, new))
    return str(text).replace(str(old), str(new), -1 if count is None else count)


@pass_context
def _format(context: Context, pattern: Any, *values: Any, **named: Any) -> str:
    _check_pattern(context[_BUDGET], str(pattern), named or values)
    return str(pattern) % (named or values)


@pass_context
def _map_format(context: Context, value: Any, pattern: Any, variable: str | None = None) -> str:
    """Polyaxon's filter: the pattern with the value put in for its `%s`, or for `%(variable)s`."""
    given = {variable: value} if variable else value
    _check_pattern(context[_BUDGET], str(pattern), given)
    return str(pattern) % given


@pass_context
def _looked_at(context: Context, value: Any) -> Any:
    context[_BUDGET].look_at(value)
    return value


def _round(number: float, precision: int = 0, method: str = "common") -> float:
    _check_width(abs(precision) * 100)
    rounded: float = FILTERS["round"](number, precision, method)
    return rounded


@pass_context
def _tojson(context: Context, value: Any, indent: int | None = None) -> str:
    _check_width((indent or 0) * 1000)
    context[_BUDGET].look_at(value)
    return str(FILTERS["tojson"](context.eval_ctx, value, indent))


def _center(text: Any, width: int = 80) -> str:
    _check_width(width)
    return str(text).center(width)


@pass_context
def _indent(
    context: Context, text: Any, width: int | str = 4, first: bool = False, blank: bool = False
) -> str:
    _check_width(width)
    context[_BUDGET].hold((str(text).count("\n") + 1) * (width if isinstance(width, int) else len(width)))
    return str(FILTERS["indent"](str(text), width, first, blank))


def _batch(values: Iterable[Any], size: int, fill: Any = None) -> Iterator[list[Any]]:
    _check_width(size)
    batches: Iterator[list[Any]] = FILTERS["batch"](list(values), size, fill)
    return batches


def _slice(values: Iterable[Any], count: int, fill: Any = None) -> Iterator[list[Any]]:
    """The values in `count` columns, the first ones longer, as Jinja's own filter deals them."""
    _check_width(count)
    items = list(values)
    size, longer = divmod(len(items), max(count, 1))
    start = 0
    for column in range(count):
        end = start + size + (column < longer)
        is_short = fill is not None and 0 < longer <= column
        yield [*items[start:end], *([fill] if is_short else [])]
        start = end


_OWN_FILTERS: dict[str, Any] = {
    "_counted": _counted,
    "_joined": _join_parts,
    "_looked_at": _looked_at,
    "batch": _batch,
    "center": _center,
    "format": _format,
    "indent": _indent,
    "join": _join,
    "map_format": _map_format,
    "replace": _replace,
    "round": _round,
    "slice": _slice,
    "tojson": _tojson,
}

_ENVIRONMENT = _Environment()


@lru_cache(maxsize=1024)
def _template(text: str) -> Template:
    return _ENVIRONMENT.from_string(text)
