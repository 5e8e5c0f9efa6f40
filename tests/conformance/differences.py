"""Where we differ from the official package on purpose: which row of docs/differences.md explains a disagreement.

Each function looks at one disagreement and gives the name of its row, or None; a disagreement without a row fails its
test, also in a part of the corpus that was not there when this was written.
"""

import json
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "differences.md"


def documented():
    """The names of the rows of the page."""
    return set(re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.read_text(), flags=re.MULTILINE))


def of_verdict(faults):
    """Why we refuse a file that the official package accepts."""
    if all(fault.rule == "too-deep" for fault in faults):
        return "recursive-alias"
    if all(fault.path.count("operations") > 1 for fault in faults):
        return "inner-dags"
    if all(fault.rule == "event" for fault in faults):
        return "event-refs"
    if any("compiled_operation" in fault.message for fault in faults):
        return "compiled-operation"
    return None


def of_acceptance(error):
    """Why we accept a file that the official package refuses, with this error."""
    crashes = "'items'|'get'|can only concatenate|unhashable type|list indices|item assignment|left operand"
    return "merge-shapes" if re.search(crashes, error["message"]) else None


def of_normalised(text):
    """Why a file is read as something else."""
    if "!!binary" in text:
        return "binary"
    if re.search(r"init: *\[\]", text):
        return "empty-init"
    return "empty-params" if re.search(r"(params|workers): *\{\}", text) else None


def of_merge(case):
    """Why documents merge to something else."""
    documents = json.dumps([case["base"], *case["presets"]])
    if case["how"] == "apply_preset" and "cost" in documents:
        return "preset-cost"
    if "has no attribute 'kind'" in str(case["expected"]["error"]):
        return "mount-merge"
    return None


def of_compiled(case, text):
    """Why an operation compiles or resolves to something else."""
    if "!!binary" in text:
        return "binary"
    if "'delay_validation'" in json.dumps(case.get("error")):
        return "delay-validation"
    if "Dict key must be str" in json.dumps(case.get("error")):
        return "number-keys"
    if _declares_twice(case.get("compiled") or {}):
        return "declared-twice"
    if re.search(r"(labels|annotations|nodeSelector):\s*\{?[^}]*?[\"']?([\d.]+\b|None\b|\{\{)", text):
        return "label-numbers"
    if "..." in text:
        return "ellipsis"
    kind = ((case.get("compiled") or {}).get("run") or {}).get("kind")
    if kind in ("raycluster", "daskcluster"):
        return "whole-run"
    if "params.as_args" in text:
        return "as-args"
    return None


def of_params(case):
    """Why a param is taken otherwise."""
    if "Repeated parameter" in str(case["expected"].get("error")):
        return "repeated-param"
    if "timedelta" in case["polyaxonfile"] and (case.get("kwargs") or {}).get("params") == {"x": 0}:
        return "zero-timedelta"
    return None


def _declares_twice(compiled):
    names = [io["name"] for section in ("inputs", "outputs") for io in compiled.get(section) or []]
    return len(set(names)) < len(names)
