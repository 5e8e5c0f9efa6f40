"""Sections that come in kinds (`matrix: {kind: grid}`), each kind in a file of its own.

A kind is imported when a file first uses it, so a hundred kinds cost a parse nothing. A package of yours
adds one with an entry point in the group `polyaxon_airflow.<section>`:

    [project.entry-points."polyaxon_airflow.matrix"]
    sobol = "my_package.sobol:Sobol"
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from polyaxon_airflow.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

SectionT = TypeVar("SectionT", bound=Section)

KINDS_OF = "x-kinds-of"  # in JSON schemas: "any kind of this section"


class Kinds(Generic[SectionT]):
    """The kinds of one section; also the pydantic annotation of a field that takes any of them.

        matrix: Annotated[Matrix, MATRIX] | None = None

    Its errors are `kind_mapping`, `kind_missing`, `kind_unknown` and `kind_retired`, the last two at the `kind` key.
    """

    def __init__(
        self,
        section: str,
        base: type[SectionT],
        known: Mapping[str, str],
        *,
        retired: Mapping[str, str] | None = None,
    ) -> None:
        self.section = section
        self.base = base
        self._known = dict(known)  # kind -> "module:Class"
        self._retired = dict(retired or {})  # kind -> what to write instead
        self._extended = False

    def names(self) -> list[str]:
        """All kinds, those of installed packages too."""
        self._extend()
        return sorted(self._known)

    def load(self, kind: str) -> type[SectionT]:
        """The class of a kind. Raises KeyError if there is none."""
        if kind not in self._known:
            self._extend()
        module, _, name = self._known[kind].partition(":")
        loaded: type[SectionT] = getattr(import_module(module), name)
        return loaded

    def __iter__(self) -> Iterator[type[SectionT]]:
        return (self.load(name) for name in self.names())

    def _extend(self) -> None:
        if not self._extended:
            self._extended = True
            for entry in entry_points(group=f"polyaxon_airflow.{self.section}"):
                self._known.setdefault(entry.name, entry.value)

    def validate(self, value: Any) -> SectionT:
        """The section of a mapping's kind. Raises a pydantic error, placed at `kind` where that is at fault."""
        if isinstance(value, self.base):
            return value
        if not isinstance(value, dict):
            raise PydanticCustomError(
                "kind_mapping", "must be a mapping with a kind; known: {known}", self._context()
            )
        kind = value.get("kind")
        if "kind" not in value:
            raise PydanticCustomError("kind_missing", "needs a kind; known: {known}", self._context())
        if isinstance(kind, str) and (kind in self._known or kind in self.names()):
            return self.load(kind).model_validate(value)
        raise self._at_kind(kind)

    def _at_kind(self, kind: Any) -> ValidationError:
        context = {**self._context(), "kind": str(kind), "section": self.section}
        message = "unknown kind '{kind}' of {section}; known: {known}"
        error = PydanticCustomError("kind_unknown", message, context)
        if isinstance(kind, str) and kind in self._retired:
            context["instead"] = self._retired[kind]
            error = PydanticCustomError(
                "kind_retired", "'{kind}' is no kind of {section} any more: {instead}", context
            )
        return ValidationError.from_exception_data(
            self.section, [InitErrorDetails(type=error, loc=("kind",), input=kind)]
        )

    def _context(self) -> dict[str, Any]:
        return {"known": ", ".join(self.names())}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        # The schemas of the kinds hold one another; `polyaxonfile.schema` puts them where this stands.
        return {KINDS_OF: self.section}


class OrWithoutKind(Generic[SectionT]):
    """Takes what `kinds` takes, and a plain mapping without `kind`, which a document below is to give."""

    def __init__(self, kinds: Kinds[SectionT]) -> None:
        self.kinds = kinds

    def validate(self, value: Any) -> SectionT | dict[str, Any]:
        """The section of a mapping's kind, or the mapping itself."""
        return value if isinstance(value, dict) and "kind" not in value else self.kinds.validate(value)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return self.kinds.__get_pydantic_json_schema__(schema, handler)
