"""What DAGs are called, and what happens when two polyaxonfiles want one id, as Airflow's own DagBag sees it."""

import pytest
from airflow.dag_processing.dagbag import DagBag

from polyaxon_airflow.dag.bundle import PolyaxonDagBundle
from polyaxon_airflow.dag.load import Loader

JOB = "run: {kind: job, container: {image: busybox}}\n"


class Dags:
    """A dags folder, and what Airflow makes of it."""

    def __init__(self, folder, name):
        self.folder = folder
        self.bundle = PolyaxonDagBundle(name=name, path=str(folder))

    def write(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def parse(self):
        """The ids of the DAGs, each with the file it is from, and the import errors."""
        self._parsed()  # a file that does not load is alone from the next refresh on, and shows its error then
        bag = self._parsed()
        found = {dag.dag_id: dag.fileloc.removeprefix(f"{self.folder}/") for dag in bag.dags.values()}
        return found, {
            file.removeprefix(f"{self.bundle.path}/"): text.replace(f"{self.folder}/", "")
            for file, text in bag.import_errors.items()
        }

    def _parsed(self):
        self.bundle.refresh()
        return DagBag(dag_folder=self.bundle.path, bundle_path=self.bundle.path, bundle_name=self.bundle.name)


@pytest.fixture
def dags(tmp_path, request):
    (tmp_path / "dags").mkdir()
    return Dags(tmp_path / "dags", f"ids-{abs(hash(request.node.nodeid))}")


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        pytest.param("a.yaml", "name: train\n" + JOB, "train", id="the name of a file without kind"),
        pytest.param("a.yaml", "kind: component\nname: train\n" + JOB, "train", id="the name of a component"),
        pytest.param(
            "a.yaml",
            "kind: operation\nname: o\ncomponent: {name: c, run: {kind: job, container: {image: a}}}\n",
            "o",
            id="the name of an operation before that of its component",
        ),
        pytest.param(
            "a.yaml",
            "kind: operation\ncomponent: {name: c, run: {kind: job, container: {image: a}}}\n",
            "c",
            id="the name of the component of an operation without one",
        ),
        pytest.param("train.yaml", JOB, "train", id="the name of the file"),
        pytest.param("teams/nlp/train.yaml", JOB, "teams-nlp-train", id="its folders as well"),
        pytest.param("a b/über.v1.2.yaml", JOB, "a-b--ber-v1-2", id="no dots, blanks or accents"),
        pytest.param("a.yaml", "name: '{{ globals.uuid }}'\n" + JOB, "a", id="no template"),
    ],
)
def test_the_id_of_a_dag(dags, file, text, expected):
    dags.write(file, text)
    assert dags.parse() == ({expected: file}, {})


def test_the_name_of_a_component_elsewhere_is_not_that_of_the_file(dags):
    dags.write("base.yaml", "kind: component\nname: base\n" + JOB)
    dags.write("mine.yaml", "kind: operation\npathRef: ./base.yaml\n")
    assert dags.parse() == ({"base": "base.yaml", "mine": "mine.yaml"}, {})


def test_the_second_file_with_an_id_says_so_and_the_first_keeps_it(dags):
    dags.write("z.yaml", "name: train\n" + JOB)
    dags.parse()
    dags.write("deep/a.yaml", "kind: component\nname: train\n" + JOB)
    found, errors = dags.parse()
    assert found == {"train": "z.yaml"}
    assert list(errors) == ["deep/a.yaml.py"]
    assert "PolyaxonfileError: deep/a.yaml:2:7: z.yaml is the DAG 'train' already" in errors["deep/a.yaml.py"]
    assert "Give one of them another name." in errors["deep/a.yaml.py"]


def test_a_name_that_is_the_place_of_another_file(dags):
    dags.write("nlp/train.yaml", JOB)
    dags.parse()
    dags.write("b.yaml", "name: nlp-train\n" + JOB)
    found, errors = dags.parse()
    assert found == {"nlp-train": "nlp/train.yaml"}
    assert "b.yaml:1:7: nlp/train.yaml is the DAG 'nlp-train' already" in errors["b.yaml.py"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda folder: (folder / "a.yaml").unlink(), id="the first is gone"),
        pytest.param(
            lambda folder: (folder / "a.yaml").write_text("name: other\n" + JOB), id="the first is renamed"
        ),
        pytest.param(
            lambda folder: (folder / "a.yaml").write_text("replicas: 2\n"),
            id="the first is no polyaxonfile now",
        ),
        pytest.param(
            lambda folder: (folder / ".airflowignore").write_text("a.yaml\n"), id="the first is ignored"
        ),
    ],
)
def test_an_id_is_free_again(dags, change):
    dags.write("a.yaml", "name: train\n" + JOB)
    dags.write("b.yaml", "name: train\n" + JOB)
    assert dags.parse()[0] == {"train": "a.yaml"}
    change(dags.folder)
    found, errors = dags.parse()
    assert (found["train"], errors) == ("b.yaml", {})


def test_a_file_that_gets_another_name_of_the_same_length_and_keeps_its_time(dags):
    dags.write("a.yaml", JOB)
    assert dags.parse() == ({"a": "a.yaml"}, {})
    (dags.folder / "a.yaml").rename(dags.folder / "b.yaml")
    assert dags.parse() == ({"b": "b.yaml"}, {})


def test_a_file_that_is_broken_for_a_while_keeps_its_id(dags):
    dags.write("a.yaml", "name: train\n" + JOB)
    dags.parse()
    dags.write("a.yaml", "name: train\n" + JOB + "rum: 1\n")
    dags.write("b.yaml", "name: train\n" + JOB)
    found, errors = dags.parse()
    assert found == {}
    assert "a.yaml is the DAG 'train' already" in errors["b.yaml.py"]
    dags.write("a.yaml", "name: train\n" + JOB)
    assert dags.parse()[0] == {"train": "a.yaml"}


def test_a_worker_that_was_told_of_another_stub_finds_the_file_all_the_same(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\n{JOB}")
    loader = Loader(tmp_path, tmp_path / "state")
    loader.shard(["one.yaml", "two.yaml"])
    assert list(loader.one("two", ["one.yaml"])) == ["two"]
