# `make help` lists the targets. Python packages go to .venv, training environments to .environments.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
NAME ?= all
FUZZ_SECONDS ?= 300
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo up test test-all test-cluster lint fuzz bench clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  \1\t/' | expand -t 14

.venv/.ready: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint .ci/constraints.txt --editable . --group dev
	@touch $@

.environments/training/.ready: .ci/training.txt
	$(PYTHON) -m venv .environments/training
	.environments/training/bin/pip install --quiet --disable-pip-version-check --requirement .ci/training.txt
	@touch $@

install: .venv/.ready .environments/training/.ready  ## make .venv, and the environment that the examples train in

demo: install  ## start an Airflow, run the example polyaxonfiles of dags/ on it, print the result
	@$(BIN)/polyaxon-airflow demo

up: install  ## start an Airflow and leave it running; Ctrl-C ends it
	@$(BIN)/polyaxon-airflow up

test: install  ## all tests, slow suites on a sample
	@.ci/services
	$(BIN)/python -m pytest -n 2 -m "not e2e and not slow and not cluster"
	$(BIN)/python -m pytest -m "e2e and not slow and not cluster"

test-all: install  ## all tests in full
	@.ci/services
	$(BIN)/python -m pytest -n 2 -m "not e2e and not cluster"
	$(BIN)/python -m pytest -m "e2e and not cluster"

lint: .venv/.ready  ## ruff, mypy --strict, the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.environments/fuzz/.ready: .venv/.ready
	$(BIN)/pip install --quiet --disable-pip-version-check --target .environments/fuzz atheris
	@touch $@

test-cluster: install  ## the contract of runners, on the Kubernetes cluster of KUBECONFIG
	@test -n "$$KUBECONFIG" || { echo "set KUBECONFIG to the file of a cluster; docs/kubernetes.md has one for kind"; exit 2; }
	POLYAXON_TEST_CLUSTER=real $(BIN)/python -m pytest tests/kube/test_conformance.py tests/runners/kubernetes/test_contract.py

fuzz: install .environments/fuzz/.ready  ## random files and templates, FUZZ_SECONDS=300 for each
	$(BIN)/python -m pytest tests/fuzz
	PYTHONPATH=.environments/fuzz $(BIN)/python tests/fuzz/fuzz.py reader -max_total_time=$(FUZZ_SECONDS)
	PYTHONPATH=.environments/fuzz $(BIN)/python tests/fuzz/fuzz.py templates -max_total_time=$(FUZZ_SECONDS)

bench: install  ## measure; NAME=parse for one
	$(BIN)/python -m bench $(NAME)

clean:  ## remove what the targets above have made
	rm -rf .venv .environments .airflow
