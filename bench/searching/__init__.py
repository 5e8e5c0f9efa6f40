"""The parts of bench/search.py; they run in the environment of the rivals."""
