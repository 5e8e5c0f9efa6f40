"""What all matrices over search spaces share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from polyaxon_airflow.errors import CompilationError
from polyaxon_airflow.matrix import Matrix, Problem
from polyaxon_airflow.scalars import is_template
from polyaxon_airflow.space import Space


class Searched(Matrix):
    """A matrix whose trials take their params from search spaces."""

    params: Any

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if not self.params:
            yield Problem(("params",), "names nothing to search")
        elif isinstance(self.params, dict):
            for name, space in self.params.items():
                if problem := space.problem():
                    yield Problem(("params", name), problem, is_template=is_template(space.value))

    def spaces(self) -> dict[str, Space]:
        """The search spaces by name. Raises CompilationError if they are a template."""
        if not isinstance(self.params, dict):
            raise CompilationError("matrix.params is no mapping of names to search spaces")
        return self.params

    def at_most(self, runs: int) -> int:
        """So many runs, or as many as there are different params."""
        size = self.size()
        return runs if size is None else min(runs, size)

    def size(self) -> int | None:
        """How many different params there are; None if there is no end to them."""
        sizes = [space.size() for space in self.spaces().values()]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)
