import pytest

from tests.artifacts.s3 import s3_server


@pytest.fixture(scope="session")
def s3():
    with s3_server("artifacts") as variables:
        yield variables
