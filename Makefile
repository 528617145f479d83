# Tocsin. `make` lists what can be done; every target installs what it needs first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH := $(CURDIR)
GROUPS := shared fetcher parser enricher alerting api local build train

.PHONY: help install demo replay test test-long bench schemas lock lint format clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: .venv/installed  ## Make .venv from the hashed lock files (no-op when up to date)

.venv/installed: requirements/dev.txt requirements/bootstrap.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@echo "installing locked packages ..."
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/bootstrap.txt requirements/dev.txt
	@touch $@

demo: install  ## Run the whole pipeline on this machine: newsroom, services, alerts in the terminal; Ctrl-C ends it
	@exec $(BIN)/python -m deploy.local.demo

replay: install  ## Run NEWS=FILE.jsonl[.gz] through a fresh stack to the end; REPORT=FILE.json writes the books
	@test -n "$(NEWS)" || { echo "usage: make replay NEWS=FILE.jsonl[.gz] [REPORT=FILE.json]" >&2; exit 2; }
	@exec $(BIN)/python -m deploy.local.replay "$(NEWS)" $(if $(REPORT),--report "$(REPORT)")

test: install  ## Run the tests on real parts (PostgreSQL, Valkey, Kafka or the light broker, SMTP, HTTP)
	$(BIN)/pytest -n 2 --dist loadgroup -m "not long" $(TESTS)

test-long: install  ## Run the long suites too
	$(BIN)/pytest -n 2 --dist loadgroup $(TESTS)

bench: install  ## Score the batch modes on DATA=FOLDER (development sets) and measure speed; see BENCHMARKS.md
	@test -n "$(DATA)" || { echo "usage: make bench DATA=FOLDER" >&2; exit 2; }
	$(BIN)/python -m tests.benchmarks.bench "$(DATA)"

schemas: install  ## Write JSON Schemas, AsyncAPI and OpenAPI documents anew from the code
	$(BIN)/python -m shared.schemas
	$(BIN)/python -m services.api openapi > services/api/openapi.json

lock: .venv/installed  ## Compile the dependency groups of pyproject.toml into hashed requirements/*.txt
	@for g in dev $(GROUPS); do \
	  c=""; [ $$g = dev ] || c="-c requirements/dev.txt"; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --group $$g $$c -o requirements/$$g.txt || exit 1; echo "requirements/$$g.txt"; done

lint: install  ## Format check, ruff, mypy --strict, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy services shared deploy tests
	$(BIN)/lint-imports

format: install  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## Remove everything that was built
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
