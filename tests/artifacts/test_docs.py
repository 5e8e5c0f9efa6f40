"""docs/artifacts.md: its polyaxonfile puts its file in place, and its param its artifacts of another run."""

import json

from polyaxon_airflow.compiler import RunContext, compile_operation, resolve
from polyaxon_airflow.polyaxonfile import read_operation
from tests.documents import examples
from tests.execution.flow import World

INIT, PARAMS = examples("artifacts.md").values()
FLOW = """
kind: component
run:
  kind: dag
  operations:
  - name: train
    component:
      run:
        kind: job
        container:
          image: python
          command: [sh, -c, 'mkdir -p "$1" && echo trained > "$1/model.json"', "-", "{{{{ globals.run_outputs_path }}}}"]
  - name: serve
    component:
      inputs: [{{name: model, type: artifacts}}]
      run: {{kind: job, container: {{image: python, command: ["true"]}}}}
{params}
"""


def test_the_file_of_init_writes_what_the_page_says(tmp_path):
    (entry, _, _) = resolve(compile_operation(read_operation(INIT)), context(tmp_path)).run.init
    assert entry.file.filename == "train.py"
    exec(compile(entry.file.content, "train.py", "exec"), {})
    assert json.loads((tmp_path / "model.json").read_text()) == {"weights": [1, 2]}


def test_the_param_waits_for_the_other_operation_and_asks_for_its_artifacts(tmp_path):
    world = World(tmp_path)
    flow = FLOW.format(params="".join(f"    {line}\n" for line in PARAMS.splitlines()))
    assert world.plan(flow).node("serve").upstream == ("train",)
    world.close()


def context(folder):
    return RunContext(globals={"run_outputs_path": str(folder), "artifacts_path": str(folder)})
