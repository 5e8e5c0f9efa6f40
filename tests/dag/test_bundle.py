import os

import pytest

from polyaxon_airflow.dag.bundle import PolyaxonDagBundle
from polyaxon_airflow.dag.isolation import Isolation

FILE = "kind: component\nname: x\nrun: {kind: job, container: {image: busybox}}\n"


@pytest.fixture
def dags(tmp_path):
    folder = tmp_path / "dags"
    (folder / "deep").mkdir(parents=True)
    for name in ("a.yaml", "b.yaml", "deep/c.yaml"):
        (folder / name).write_text(FILE)
    (folder / "deep" / "values.yaml").write_text("replicas: 2\n")
    return folder


@pytest.fixture
def bundle(dags, request):
    return PolyaxonDagBundle(name=f"b{abs(hash(request.node.name))}", path=str(dags))


def stubs(bundle):
    return {str(stub.relative_to(bundle.path)): stub for stub in sorted(bundle.path.rglob("*.py"))}


def test_a_stub_for_each_folder_names_its_polyaxonfiles(bundle):
    bundle.initialize()
    found = stubs(bundle)
    assert list(found) == ["deep/polyaxonfiles_0.py", "polyaxonfiles_0.py"]
    assert "'a.yaml'" in found["polyaxonfiles_0.py"].read_text()
    assert "values.yaml" not in found["deep/polyaxonfiles_0.py"].read_text()


def test_a_stub_is_as_young_as_its_youngest_polyaxonfile(bundle, dags):
    os.utime(dags / "a.yaml", (5000, 5000))
    os.utime(dags / "b.yaml", (9000, 9000))
    bundle.refresh()
    assert stubs(bundle)["polyaxonfiles_0.py"].stat().st_mtime == 9000


def test_a_removed_folder_takes_its_stub_away(bundle, dags):
    bundle.refresh()
    (dags / "deep" / "c.yaml").unlink()
    bundle.refresh()
    assert list(stubs(bundle)) == ["polyaxonfiles_0.py"]


def test_airflowignore_is_honoured(bundle, dags):
    (dags / ".airflowignore").write_text("deep/\n")
    bundle.refresh()
    assert list(stubs(bundle)) == ["polyaxonfiles_0.py"]


def test_a_file_that_must_be_alone_gets_a_stub_of_its_own(bundle, dags):
    bundle.refresh()
    Isolation(bundle.base_dir / "state" / "alone").note(dags / "b.yaml")
    bundle.refresh()
    assert list(stubs(bundle)) == ["b.yaml.py", "deep/polyaxonfiles_0.py", "polyaxonfiles_0.py"]
    assert "'b.yaml'" not in stubs(bundle)["polyaxonfiles_0.py"].read_text()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda dags: None, False, id="nothing happened"),
        pytest.param(lambda dags: (dags / "new.yaml").write_text(FILE), True, id="a new file"),
        pytest.param(lambda dags: (dags / "deep" / "c.yaml").unlink(), True, id="a file gone"),
        pytest.param(lambda dags: (dags / ".airflowignore").write_text("x"), True, id="a new ignore file"),
        pytest.param(lambda dags: (dags / "a.yaml").write_text(FILE + "\n"), False, id="an edit in place"),
    ],
)
def test_a_worker_looks_again_only_when_files_came_or_went(bundle, dags, change, expected):
    bundle.initialize()
    marker = bundle.path / "marker.py"  # a refresh removes what is no stub
    marker.touch()
    change(dags)
    bundle.initialize()
    assert marker.exists() != expected


def test_a_dags_folder_that_does_not_exist_yet_is_empty(tmp_path):
    bundle = PolyaxonDagBundle(name="nowhere", path=str(tmp_path / "none"))
    bundle.initialize()
    assert not bundle.path.exists() or not list(bundle.path.rglob("*.py"))
