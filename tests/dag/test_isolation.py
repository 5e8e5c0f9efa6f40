from polyaxon_airflow.dag.isolation import Isolation


def test_a_noted_file_is_alone_until_it_changes(tmp_path):
    notes, file, other = Isolation(tmp_path / "notes"), tmp_path / "a.yaml", tmp_path / "b.yaml"
    file.write_text("x")
    other.write_text("x")
    notes.note(file)
    assert notes.alone([file, other]) == {file}
    file.write_text("changed")
    assert notes.alone([file, other]) == set()
    assert not list((tmp_path / "notes").iterdir())


def test_a_file_that_has_loaded_is_not_alone(tmp_path):
    notes, file = Isolation(tmp_path / "notes"), tmp_path / "a.yaml"
    file.write_text("x")
    notes.note(file)
    notes.forget(file)
    assert notes.alone([file]) == set()


def test_a_file_that_is_gone_is_forgotten(tmp_path):
    notes, file = Isolation(tmp_path / "notes"), tmp_path / "a.yaml"
    file.write_text("x")
    notes.note(file)
    file.unlink()
    assert notes.alone([]) == set()
    assert not list((tmp_path / "notes").iterdir())
