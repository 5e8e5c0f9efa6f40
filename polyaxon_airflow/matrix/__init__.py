"""`matrix`: many runs of one operation, each with its own params (spec sections 2.25 and 4)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from polyaxon_airflow.early_stopping import EARLY_STOPPING, EarlyStopping
from polyaxon_airflow.kinds import Kinds
from polyaxon_airflow.scalars import Template
from polyaxon_airflow.section import Section


class Matrix(Section):
    """The trials of a sweep."""

    merges_whole: ClassVar[bool] = True

    kind: str
    early_stopping: list[Annotated[EarlyStopping, EARLY_STOPPING]] | Template | None = None


_HERE = "polyaxon_airflow.matrix"

MATRIX = Kinds(
    "matrix",
    Matrix,
    {
        "mapping": f"{_HERE}.mapping:Mapping",
        "grid": f"{_HERE}.grid:Grid",
        "random": f"{_HERE}.random:Random",
        "hyperband": f"{_HERE}.hyperband:Hyperband",
        "bayes": f"{_HERE}.bayes:Bayes",
        "hyperopt": f"{_HERE}.hyperopt:Hyperopt",
        "tpe": f"{_HERE}.tpe:Tpe",
        "iterative": f"{_HERE}.iterative:Iterative",
    },
)
