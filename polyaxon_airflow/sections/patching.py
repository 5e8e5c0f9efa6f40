"""`patchStrategy`: how one document lies over another (spec section 3.3)."""

from __future__ import annotations

from typing import Literal, TypeAlias

Strategy: TypeAlias = Literal["replace", "isnull", "post_merge", "pre_merge"]
