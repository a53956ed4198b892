# Every target makes what it needs; nothing here needs root. `make` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
STAMP := $(VENV)/.installed
CODE := agent client collector proto tests
PROTOS := $(wildcard proto/tenantwatch_wire/v1/*.proto)

.PHONY: help run test check lint types proto check-keys proto-check agent-alone bench soak clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# uv installs what uv.lock names; where it cannot be had, pip takes the newest that fit.
$(STAMP): pyproject.toml uv.lock
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "tenantwatch needs Python 3.11 or newer: install it, or make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "making the environment in $(VENV), once ..."
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make environments: install its venv module (Debian, Ubuntu: python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv || echo "no uv here, pip does the work"
	@if $(BIN)/uv --version >/dev/null 2>&1 && $(BIN)/uv sync --quiet --frozen --inexact --all-extras; then :; else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1' && \
		$(BIN)/python -m pip install --quiet -e '.[agent,client,collector,postgres,http2,regex,dns]' --group dev; fi
	@touch $@

run: $(STAMP) ## collector, an agent that watches this machine, and the dashboard; Ctrl-C stops
	@exec $(BIN)/python -m tenantwatch_collector try

test: $(STAMP) ## all tests, with real servers made from packages
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -q tests

check: lint types proto-check test ## what CI runs: lint, format, types, generated code, tests

lint: $(STAMP)
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

types: $(STAMP)
	$(BIN)/mypy

proto: $(STAMP) ## generate the code of the .proto files
	$(BIN)/python -m grpc_tools.protoc -I proto --python_out=proto --pyi_out=proto --grpc_python_out=proto $(PROTOS)

check-keys: $(STAMP) ## write down what keys checks have, for the collector
	$(BIN)/python -m tests.check_keys

proto-check: $(STAMP)
	@rm -rf build/proto && mkdir -p build/proto
	@$(BIN)/python -m grpc_tools.protoc -I proto --python_out=build/proto --pyi_out=build/proto \
		--grpc_python_out=build/proto $(PROTOS)
	@for made in build/proto/tenantwatch_wire/v1/*; do diff -u proto/$${made#build/proto/} $$made || \
		{ echo "generated code is out of date: run make proto and commit what it made" >&2; exit 1; }; done

agent-alone: $(STAMP) ## install the agent by itself and show that it needs nothing of the collector
	@$(BIN)/python tests/agent_alone.py

bench: $(STAMP) ## measure; prints a table and writes build/bench.json
	@$(BIN)/python -m tests.benchmarks

soak: $(STAMP) ## the long trials; MINUTES=60 by default
	@$(BIN)/python -m tests.soak $(or $(MINUTES),60)

clean: ## remove the environment and everything built
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
