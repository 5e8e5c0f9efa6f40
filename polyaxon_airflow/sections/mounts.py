"""`mount`: local paths that go with a run (spec section 2.18)."""

from __future__ import annotations

from pydantic import Field

from polyaxon_airflow.scalars import Text
from polyaxon_airflow.section import Section


class Mount(Section):
    """`- {from: ./data, to: inputs}`, or as text `./data:inputs`; without `to` the path stays the same."""

    path_from: Text | None = Field(None, alias="from")
    path_to: Text | None = Field(None, alias="to")


def in_full(mount: Mount | str) -> Mount:
    """A mount that may be written as text.

    >>> in_full("./data:inputs").to_dict()
    {'from': './data', 'to': 'inputs'}
    """
    if isinstance(mount, Mount):
        return mount
    origin, separator, target = mount.partition(":")
    return Mount(path_from=origin, path_to=target if separator else None)
