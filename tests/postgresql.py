"""A PostgreSQL server of the tests' own: Debian's binaries, a free port of 127.0.0.1, its data in a temporary folder."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path


def why_not():
    """The reason why no server can be started here, or None."""
    if _binaries() is None:
        return "PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and not _has_user("postgres"):
        return "PostgreSQL does not run as root, and there is no user 'postgres' to run it as"
    return None


@contextmanager
def server():
    """A running server; its URL without a database name. It ends, and its data goes, with the block."""
    folder = Path(tempfile.mkdtemp(prefix="plx-postgresql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        data, port = folder / "data", _free_port()
        _run(
            "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        # No fsync: what is tested is our transactions, not the disk.
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off -c max_connections=200"
        _run("pg_ctl", "-D", data, "-l", folder / "log", "-w", "-t", "60", "-o", options, "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}"
        finally:
            _run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


def _run(program, *arguments):
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    command = [_binaries() / program, *arguments]
    # No pipes: the server inherits them, and they would stay open as long as it runs.
    with tempfile.TemporaryFile() as output:
        ended = subprocess.run(command, stdout=output, stderr=output, cwd="/", check=False, **user)
        output.seek(0)
        assert ended.returncode == 0, output.read().decode()


def _binaries():
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    on_path = shutil.which("initdb")
    return max(found, key=lambda path: int(path.parent.name), default=on_path and Path(on_path).parent)


def _has_user(name):
    return any(user.pw_name == name for user in pwd.getpwall())


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
