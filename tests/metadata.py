"""Airflow's metadata database for tests that need one: made once a process, empty for each test."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def _metadata_database():
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def session(_metadata_database):
    """A session whose changes nobody else sees, and which are gone after the test."""
    from airflow import settings

    with settings.Session() as found:
        yield found
        found.rollback()
