from tests.metadata import _metadata_database, session

__all__ = ["_metadata_database", "session"]
