"""Components in a dags folder, as `polyaxon-airflow fetch` puts them there."""

import hashlib
import json
import textwrap


def put(root, name, text):
    """A component that `hubRef: NAME` finds from now on."""
    folder = root / "components"
    folder.mkdir(exist_ok=True)
    content = textwrap.dedent(text).encode()
    (folder / f"{name}.yaml").write_bytes(content)
    lock = folder / "components.lock.json"
    known = json.loads(lock.read_text()) if lock.exists() else {}
    entry = {"file": f"{name}.yaml", "sha256": hashlib.sha256(content).hexdigest()}
    lock.write_text(json.dumps({**known, f"hubRef {name}": entry}))
