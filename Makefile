# make setup   a virtual environment in .venv with Saring in it
# make demo    set up, load the demo evidence, check the demo article, print the report and write it as HTML
# make test    set up with everything the tests need, and run them
# make check   format, lint, types, house rules
# make serve   set up with the web parts, load the demo evidence, and open the review queue and chat at 127.0.0.1
# make check-quality   small fixed slices of stance, retrieval and verdict against their recorded floors
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DEMO ?= demo
ARTICLE ?= seeds/01-araghchi-moskow/article.txt

.DEFAULT_GOAL := help
.PHONY: help setup dev demo serve test check check-quality format clean

help:
	@sed -n 's/^# //p' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Saring needs Python 3.11 or newer; name one with: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The stamps make the second run start at once; they fall due when what is installed would change.
$(VENV)/.setup: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt torch
	$(PIP) install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@ $(VENV)/.setup $(VENV)/.web

$(VENV)/.web: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable ".[web]"
	@touch $@ $(VENV)/.setup

setup: $(VENV)/.setup

dev: $(VENV)/.dev

$(DEMO)/.made: retrieval/models/embedder/manifest.json $(wildcard seeds/evidence/*) | setup
	@# A store made by earlier weights cannot be added to; this one is made of the seeds alone, so make it anew.
	@rm -rf $(DEMO)/store
	$(BIN)/saring evidence add seeds/evidence --store $(DEMO)/store
	@touch $@

demo: setup $(DEMO)/.made
	$(BIN)/saring check $(ARTICLE) --store $(DEMO)/store --html $(DEMO)/report.html

serve: $(VENV)/.web $(DEMO)/.made
	$(BIN)/saring serve --store $(DEMO)/store --database $(DEMO)/queue.db

test: dev
	$(BIN)/python -m pytest $(PYTEST)

check: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/house

check-quality: dev
	$(BIN)/python -m evals quality

format: dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache .pytest_cache
