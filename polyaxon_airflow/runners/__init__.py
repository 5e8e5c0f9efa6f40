"""Where a manifest runs: on Kubernetes, or as local processes."""
