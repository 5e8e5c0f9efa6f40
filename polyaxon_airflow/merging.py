"""How one section lies over another: the four patch strategies (spec section 3.3).

| | post_merge | pre_merge | replace | isnull |
|---|---|---|---|---|
| scalar | patch | base | patch | base |
| list | base, then patch | patch, then base | patch | base |
| mapping | union, patch wins | union, base wins | patch | base |
| section | field by field | field by field | field by field | field by field |
| section of another kind | patch | base | patch | base |

A value that only one side has is kept. `null` in the patch clears a value where the patch wins, but no section.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from polyaxon_airflow.section import KubernetesSection, Section

if TYPE_CHECKING:
    from collections.abc import Collection

    from polyaxon_airflow.sections.patching import Strategy

SectionT = TypeVar("SectionT", bound=Section)


def merge(
    base: SectionT, patch: Section, strategy: Strategy, *, fields: Collection[str] | None = None
) -> SectionT:
    """The base with what the patch gives, by default all of its fields that the base can have."""
    given = [name for name in type(base).model_fields if name in patch.model_fields_set]
    wanted = [name for name in given if fields is None or name in fields]
    update = {name: merge_values(getattr(base, name), getattr(patch, name), strategy) for name in wanted}
    if isinstance(base, KubernetesSection):
        update = {name: value for name, value in update.items() if getattr(patch, name) is not None}
    return base.model_copy(update=update)


def merge_values(base: Any, patch: Any, strategy: Strategy) -> Any:
    """One value over another, neither of which is a document."""
    if base is None:
        return patch
    if isinstance(base, Section) and not base.merges_whole:
        return _over_section(base, patch, strategy)
    if _merges_by_name(base) and isinstance(patch, dict):
        return {
            **patch,
            **{name: merge_values(below, patch.get(name), strategy) for name, below in base.items()},
        }
    if strategy == "isnull" or (patch is None and strategy == "pre_merge"):
        return base
    if strategy == "replace" or patch is None:
        return patch
    if isinstance(base, Section):
        return _over_section(base, patch, strategy)
    first, second = (base, patch) if strategy == "post_merge" else (patch, base)
    if isinstance(first, dict) and isinstance(second, dict):
        return deep_union(first, second)
    if isinstance(first, list) and isinstance(second, list):
        return first + _new_items(first, second)
    return second


def _new_items(first: list[Any], second: list[Any]) -> list[Any]:
    """The items of the second list that the first does not have."""
    if len(first) * len(second) < 10_000:
        return [item for item in second if item not in first]
    known = set(map(repr, first))  # comparing each with each would take minutes
    return [item for item in second if repr(item) not in known]


def deep_union(first: dict[Any, Any], second: dict[Any, Any]) -> dict[Any, Any]:
    """Both mappings, at all depths; where both have a value, the second's."""
    union = dict(first)
    for key, value in second.items():
        below = union.get(key)
        union[key] = (
            deep_union(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return union


def _merges_by_name(base: Any) -> bool:
    return isinstance(base, dict) and any(
        isinstance(below, Section) and below.merges_by_name for below in base.values()
    )


def _over_section(base: Section, patch: Any, strategy: Strategy) -> Any:
    if not isinstance(patch, Section):
        return base  # null and templates leave a section as it is, as in Polyaxon
    if _kind(base) == _kind(patch):
        return merge(base, patch, strategy)
    return patch if strategy in ("post_merge", "replace") else base


def _kind(section: Section) -> Any:
    return getattr(section, "kind", None)
