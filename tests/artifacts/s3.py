"""An S3 of our own (moto's server) for tests; its process is as real as the clients that speak to it."""

import logging
from contextlib import contextmanager

import pytest


@contextmanager
def s3_server(bucket):
    """Variables with which clients find an S3 that holds an empty bucket."""
    pytest.importorskip("s3fs", reason="the extra 's3' is not installed")
    moto = pytest.importorskip("moto.server", reason="moto and flask of the dev group are not installed")
    from fsspec import filesystem

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        variables = {
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": "s3cret",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_REGION": "us-east-1",
        }
        system = filesystem(
            "s3",
            key="AKIATEST",
            secret="s3cret",
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            skip_instance_cache=True,
        )
        system.makedirs(bucket, exist_ok=True)  # moto keeps its buckets for as long as the process lives
        yield variables
    finally:
        server.stop()
