"""Families of event kinds: what each may refer to, which options it knows, and what nobody can watch."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyaxon_airflow.events.refs import Ref

FamilyName: TypeAlias = Literal["status", "run", "git", "data", "registry", "metric", "custom"]
STATUS = "run_status_"
COMMON = ("every", "coalesce")


@dataclass(frozen=True)
class Family:
    """Kinds that are watched in the same way."""

    name: FamilyName
    kinds: tuple[str, ...]
    about: tuple[str, ...]  # what a ref may begin with
    options: tuple[str, ...] = ()  # besides COMMON
    example: str = ""
    connections: tuple[str, ...] = ()  # the kinds of connections that have such events


_QUERIES = ("runs?query=metrics.val_auc:<0.8", "dags.train?query=metrics.val_auc:<0.8")
FAMILIES = (
    Family("status", (STATUS,), ("ops", "runs", "dags"), ("query",), "ops.train, runs.UUID or dags.train"),
    Family(
        "run",
        ("run_new_artifacts", "run_approved_actor", "run_invalidated_actor"),
        ("ops", "runs", "dags"),
        ("query", "artifact"),
        "ops.train, runs.UUID or dags.train",
    ),
    Family(
        "git",
        ("connection_git_commit",),
        ("connections",),
        ("branch", "tag", "path", "existing"),
        "connections.code?branch=main&path=src/**",
        ("git",),
    ),
    Family(
        "data",
        ("connection_dataset_version",),
        ("connections",),
        ("path", "once", "existing"),
        "connections.lake?path=days/{day}/_SUCCESS",
        ("host_path", "volume_claim", "s3", "gcs", "wasb"),
    ),
    Family(
        "registry",
        ("connection_registry_image",),
        ("connections",),
        ("image", "tag", "existing"),
        "connections.registry?image=team/app&tag=v*",
        ("registry",),
    ),
    Family(
        "metric",
        ("alert_info", "alert_warning", "alert_critical", "model_version_new_metric"),
        ("runs", "dags"),
        ("query", "existing"),
        " or ".join(_QUERIES),
    ),
    Family("custom", ("project_custom_event", "org_custom_event"), ("events",), (), "events.NAME"),
)
# Statuses of which Airflow has no moment: a kind that would never come is refused rather than waited for.
NEVER = {
    "run_status_on_schedule": "Airflow makes a scheduled run when it is due, so no run is ever 'on_schedule'",
    **{
        f"{STATUS}{status}": f"no runner reports the status '{status}'"
        for status in ("unknown", "unschedulable", "warning")
    },
}


def family_of(kind: str) -> Family:
    """The family of a kind. Raises ValueError if nothing here can notice it."""
    if kind in NEVER:
        raise ValueError(f"event kind '{kind}' cannot be watched: {NEVER[kind]}")
    for family in FAMILIES:
        if kind in family.kinds or (family.name == "status" and kind.startswith(STATUS)):
            return family
    raise ValueError(f"event kind '{kind}' is unknown")


def common_family(kinds: Iterable[str], ref: Ref) -> Family:
    """The one family of an event's kinds, checked against its ref. Raises ValueError."""
    names = list(kinds)
    if not names:
        raise ValueError("an event needs at least one kind")
    family = family_of(names[0])
    strangers = [kind for kind in names if family_of(kind) is not family]
    if strangers:
        raise ValueError(
            f"'{names[0]}' and '{strangers[0]}' are about different things; give each an event of its own"
        )
    if ref.about not in family.about:
        raise ValueError(f"'{names[0]}' cannot refer to '{ref}'; write {family.example}")
    _check_options(family, ref)
    return family


def _check_options(family: Family, ref: Ref) -> None:
    known = (*COMMON, *family.options)
    for name in ref.options:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(known)}"
            raise ValueError(
                f"ref '{ref}' has an option that '{family.kinds[0]}' does not know: '{name}'. {hint}"
            )
    if family.name == "metric" and not ref.option("query"):
        raise ValueError(
            f"'{family.kinds[0]}' needs a query that runs begin to match; write {family.example}"
        )
    if family.name == "registry" and not ref.option("image"):
        raise ValueError(f"'{family.kinds[0]}' needs an image; write {family.example}")
