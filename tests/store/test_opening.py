import multiprocessing
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy

from polyaxon_airflow.errors import StoreError
from polyaxon_airflow.store import Point, is_single_machine, open_store
from polyaxon_airflow.store.database import PING_AFTER
from polyaxon_airflow.store.migrate import HEAD
from polyaxon_airflow.store.schema import metadata
from tests.store.samples import NOON, run, uuid


def test_a_store_is_made_with_its_folders(tmp_path):
    with open_store(f"sqlite:///{tmp_path}/a/b/store.db") as store:
        store.runs.begin(run())
    with open_store(f"sqlite:///{tmp_path}/a/b/store.db") as store:
        assert store.runs.get(uuid(1)).name == "run-1"


def test_the_migrations_make_the_tables_of_the_schema(store):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    def ours(name, kind, _parents):
        return kind != "table" or name.startswith("plx_")

    options = {"version_table": "plx_version", "include_name": ours}
    with store.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


@pytest.mark.postgres
def test_a_connection_that_the_server_has_closed_is_replaced(emptied_postgresql):
    import psycopg

    others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    with (
        open_store(emptied_postgresql) as store,
        psycopg.connect(emptied_postgresql, autocommit=True) as server,
    ):
        store.runs.begin(run())
        assert server.execute(f"SELECT pg_terminate_backend(pid) {others}").fetchall() == [(True,)]
        while server.execute(f"SELECT 1 {others}").fetchall():
            time.sleep(0.01)
        time.sleep(PING_AFTER)
        assert store.runs.get(uuid(1)).name == "run-1"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param(
            "nonsense", "the run store's URL cannot be read: 'nonsense'. Write sqlite:", id="no URL"
        ),
        pytest.param(
            "mysql://u@h/db", "lives in SQLite or PostgreSQL, not in 'mysql'", id="another database"
        ),
        pytest.param("sqlite://", "needs a file that other processes see", id="SQLite in memory"),
        pytest.param(
            "sqlite:////proc/nowhere/store.db", "the folder of the run store .* cannot be made", id="folder"
        ),
        pytest.param(
            "postgresql://ada:secret@127.0.0.1:1/db",
            r"postgresql\+psycopg.*ada:\*\*\*@.*cannot be used",
            id="no server",
        ),
    ],
)
def test_an_unusable_url_is_one_clear_error(url, message):
    with pytest.raises(StoreError, match=message) as raised:
        open_store(url)
    assert "secret" not in str(raised.value)


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_waited_for_some_seconds():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        before = time.monotonic()
        with (
            pytest.raises(StoreError),
            open_store(f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/runs"),
        ):
            pass
    assert time.monotonic() - before < 60  # libpq itself would wait for ever


@pytest.mark.postgres
@pytest.mark.parametrize(
    "scheme", ["postgresql+psycopg2", "postgresql+psycopg", "postgres", "postgresql+asyncpg"]
)
def test_airflow_s_urls_work_with_the_driver_that_is_there(emptied_postgresql, scheme):
    url = scheme + emptied_postgresql.removeprefix("postgresql")
    with open_store(url) as store:
        driver = scheme.partition("+")[2]
        assert store.database.engine.driver == (driver if "psycopg" in driver else "psycopg")
        store.runs.begin(run(inputs={"lr": 0.1}, tags=("a",)))
        store.metrics.log(uuid(1), [Point("loss", 0, float("nan"), 0.0), Point("loss", 1, 0.5, 1.0)], at=NOON)
        assert [found.outputs for found in store.runs.find("tags:a, metrics.loss:<1", at=NOON)] == [
            {"loss": 0.5}
        ]
        assert store.metrics.of(uuid(1))["loss"].steps == (0, 1)


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path):
    (tmp_path / "notes.txt").write_text(
        "not a database at all, but a text that is long enough for a header" * 20
    )
    with pytest.raises(
        StoreError, match=r"the run store sqlite:.*notes.txt cannot be used: file is not a database"
    ):
        open_store(f"sqlite:///{tmp_path}/notes.txt")


def test_a_store_of_a_newer_version_is_refused(url):
    with open_store(url) as store, store.database.write() as connection:
        connection.execute(sqlalchemy.text("UPDATE plx_version SET version_num = '9999'"))
    try:
        with pytest.raises(
            StoreError, match="was written by a newer version of polyaxon_airflow; upgrade this one"
        ):
            open_store(url)
    finally:
        engine = sqlalchemy.create_engine(store.database.url)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("UPDATE plx_version SET version_num = :head"), {"head": HEAD})
        engine.dispose()


@pytest.mark.parametrize(
    ("url", "single"),
    [("sqlite:////a/b.db", True), (" SQLite:///b.db", True), ("postgresql+psycopg2://u:p@h/db", False)],
)
def test_which_stores_are_for_one_machine(url, single):
    assert is_single_machine(url) is single


OPEN = "import sys; from polyaxon_airflow.store import open_store; open_store(sys.argv[1]).close()"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def new_url(request, tmp_path):
    """The URL of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    return request.getfixturevalue("make_database")("brandnew")


def test_processes_that_open_a_new_store_at_once(new_url):
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN, new_url], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], errors
    with open_store(new_url) as store:
        store.runs.begin(run())


def test_threads_that_open_a_new_store_at_once(new_url):
    with ThreadPoolExecutor(4) as threads:
        for store in threads.map(open_store, [new_url] * 4):
            store.close()


def test_a_fork_makes_connections_of_its_own(store):
    store.runs.begin(run())

    def child():
        connected = []
        sqlalchemy.event.listen(store.database.engine, "connect", lambda *_: connected.append(1))
        store.runs.begin(run(2))
        sys.exit(len(connected))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    assert process.exitcode == 1
    assert store.runs.get(uuid(2)) is not None


def test_importing_the_store_imports_no_database_library():
    code = "import polyaxon_airflow.store, sys; print({'sqlalchemy', 'alembic'} & set(sys.modules))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "set()"
