import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_examples_of_the_page_run(tmp_path):
    page = (DOCS / "store.md").read_text().replace("/tmp/polyaxon.db", f"{tmp_path}/polyaxon.db")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 2
    exec("\n".join(blocks), {})
