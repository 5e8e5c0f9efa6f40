"""Sections that come in kinds (`matrix: {kind: grid}`), each kind in a file of its own.

A kind is imported when a file first uses it, so a hundred kinds cost a parse nothing. A package of yours
adds one with an entry point in the group `polyaxon_airflow.<section>`:

    [project.entry-points."polyaxon_airflow.matrix"]
    sobol = "my_package.sobol:Sobol"
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from polyaxon_airflow.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

SectionT = TypeVar("SectionT", bound=Section)


class Kinds(Generic[SectionT]):
    """The kinds of one section; also the pydantic annotation of a field that takes any of them.

        matrix: Annotated[Matrix | None, MATRIX] = None

    Raises (inside validation) `kind_missing`, `kind_unknown` or `kind_retired`, placed at the `kind` key.
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

    def _validate(self, value: Any) -> SectionT:
        if isinstance(value, self.base):
            return value
        if not isinstance(value, dict):
            raise PydanticCustomError(
                "kind_mapping", "{section} must be a mapping with a kind", {"section": self.section}
            )
        kind = value.get("kind")
        if kind is None:
            self._fail("kind_missing", "{section} needs a kind; known: {known}", value, {})
        if not isinstance(kind, str) or (kind not in self._known and kind not in self.names()):
            if isinstance(kind, str) and kind in self._retired:
                self._fail(
                    "kind_retired",
                    "kind '{kind}' is not part of Polyaxon any more: {instead}",
                    value,
                    {"kind": kind, "instead": self._retired[kind]},
                )
            close = get_close_matches(str(kind), self.names(), n=1)
            self._fail(
                "kind_unknown",
                "unknown kind '{kind}' of {section}; known: {known}",
                value,
                {"kind": kind, "close": close[0] if close else None},
            )
        return self.load(kind).model_validate(value)

    def _fail(self, error: str, message: str, value: dict[str, Any], context: dict[str, Any]) -> NoReturn:
        context = {"section": self.section, "known": ", ".join(self.names()), **context}
        raise ValidationError.from_exception_data(
            self.section,
            [InitErrorDetails(type=PydanticCustomError(error, message, context), loc=("kind",), input=value)],
        )

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"oneOf": [handler(kind.__pydantic_core_schema__) for kind in self]}
