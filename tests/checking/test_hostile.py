"""Files that mean harm: each ends in a clear error, soon and in little memory, in a process of its own."""

import json
import subprocess
import sys

import pytest

SECONDS = 1.0  # of CPU, for reading and checking
MEGABYTES = 200  # of memory, Python and the package included

# A process that checks one file and says what it found, and what that took.
CHECK = """
import json, re, sys, time
from pathlib import Path
from polyaxon_airflow.checking import check_file
path = Path(sys.argv[1])
started = time.process_time()
result = check_file(path, root=path.parent)
print(json.dumps({
    "faults": [str(fault) for fault in result.faults],
    "valid": result.is_valid,
    "seconds": time.process_time() - started,
    # Not ru_maxrss: that of a process starts with the size of the one that started it.
    "megabytes": int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024,
}))
"""

ALIASES = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{','.join([f'*{chr(97 + level)}'] * 10)}]\n"
    for level in range(9)
)
QUADRATIC = "a: &a " + "x" * 100_000 + "\nb: [" + ",".join(["*a"] * 9_000) + "]\n"
MERGES = "a: &a {k: 1}\n" + "".join(
    f"a{i}: &a{i} {{<<: [*a{'' if i == 0 else i - 1}, *a{'' if i == 0 else i - 1}]}}\n" for i in range(60)
)


def operations(count, **fields):
    """A dag of many operations; a field may use `{i}` and `{j}`, the number of the operation and of the one before."""
    lines = ["kind: component", "run:", "  kind: dag", "  operations:"]
    for i in range(count):
        extra = "".join(f", {key}: {value.format(i=i, j=i - 1)}" for key, value in fields.items() if i)
        lines.append(f"  - {{name: o{i}, run: {{kind: job}}{extra}}}")
    return "\n".join(lines) + "\n"


HOSTILE = [
    pytest.param(ALIASES, "more than 100,000 values", id="a bomb of aliases"),
    pytest.param(QUADRATIC, "unknown key", id="a long text behind many aliases"),
    pytest.param(MERGES, "more than 100,000 values", id="a bomb of merge keys"),
    pytest.param("a: &a [*a]\n", "nested deeper than 100", id="an alias of itself"),
    pytest.param("kind: component\nname: " + "x" * 10_000_000, "1,048,576", id="a scalar of 10 MB"),
    pytest.param("kind: component\ndescription: " + "x" * 1_000_000, "nothing to run", id="a scalar of 1 MB"),
    pytest.param("[" * 10_000 + "]" * 10_000, "nest", id="lists 10,000 deep"),
    pytest.param("{a: " * 10_000 + "1" + "}" * 10_000, "nest", id="mappings 10,000 deep"),
    pytest.param("- " * 10_000 + "x", "nest", id="block lists 10,000 deep"),
    pytest.param(
        "kind: component\nparams: {x: " + "[" * 900 + "]" * 900 + "}\n",
        "nested deeper",
        id="a param 900 deep",
    ),
    pytest.param("kind: compo\0nent\n", "'\\x00' is not allowed", id="NUL bytes"),
    pytest.param(
        b"kind: component\nname: \xff\xfe\n", "2:7: not UTF-8 text: byte 0xff", id="bytes that are no UTF-8"
    ),
    pytest.param("kind: component".encode("utf-16"), "not UTF-8 text", id="UTF-16"),
    pytest.param(
        "kind: !!python/object/apply:os.system ['true']\n",
        "'!!python/object/apply:os.system' is not allowed",
        id="a tag that runs code",
    ),
    pytest.param("kind: !!python/name:os.system\n", "is not allowed", id="a tag that names code"),
    pytest.param("kind: !!set {a, b}\n", "'!!set' is not allowed", id="a tag for a set"),
    pytest.param(
        "tags: [" + "1," * 9_900 + "1]\nrun: {kind: job}\n", "must be text", id="a fault in every item"
    ),
    pytest.param(
        "".join(f"k{i}: 1\n" for i in range(9_900)), "unknown key 'k0'", id="thousands of unknown keys"
    ),
    pytest.param("tags: [" + "1," * 400_000 + "1]\n", "more than 100,000 values", id="half a million values"),
    pytest.param(
        "version: " + "9" * 100_000 + "\n", "looks like a int but is none", id="a number of 100,000 digits"
    ),
    pytest.param("version: 1e400\nrun: {kind: job}\nrum: 1\n", "unknown key 'rum'", id="a number beyond all"),
    pytest.param("kind: component\n? " + "k" * 500_000 + "\n: 1\n", "unknown key 'kkk", id="a key of 500 kB"),
    pytest.param(
        'kind: component\nname: "{{' + " " * 500_000 + '"\n', "use letters", id="braces that never close"
    ),
    pytest.param(
        'kind: component\nname: "' + "{{ " * 150_000 + '"\n', "use letters", id="braces over braces"
    ),
    pytest.param(
        operations(1_000, dependencies="[p{i}]"), "no operation of the dag", id="a thousand dangling names"
    ),
    pytest.param(
        operations(1_000, dependencies="[o{j}, o{i}]"), "wait for one another", id="a thousand circles"
    ),
    pytest.param(
        "pathRef: ../../../../etc/passwd\n", "leaves the dags folder", id="a path out of the folder"
    ),
    pytest.param("pathRef: /etc/passwd\n", "leaves the dags folder", id="an absolute path"),
    pytest.param(
        "presets: ['../../etc/passwd']\npathRef: x\n", "is no file", id="a preset out of its folder"
    ),
    pytest.param(
        "run: {kind: job, container: {image: \"{{ ''.__class__.__mro__ }}\", args: ['{% macro m() %}{% endmacro %}']}}\nrum: 1\n",
        "'macro' cannot stand in a template",
        id="templates that look for a way out",
    ),
    pytest.param(
        "inputs: [{name: x, type: str, value: '" + "a" * 5_000 + "!', validation: {regex: '(a+)+$'}}]\n",
        "must match (a+)+$",
        id="a slow regex",
    ),
    pytest.param(
        "inputs: [{name: x, type: str, value: " + "a" * 40 + ", validation: {regex: '(?=a)(a+)+b'}}]\n",
        "it repeats what repeats",
        id="a slow regex behind a lookahead",
    ),
    pytest.param(
        'inputs: [{name: x, type: \'__import__("os").system("true")\', value: 1}]\n',
        "is no type",
        id="code for a type",
    ),
    pytest.param(
        "inputs: [{name: x, type: '" + "List[" * 200 + "int" + "]" * 200 + "', value: 1}]\n",
        "is no type",
        id="a type 200 deep",
    ),
]


@pytest.mark.parametrize(("content", "sentence"), HOSTILE)
def test_a_hostile_file_is_a_clear_error_soon_and_small(tmp_path, content, sentence):
    path = tmp_path / "hostile.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    outcome = checked(path)
    assert not outcome["valid"]
    assert any(sentence in fault for fault in outcome["faults"]), outcome["faults"][:3]
    assert outcome["seconds"] < SECONDS
    assert outcome["megabytes"] < MEGABYTES
    assert max(map(len, outcome["faults"])) < 2_500


def checked(path):
    """What the check of a file comes to; again if it took long, since the machine may be busy with something else."""
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", CHECK, str(path)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stderr == ""
        outcome = json.loads(done.stdout)
        if outcome["seconds"] < SECONDS:
            break
    return outcome
