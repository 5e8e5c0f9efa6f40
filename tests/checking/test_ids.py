"""Two files of a folder that would become one DAG."""

import pytest

from polyaxon_airflow.checking import check

JOB = "run: {kind: job, container: {image: busybox}}\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"a.yaml": "name: train\n" + JOB, "b.yaml": "kind: component\nname: train\n" + JOB},
            ["b.yaml:2:7: a.yaml is the DAG 'train' already. Give one of them another name."],
            id="the same name",
        ),
        pytest.param(
            {"a.yaml": "kind: component\nname: a\n" + JOB, "b.yaml": "kind: operation\npathRef: ./a.yaml\n"},
            [],
            id="a reference to a component with a name is another DAG",
        ),
        pytest.param(
            {"a.yaml": "name: nlp-train\n" + JOB, "nlp/train.yaml": JOB},
            ["nlp/train.yaml:1:1: a.yaml is the DAG 'nlp-train' already. Give one of them another name."],
            id="a name that is the place of another file",
        ),
        pytest.param(
            {"a.yaml": "name: train\nrum: 1\n" + JOB, "b.yaml": "name: train\n" + JOB},
            [
                "a.yaml:2:1: unknown key 'rum' in the file. Did you mean 'run'?",
                "b.yaml:1:7: a.yaml is the DAG 'train' already. Give one of them another name.",
            ],
            id="beside another fault",
        ),
        pytest.param(
            {"presets/train.yaml": "isPreset: true\nname: train\n", "a.yaml": "name: train\n" + JOB},
            [],
            id="a preset is no DAG",
        ),
    ],
)
def test_two_files_of_a_folder_with_one_id(tmp_path, files, expected):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = [str(fault) for result in check([tmp_path]) for fault in result.faults]
    assert [fault.replace(f"{tmp_path}/", "") for fault in found] == expected
