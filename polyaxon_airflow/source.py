"""YAML text with places: what a file says, and the line and column where it says it.

YAML 1.1 by PyYAML's rules for scalars, as in Polyaxon: `no` is false, `010` is 8, `1e-3` is text (spec section 1.2).
Reading is safe for files of unknown origin: no tags of Python, no file above `MAX_BYTES`, no more values than
`MAX_VALUES` after aliases are expanded, none nested deeper than `MAX_DEPTH`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml
from yaml.constructor import SafeConstructor

from polyaxon_airflow.errors import Fault, PolyaxonfileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from yaml.nodes import Node

MAX_BYTES = 1_048_576
MAX_VALUES = 100_000
MAX_ITEMS = 10_000  # of one list or mapping
MAX_DEPTH = 100

Step = str | int  # one step of a path: a key or an index

_MERGE = "tag:yaml.org,2002:merge"
_SCALARS = SafeConstructor()
_SCALAR_TAGS: dict[str, Callable[[yaml.ScalarNode], Any]] = {
    f"tag:yaml.org,2002:{name}": getattr(_SCALARS, f"construct_yaml_{name}")
    for name in ("str", "null", "bool", "int", "float", "timestamp", "binary")
}


@dataclass(frozen=True)
class Document:
    """One YAML document: its values, and where each of them stands in the text."""

    value: dict[str, Any]
    text: str
    file: str | None
    root: Node = field(repr=False)
    warnings: tuple[Fault, ...] = ()  # keys that stand twice: YAML allows it, and the last one wins

    def place(
        self, path: Sequence[Step], *, of_key: bool = False, near: str | None = None
    ) -> tuple[int, int]:
        """Line and column, both from 1, of the value at `path`, or of the nearest one above it.

        With `of_key`, of the key that the last step names; with `near`, of that part of a text.
        """
        key, node = self._find(path)
        if of_key and key is not None:
            node = key
        inside = self._inside(node, near) if near and isinstance(node, yaml.ScalarNode) else None
        return inside or (node.start_mark.line + 1, node.start_mark.column + 1)

    def _find(self, path: Sequence[Step]) -> tuple[Node | None, Node]:
        """The deepest node on a path, and its key if that is the whole path."""
        node = self.root
        key = None
        for depth, step in enumerate(path):
            found, child = _child(node, step)
            if child is None:
                break
            key = found if depth == len(path) - 1 else None
            node = child
        return key, node

    def _inside(self, node: Node, part: str) -> tuple[int, int] | None:
        """Where a part of a text stands, if the file has it as it is."""
        start = self.text.find(part, node.start_mark.index, node.end_mark.index)
        if start < 0:
            return None
        return self.text.count("\n", 0, start) + 1, start - (self.text.rfind("\n", 0, start) + 1) + 1

    def with_value(self, value: dict[str, Any]) -> Document:
        """The same text with other values, as after some were taken out."""
        return replace(self, value=value)

    def depth(self, path: Sequence[Step]) -> int:
        """How many steps of a path the document has."""
        node = self.root
        for depth, step in enumerate(path):
            _, child = _child(node, step)
            if child is None:
                return depth
            node = child
        return len(path)

    def locate(self, fault: Fault) -> Fault:
        """The fault with its file, line, column and the code of its line, found by its path."""
        line, column = self.place(fault.path, of_key=fault.of_key, near=fault.near)
        return replace(fault, file=self.file, line=line, column=column, code=self.line(line))

    def line(self, number: int) -> str:
        """The text of a line, counted from 1."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines()


def read_document(source: str | Path, *, file: str | None = None) -> Document:
    """Read one YAML mapping from a text or from a path.

    `file` is the name that faults carry; by default the path. Raises PolyaxonfileError.
    """
    if isinstance(source, Path):
        file = file or str(source)
        source = _text(source, file)
    if len(source) > MAX_BYTES:
        _refuse(
            f"a polyaxonfile may have {MAX_BYTES:,} characters; this one has {len(source):,}",
            file,
            "too-large",
        )
    if source.count(",") + source.count("\n") > 2 * MAX_VALUES:  # before the parser makes an object of each
        _refuse(f"more than {MAX_VALUES:,} values", file, "too-large")
    try:
        root = yaml.compose(source.removeprefix("\ufeff"), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise PolyaxonfileError([_syntax_fault(error, source, file)]) from error
    return _Builder(source, file).document(root)


def stamp(file: Path) -> tuple[int, int, int] | None:
    """What changes whenever a file is written; None if it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _text(path: Path, file: str) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            _refuse(
                f"a polyaxonfile may have {MAX_BYTES:,} bytes; this one has {path.stat().st_size:,}",
                file,
                "too-large",
            )
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PolyaxonfileError(
            [Fault(f"cannot be read: {error.strerror}", file, rule="unreadable")]
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        fault = Fault(
            f"not UTF-8 text: byte 0x{error.object[error.start]:02x}",
            file,
            line,
            column,
            suggestion="Save the file as UTF-8.",
            rule="encoding",
        )
        raise PolyaxonfileError([fault]) from error


def _refuse(message: str, file: str | None, rule: str) -> None:
    raise PolyaxonfileError([Fault(message, file, rule=rule)])


class _Builder:
    """Builds the values of one document; the state is what was seen on the way."""

    def __init__(self, text: str, file: str | None) -> None:
        self.text = text
        self.file = file
        self.count = 0
        self.warnings: list[Fault] = []

    def document(self, root: Node | None) -> Document:
        if root is None:
            raise self.fault(
                None,
                "the file is empty",
                "not-a-mapping",
                "Start with 'kind: operation' or 'kind: component'.",
            )
        value = self.value(root, 0)
        if not isinstance(value, dict) or not value:
            said = "an empty mapping" if value == {} else f"{_kind(root)}"
            raise self.fault(root, f"a polyaxonfile is a mapping; this is {said}", "not-a-mapping")
        return Document(value, self.text, self.file, root, tuple(self.warnings))

    def value(self, node: Node, depth: int) -> Any:
        self.count += 1
        # An alias is built again wherever it stands, so nine lines that say "ten times the line above" are counted in full.
        if self.count > MAX_VALUES:
            raise self.fault(
                node, f"more than {MAX_VALUES:,} values", "too-large", "Look for aliases that multiply."
            )
        if depth > MAX_DEPTH:
            raise self.fault(
                node, f"nested deeper than {MAX_DEPTH}", "too-deep", "Look for an alias that holds itself."
            )
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if len(node.value) > MAX_ITEMS:
            raise self.fault(node, f"more than {MAX_ITEMS:,} items", "too-large")
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.value(item, depth + 1) for item in node.value]
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self.mapping(node, depth)
        raise self.unknown_tag(node)

    def scalar(self, node: yaml.ScalarNode) -> Any:
        build = _SCALAR_TAGS.get(node.tag)
        if build is None:
            raise self.unknown_tag(node)
        try:
            return build(node)
        except (ValueError, OverflowError, yaml.YAMLError) as error:
            kind = node.tag.rpartition(":")[2]
            message = f"'{_short(node.value)}' looks like a {kind} but is none"
            raise self.fault(
                node, message, "scalar", f'Quote it if it is text: "{_short(node.value)}".'
            ) from error

    def mapping(self, node: yaml.MappingNode, depth: int) -> dict[Any, Any]:
        merged: dict[Any, Any] = {}
        own: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                for source in _merged(value_node):
                    if not isinstance(source, yaml.MappingNode):
                        raise self.fault(source, "'<<' merges mappings only", "merge-key")
                    merged = {
                        **merged,
                        **{k: v for k, v in self.value(source, depth + 1).items() if k not in merged},
                    }
                continue
            key = self.key(key_node)
            if key in own:
                self.duplicate(key, key_node)
            if isinstance(key, bool):
                self.not_a_word(key_node)
            own[key] = self.value(value_node, depth + 1)
        return {**merged, **own} if merged else own

    def key(self, node: Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        start = node.start_mark
        template = isinstance(node, yaml.MappingNode) and node.flow_style
        suggestion = 'Quote templates: "{{ ... }}".' if template else "Use plain text as key."
        raise self.fault(
            node, f"{_kind(node)} cannot be a key", "key", suggestion, (start.line, max(start.column - 1, 0))
        )

    def duplicate(self, key: Any, node: Node) -> None:
        fault = self.fault(
            node,
            f"'{key}' stands twice in this mapping; the last one counts",
            "duplicate-key",
            "Remove one of them.",
        )
        self.warnings.append(replace(fault.faults[0], severity="warning"))

    def not_a_word(self, node: Node) -> None:
        message = f"the key {node.value} is a boolean in YAML 1.1, not text"
        fault = self.fault(node, message, "boolean-key", f'Quote it: "{node.value}".')
        self.warnings.append(replace(fault.faults[0], severity="warning"))

    def unknown_tag(self, node: Node) -> PolyaxonfileError:
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        suggestion = 'Quote it: "=".' if tag == "!!value" else "Remove the tag; write plain YAML."
        return self.fault(node, f"the YAML tag '{_short(tag)}' is not allowed", "tag", suggestion)

    def fault(
        self,
        node: Node | None,
        message: str,
        rule: str,
        suggestion: str | None = None,
        at: tuple[int, int] | None = None,
    ) -> PolyaxonfileError:
        line, column = at or ((node.start_mark.line, node.start_mark.column) if node else (0, 0))
        return PolyaxonfileError(
            [_at(line, column, self.text, Fault(message, self.file, suggestion=suggestion, rule=rule))]
        )


def _at(line: int, column: int, text: str, fault: Fault) -> Fault:
    """The fault, placed at a line and a column that are counted from 0, as marks of YAML are."""
    lines = text.splitlines()
    return replace(fault, line=line + 1, column=column + 1, code=lines[line] if line < len(lines) else "")


def _syntax_fault(error: yaml.YAMLError, text: str, file: str | None) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return _character_fault(getattr(error, "position", 0), text, file)
    problem = getattr(error, "problem", None) or str(error)
    context = getattr(error, "context", None)
    message = f"not valid YAML: {problem}" + (f" ({context})" if context else "")
    fault = Fault(message, file, rule="yaml")
    lines = text.splitlines()
    if "mapping values are not allowed" in problem and _is_out_of_step(lines, mark.line - 1):
        hint = "Check the indentation of this line, and whether it lacks ': '."
        above = lines[mark.line - 1]
        return _at(mark.line - 1, len(above) - len(above.lstrip()), text, replace(fault, suggestion=hint))
    fault = _at(mark.line, mark.column, text, fault)
    return replace(fault, suggestion=_syntax_hint(problem, fault.code or "", mark.column))


def _is_out_of_step(lines: Sequence[str], number: int) -> bool:
    """Whether a line, counted from 0, is indented less than the two below it, or is an item that lacks its key."""
    if not 0 <= number < len(lines) - 1:
        return False
    own, *below = (len(line) - len(line.lstrip()) for line in lines[number : number + 3])
    is_item = re.fullmatch(r"\s*- [\w-]+\s*", lines[number]) is not None
    return is_item or (len(below) == 2 and own < below[0] == below[1] and ": " in lines[number])


def _character_fault(position: int, text: str, file: str | None) -> Fault:
    line = text.count("\n", 0, position)
    column = position - (text.rfind("\n", 0, position) + 1)
    message = f"the character {text[position : position + 1]!r} is not allowed in YAML"
    return _at(line, column, text, Fault(message, file, suggestion="Remove it.", rule="yaml"))


def _syntax_hint(problem: str, code: str, column: int) -> str | None:
    if code.startswith(("<<<<<<<", "=======", ">>>>>>>")):
        return "Resolve the merge conflict."
    if "\t" in code[: column + 1] and not code[:column].strip():
        return "Indent with spaces; YAML forbids tabs there."
    if "mapping values are not allowed" in problem:
        return "Quote the text if it holds ': ', or check the indentation of this line."
    if "nesting depth" in problem:
        return "Nest less deeply."
    if "{{" in code or "{%" in code:
        return 'Quote templates: "{{ ... }}".'
    if "cannot start any token" in problem:
        return "Quote the text."
    if "but found another document" in problem:
        return "Keep one document a file; remove '---'."
    if "undefined alias" in problem:
        return "Define the anchor (&name) above its alias (*name); quote the text if it starts with '*'."
    if "expected <block end>" in problem or "could not find expected ':'" in problem:
        return "Check the indentation of this line and of the one above."
    return None


def _child(node: Node, step: Step) -> tuple[Node | None, Node | None]:
    if isinstance(node, yaml.SequenceNode):
        inside = isinstance(step, int) and -len(node.value) <= step < len(node.value)
        return None, node.value[cast("int", step)] if inside else None
    if isinstance(node, yaml.MappingNode):
        return _pair(node, step)
    return None, None


def _pair(node: yaml.MappingNode, step: Step) -> tuple[Node | None, Node | None]:
    for key, value in reversed(node.value):  # of duplicates the last one counts
        if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE and key.value == str(step):
            return key, value
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and _plain(key.value) == _plain(str(step)):
            return key, value  # the model's name of a field that the file has in snake_case
    for key, value in node.value:
        if key.tag == _MERGE:
            for source in _merged(value):
                found = _pair(source, step) if isinstance(source, yaml.MappingNode) else (None, None)
                if found[1] is not None:
                    return found
    return None, None


def _plain(key: str) -> str:
    return key.replace("_", "").lower()


def _merged(node: Node) -> Iterable[Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else [node]


def _kind(node: Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "a mapping" if isinstance(node, yaml.MappingNode) else f"the text '{_short(node.value)}'"


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."
