import pytest

from tests.artifacts.clouds import azure_server, google_server
from tests.artifacts.s3 import s3_server


@pytest.fixture(scope="session")
def s3():
    with s3_server("artifacts") as variables:
        yield variables


@pytest.fixture(scope="session")
def google():
    with google_server("artifacts") as variables:
        yield variables


@pytest.fixture(scope="session")
def azure():
    with azure_server("artifacts") as variables:
        yield variables
