"""The process runner: a pod's containers as local processes that end with their task."""
