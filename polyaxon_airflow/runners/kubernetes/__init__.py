"""The Kubernetes runner: pods and custom resources, found again by the uuid of their run."""
