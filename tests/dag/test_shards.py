from hypothesis import given
from hypothesis import strategies as st

from polyaxon_airflow.dag.shards import LIMIT, stub_text, stubs_for

NAMES = st.lists(
    st.builds("{}{}.yaml".format, st.sampled_from(["", "a/", "a/b/"]), st.integers(0, 500)),
    unique=True,
    max_size=300,
)


@given(NAMES, st.data())
def test_every_file_sits_in_exactly_one_stub_and_the_lonely_ones_alone(files, data):
    alone = data.draw(st.sets(st.sampled_from(files))) if files else set()
    stubs = stubs_for(files, alone)
    assert sorted(file for members in stubs.values() for file in members) == sorted(files)
    assert all(stubs[f"{file}.py"] == [file] for file in alone)


def test_a_folder_of_many_files_is_spread():
    stubs = stubs_for(f"{i}.yaml" for i in range(1000))
    assert len(stubs) == 1000 // LIMIT
    assert max(len(members) for members in stubs.values()) < 2 * LIMIT


@given(NAMES, st.integers(501, 600))
def test_a_new_file_moves_no_other_while_its_folder_has_room(files, new):
    files = files[: LIMIT - 1]
    before, after = stubs_for(files), stubs_for([*files, f"{new}.yaml"])
    assert all(set(before[stub]) <= set(after[stub]) for stub in before)


def test_a_stub_passes_airflows_safe_mode_and_is_python():
    text = stub_text(["it's.yaml"], "/dags", "polyaxon")
    assert "airflow" in text
    assert "dag" in text
    compile(text, "stub.py", "exec")
