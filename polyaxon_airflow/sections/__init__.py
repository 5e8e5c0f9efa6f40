"""Sections of a polyaxonfile that have no kinds."""
