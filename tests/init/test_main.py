import subprocess
import sys
import time

import pytest

from tests.init.steps import ROOT, step


def test_an_unknown_kind_is_told_the_known_ones():
    done = step("svn", {})
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith("unknown kind of init step 'svn'; known: ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["file", "{"], "file: the options are no JSON: ", id="no JSON"),
        pytest.param(["file", "[]"], "file: the options must be a JSON object", id="no object"),
        pytest.param([], "unknown kind of init step ''; known: ", id="nothing at all"),
    ],
)
def test_options_that_are_none_are_refused(arguments, sentence):
    command = [sys.executable, "-m", "polyaxon_airflow.init", *arguments]
    done = subprocess.run(command, env={"PYTHONPATH": ROOT}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_a_step_imports_the_standard_library_and_its_own_modules_only(tmp_path):
    """So that it runs in an image that has this package and nothing that it depends on."""
    code = (
        "from polyaxon_airflow.init.__main__ import main; import polyaxon_airflow.init.git, sys;"
        f'code = main([\'file\', \'{{"to": "{tmp_path}", "content": "x"}}\']);'
        "print(code, sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({ROOT!r}); {code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0 ['__main__', 'polyaxon_airflow']"


def test_a_step_starts_fast(tmp_path):
    started = time.monotonic()
    assert step("file", {"to": str(tmp_path), "content": "x"}).returncode == 0
    assert time.monotonic() - started < 2  # 0.15 s on an idle machine; the rest is patience with a busy one
