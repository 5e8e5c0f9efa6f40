"""Google's and Azure's stores of our own, for tests; their servers are as real as the clients that speak to them."""

import logging
import shutil
import subprocess
import time
from contextlib import contextmanager
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from polyaxon_airflow.embedded import free_port

# That of every Azurite, as its documentation prints it.
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
PATIENCE = 180  # seconds for a server to come up


@contextmanager
def google_server(bucket):
    """Variables with which clients find a Google store that holds an empty bucket."""
    emulator = pytest.importorskip(
        "gcp_storage_emulator.server", reason="gcp-storage-emulator of the dev group is not installed"
    )
    with pytest.MonkeyPatch.context() as patch:
        # Else gcsfs asks Google over gRPC, for a minute, which kind of bucket this is.
        patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        pytest.importorskip("gcsfs", reason="the extra 'gcs' is not installed")
    logging.getLogger("gcp_storage_emulator").setLevel(logging.ERROR)
    port = free_port()
    server = emulator.create_server("127.0.0.1", port, in_memory=True, default_bucket=bucket)
    server.start()
    try:
        yield {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}", "GC_KEY_PATH": "anon"}
    finally:
        server.stop()


@contextmanager
def azure_server(container):
    """Variables with which clients find an Azure store that holds an empty container."""
    pytest.importorskip("adlfs", reason="the extra 'azure' is not installed")
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("Azurite is not installed: npm install --global azurite")
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}/devstoreaccount1"
    words = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence"]
    server = subprocess.Popen(
        [program, *words, "--skipApiVersionCheck", "--disableTelemetry", "--silent"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(endpoint)
        variables = {
            "AZURE_STORAGE_CONNECTION_STRING": "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
            f"AccountKey={AZURITE_KEY};BlobEndpoint={endpoint};"
        }
        azure_files(variables).mkdir(container)
        yield variables
    finally:
        server.kill()
        server.wait()


def google_files(variables):
    """A client that is not the code under test."""
    from fsspec import filesystem

    return filesystem(
        "gs", endpoint_url=variables["STORAGE_EMULATOR_HOST"], token="anon", skip_instance_cache=True
    )


def azure_files(variables):
    """The same for Azure."""
    from fsspec import filesystem

    connection = variables["AZURE_STORAGE_CONNECTION_STRING"]
    return filesystem("abfs", connection_string=connection, skip_instance_cache=True)


def _wait_for(endpoint):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            urlopen(endpoint, timeout=5).close()
        except HTTPError as error:  # it answers: without credentials, 400 or 403
            error.close()
            return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError(f"no answer from {endpoint} for {PATIENCE} s")
