# Everything a fresh machine needs is Python 3.11 or newer with venv, make and git.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help run test check lint types fast matrix docs build clean

help:            ## what can be made
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

run: $(READY)    ## serve a real Glance API on http://127.0.0.1:9292, its state in glance.json and glance-data/
	$(BIN)/simple-db serve $(ARGS)

# A test that takes twenty minutes hangs: show where, and fail it.
HANGS := -o faulthandler_timeout=1200 -o faulthandler_exit_on_timeout=true

test: lint types docs ## everything that CI runs: lint, types, the site, all tests with coverage
	$(BIN)/python -m pytest -n 2 --dist worksteal $(HANGS) --cov --cov-report=term $(ARGS)

check: lint types fast ## the quick part: lint, types, tests without Glance

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

fast: $(READY)
	$(BIN)/python -m pytest -m "not glance" $(ARGS)

matrix: $(READY) ## each supported Glance and Python in an environment of its own: half an hour
	$(BIN)/python -m tests.matrix $(ARGS)

docs: $(READY)   ## the pages and the reference of the API as a site, build/docs/index.html
	$(BIN)/sphinx-build --quiet --fresh-env --nitpicky --fail-on-warning --keep-going \
	  -c docs -d build/doctrees . build/docs

build: $(READY)  ## the wheel and the source distribution in dist/, checked
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*
	DISTRIBUTIONS=dist $(BIN)/python -m pytest tests/project/test_package.py

clean:           ## forget the environment and every cache
	rm -rf $(VENV) .venv-* build .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache

# An environment of before has this project as simple-db.
$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/pip uninstall -qq --yes simple-db
	$(BIN)/pip install --quiet --editable '.[oracle,server]' --group dev
	@touch $@
