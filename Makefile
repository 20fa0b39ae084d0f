# `make` alone prints what there is. Everything is installed by `make setup`, which the other targets call.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
STAMP := .venv/.setup-$(shell cat requirements/dev.lock pyproject.toml | sha256sum | cut -c1-16)

.DEFAULT_GOAL := help
.PHONY: help setup ready browser demo test check bench soak down clean lock

help: ## show this list
	@grep -hE '^[a-z]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: ready browser ## install everything into .venv and the engine cache (nothing the second time)

# What the demo needs: it opens a browser that is there, and does without one.
ready: $(STAMP)
	@$(BIN)/python -m stack fetch

# The browser tests' own. Nothing is installed where we may not; then those tests say what they lack.
browser:
	@test -x /usr/bin/chromium || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && echo "Installing Chromium for the browser tests" \
		&& apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core >/dev/null; } \
		|| echo "The browser tests need Chromium: as root, apt-get install chromium fonts-dejavu-core"

$(STAMP):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed (Debian: apt-get install python3-venv)"; exit 1; }
	@echo "Installing Python packages into .venv"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@rm -f .venv/.setup-*; touch $@

demo: ready ## the whole stack with its web pages, a seeded town in motion and a live view of it
	@$(BIN)/python -m stack demo

test: setup ## every test: unit, contract, integration, system, browser
	@$(BIN)/python -m pytest -q

check: setup ## what CI checks: format, lint, types, imports, documents
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/meta

bench: setup ## measure, with the ceilings beside (NAME=wire_1 runs one)
	@$(BIN)/python -m bench $(if $(NAME),--name $(NAME))

soak: setup ## the long runs: fuzz by the million, bad links, crash rounds, days offline; writes docs/soak.md (ONLY=outage plays one)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/soak.lock
	@$(BIN)/python -m bench.soak $(if $(ONLY),--only $(ONLY))

down: ## stop the stack of this checkout: no process and no port stays
	@test ! -x $(BIN)/python || $(BIN)/python -m stack down

clean: down ## also remove .venv, caches of tools and the stack's data (the engine cache stays)
	@test ! -x $(BIN)/python || $(BIN)/python -m stack down --purge
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build ./*.egg-info .driveops

lock: ## pin the dependencies anew, with hashes and no index address
	@for extra in dev gateway server; do $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-annotate --no-header --extra $$extra pyproject.toml -o requirements/$$extra.lock || exit 1; done
	@echo atheris | $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
		--no-emit-index-url --no-annotate --no-header - -o requirements/soak.lock
