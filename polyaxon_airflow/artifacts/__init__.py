"""Files of runs: the store that keeps them, and how they come and go, whole or not at all."""
