"""The YAML that a page of the documentation shows, by the file name in its first line, or by its number."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def examples(page):
    """`{"train.yaml": text, 2: text, ...}`: the fenced YAML blocks of docs/`page`, in order."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", (DOCS / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    return {_name(text) or number: text for number, text in enumerate(blocks)}


def _name(text):
    found = re.match(r"# (\S+\.yaml)\b", text)
    return found[1] if found else None
