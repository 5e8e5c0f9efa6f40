"""Values as the JSON that a program gets as an argument, in the form that Polyaxon writes (spec section 2.3)."""

from __future__ import annotations

import json
import math
import re
from datetime import date
from decimal import Decimal
from typing import Any


def json_text(value: Any) -> str:
    """JSON without blanks, with letters as they are; null for a float that is no number.

    >>> json_text({"lr": [1e-5, 1e-7, 1e20], "name": "é"})
    '{"lr":[0.00001,1e-7,1e+20],"name":"é"}'
    """
    if isinstance(value, dict):
        return f"{{{','.join(f'{_key(key)}:{json_text(below)}' for key, below in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(map(json_text, value))}]"
    if isinstance(value, float):
        return _number(value)
    text = value.isoformat() if isinstance(value, date) else value
    return json.dumps(text, default=str, ensure_ascii=False)


def _key(key: Any) -> str:
    return json_text(key) if isinstance(key, str) else f'"{json_text(key)}"'


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "null"
    if 1e-5 <= abs(value) < 1e-4:
        return format(Decimal(repr(value)), "f")
    return re.sub(r"e-0", "e-", repr(value))
