"""`pathRef`, `urlRef` and `hubRef`: where they lead, and where they may not (spec section 1.6)."""

import hashlib
import json
from pathlib import Path

import pytest

from polyaxon_airflow.errors import PolyaxonfileError
from polyaxon_airflow.polyaxonfile import fetching
from polyaxon_airflow.polyaxonfile.reading import read

PART = "kind: component\nname: part\nrun: {kind: job, container: {image: a}}\n"


def write(root, **files):
    for name, text in files.items():
        path = root / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def faults(root, name):
    with pytest.raises(PolyaxonfileError) as caught:
        read(root / f"{name}.yaml", root=root)
    return str(caught.value).replace(f"{root}/", "")


@pytest.fixture
def dags(tmp_path):
    root = tmp_path / "dags"
    write(root, part=PART, deep__op="kind: operation\npathRef: ../part.yaml\n")
    return root


def test_a_path_starts_at_the_file_that_says_it(dags):
    assert read(dags / "deep" / "op.yaml", root=dags).operation.component.name == "part"


def test_references_are_followed_from_file_to_file(dags):
    write(dags, op="kind: operation\npathRef: deep/op.yaml\n")
    assert read(dags / "op.yaml", root=dags).operation.component.component.name == "part"


def test_references_inside_of_a_dag_are_followed(dags):
    write(dags, op="kind: component\nrun: {kind: dag, operations: [{name: a, pathRef: part.yaml}]}\n")
    [node] = read(dags / "op.yaml", root=dags).operation.component.run.operations
    assert node.component.name == "part"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "kind: operation\npathRef: ../outside.yaml\n",
            "op.yaml:2:10: pathRef '../outside.yaml' leaves the dags folder. Move the component into the dags folder.",
            id="above the dags folder",
        ),
        pytest.param(
            "kind: operation\npathRef: /etc/hostname\n",
            "op.yaml:2:10: pathRef '/etc/hostname' leaves the dags folder. Move the component into the dags folder.",
            id="an absolute path",
        ),
        pytest.param(
            "kind: operation\npathRef: link.yaml\n",
            "op.yaml:2:10: pathRef 'link.yaml' leaves the dags folder. Move the component into the dags folder.",
            id="a link that leads out",
        ),
        pytest.param(
            "kind: operation\npathRef: ./prt.yaml\n",
            "op.yaml:2:10: pathRef './prt.yaml' is no file. Did you mean 'part.yaml'?",
            id="no file",
        ),
        pytest.param(
            "kind: operation\npathRef: ./deep\n",
            "op.yaml:2:10: pathRef './deep' is no file",
            id="a folder",
        ),
        pytest.param(
            "kind: operation\npathRef: ./op.yaml\n",
            "op.yaml:2:10: references go in a circle: ",
            id="a circle",
        ),
        pytest.param(
            "kind: operation\npathRef: bad.yaml\n",
            "bad.yaml:2:1: unknown key 'rum' in the file. Did you mean 'run'?",
            id="a fault in the file that it leads to",
        ),
        pytest.param(
            "kind: operation\nhubRef: kaniko\n",
            "op.yaml:2:9: hubRef kaniko has not been fetched. Run 'polyaxon-airflow fetch'.",
            id="what has not been fetched",
        ),
    ],
)
def test_references_that_lead_nowhere(dags, text, expected):
    (dags.parent / "outside.yaml").write_text(PART)
    (dags / "link.yaml").symlink_to(dags.parent / "outside.yaml")
    write(dags, op=text, bad="kind: component\nrum: {kind: job}\n")
    assert faults(dags, "op").startswith(expected)


class Web:
    """What urls hold; remembers what it was asked."""

    def __init__(self, **pages):
        self.pages = {f"https://example.com/{name}.yaml": text for name, text in pages.items()}
        self.asked = []

    def __call__(self, url):
        self.asked.append(url)
        if url not in self.pages:
            raise OSError("404")
        return self.pages[url].encode()


def fetch(root, web, **options):
    files = sorted(root.glob("*.yaml"))
    return fetching.fetch(root, files, web, hub="https://example.com", **options)


def test_what_is_fetched_is_found_when_a_file_is_read(dags):
    write(dags, op="kind: operation\nurlRef: https://example.com/part.yaml\n")
    [fetched] = fetch(dags, Web(part=PART), allowed=["https://example.com/*"])
    assert fetched.reference == "urlRef https://example.com/part.yaml"
    assert read(dags / "op.yaml", root=dags).operation.component.name == "part"


def test_components_of_the_hub_may_refer_to_others(dags):
    write(dags, op="kind: operation\nhubRef: outer:1.0\n")
    web = Web(**{"outer/1.0": "kind: operation\nhubRef: inner\n", "inner/latest": PART})
    fetch(dags, web, allowed=["hub:*"])
    assert read(dags / "op.yaml", root=dags).operation.component.component.name == "part"


def test_nothing_is_fetched_twice_unless_asked_for(dags):
    write(dags, op="kind: operation\nurlRef: https://example.com/part.yaml\n")
    web = Web(part=PART)
    fetch(dags, web, allowed=["*"])
    assert fetch(dags, web, allowed=["*"]) == []
    assert [fetched.is_new for fetched in fetch(dags, web, allowed=["*"], update=True)] == [False]
    assert len(web.asked) == 2


def test_only_what_is_allowed_is_fetched(dags):
    write(dags, op="kind: operation\nurlRef: https://example.com/part.yaml\n")
    web = Web(part=PART)
    with pytest.raises(PolyaxonfileError) as caught:
        fetch(dags, web, allowed=["https://example.org/*"])
    assert str(caught.value) == (
        "urlRef https://example.com/part.yaml is not allowed. Add 'https://example.com/part.yaml', or a pattern such as "
        "'https://example.com/*', to components/allowed.txt."
    )
    assert web.asked == []


def test_the_list_of_what_is_allowed_stands_beside_the_components(dags):
    write(dags, op="kind: operation\nhubRef: part\n")
    (dags / "components").mkdir()
    (dags / "components" / "allowed.txt").write_text("# ours\nhub:part*\n")
    assert len(fetch(dags, Web(**{"part/latest": PART}))) == 1


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        pytest.param(None, "cannot be fetched from https://example.com/part.yaml: 404", id="not there"),
        pytest.param("kind: component\nrum: 1\n", "unknown key 'rum'", id="no component"),
        pytest.param("a: [", "not valid YAML", id="no YAML"),
        pytest.param("x" * 2_000_000, "more than 1,048,576 bytes", id="too much"),
    ],
)
def test_what_cannot_be_used_is_not_kept(dags, page, sentence):
    write(dags, op="kind: operation\nurlRef: https://example.com/part.yaml\n")
    with pytest.raises(PolyaxonfileError, match=sentence):
        fetch(dags, Web(**({"part": page} if page else {})), allowed=["*"])
    assert not (dags / "components").exists()


def test_a_component_that_is_not_what_was_fetched_is_refused(dags):
    write(dags, op="kind: operation\nurlRef: https://example.com/part.yaml\n")
    [fetched] = fetch(dags, Web(part=PART), allowed=["*"])
    (dags / "components" / fetched.file).write_text(PART.replace("image: a", "image: evil"))
    assert "is not what was fetched. Run 'polyaxon-airflow fetch' again." in faults(dags, "op")


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"file": "../../outside.yaml"}, id="a file outside of the folder"),
        pytest.param({"file": "missing.yaml"}, id="a file that is gone"),
    ],
)
def test_a_lock_file_leads_to_its_own_folder_only(dags, entry):
    write(dags, op="kind: operation\nhubRef: part\n")
    (dags.parent / "outside.yaml").write_text(PART)
    locked = {"sha256": hashlib.sha256(PART.encode()).hexdigest(), **entry}
    (dags / "components").mkdir()
    (dags / "components" / "components.lock.json").write_text(json.dumps({"hubRef part": locked}))
    assert f"hubRef part has no file '{entry['file']}'" in faults(dags, "op")


def test_a_text_has_no_files():
    with pytest.raises(PolyaxonfileError, match=r"pathRef '\./part\.yaml' needs a file to start from"):
        read("kind: operation\npathRef: ./part.yaml\n", root=Path.cwd())
