"""What fuzzing runs, and what must hold of it: faults with places, no other error, no end to neither time nor memory."""

import json
import time

from polyaxon_airflow.checking import check_text
from polyaxon_airflow.compiler import CompiledOperation, RunContext, compile_operation, resolve
from polyaxon_airflow.compiler.sandbox import MAX_TEXT, check_template, names_in, render_text
from polyaxon_airflow.errors import CompilationError, FaultsError
from polyaxon_airflow.polyaxonfile.reading import read

SECONDS = 5.0  # for one input; the usual one takes a millisecond

GLOBALS = {
    "uuid": "8aac02e3",
    "name": "run",
    "iteration": 1,
    "run_outputs_path": "/plx-context/artifacts/8aac02e3/outputs",
}
CONTEXT = RunContext(globals=GLOBALS, connections={"data": {"bucket": "s3://data"}})

VALUES = {
    "lr": 0.1,
    "name": "train",
    "layers": [64, 32],
    "tags": {"a": 1, "items": [1, {"b": None}]},
    "flag": True,
    "empty": "",
    "text": "word " * 200,
    "globals": GLOBALS,
    "params": {"lr": {"value": 0.1, "as_arg": "--lr=0.1"}, "as_args": ["--lr=0.1"]},
}


def read_file(text):
    """Reads, checks, compiles and resolves a text as a polyaxonfile."""
    started = time.process_time()
    result = check_text(text, "fuzz.yaml")
    assert all(fault.message and fault.file == "fuzz.yaml" for fault in result.faults), result.faults
    assert all(fault.line is None or fault.line >= 1 for fault in result.faults)
    [str(fault) + fault.with_code() for fault in result.faults]
    if result.is_valid:
        run_file(text)
    assert time.process_time() - started < SECONDS


def run_file(text):
    """A valid text compiles, keeps its form through JSON, and resolves or says why not."""
    try:
        compiled = compile_operation(read(text).operation)
    except FaultsError:
        return  # a preset, which is checked as one
    data = compiled.to_dict()
    assert CompiledOperation.from_dict(json.loads(json.dumps(data))).to_dict() == data
    try:
        resolve(compiled, CONTEXT)
    except CompilationError:
        return


def render(text):
    """Renders a text as a template."""
    started = time.process_time()
    try:
        check_template(text)
        names_in(text)
        rendered = render_text(text, VALUES)
    except CompilationError:
        rendered = ""
    assert len(rendered) <= 2 * MAX_TEXT + len(text)
    assert "<class" not in rendered or "<class" in text or "dict" in text
    assert time.process_time() - started < SECONDS
