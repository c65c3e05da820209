# make run     start Graft and print its address
# make test    all the tests
# make walk    trains a step of every network of both catalogues, and compiles one; takes hours
# The first call makes .venv and installs what is needed (about two minutes); the next ones start in seconds.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
DATA ?=
FASTAI := build/fastai

.PHONY: run test lint check format bench walk screenshots clean
.DEFAULT_GOAL := run

run: $(VENV)/installed
	@echo "Graft starts at http://localhost:$(PORT) (stop it with Ctrl-C)"
	@$(BIN)/python serve.py --server.port $(PORT)

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: $(VENV)/installed-dev
	$(BIN)/mypy

bench: $(VENV)/installed-dev $(FASTAI)/installed
	@test -n "$(DATA)" || { echo "Say which photos: make bench DATA=path/to/class/folders"; exit 2; }
	$(BIN)/python -m benchmarks.bench "$(DATA)"
	$(BIN)/python -m benchmarks.engine "$(DATA)"
	$(BIN)/python -m benchmarks.throughput "$(DATA)"
	$(BIN)/python -m benchmarks.importing
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.live
	$(BIN)/python -m benchmarks.watched
	$(BIN)/python -m benchmarks.sharing
	$(BIN)/python -m benchmarks.accuracy "$(DATA)"

walk: $(VENV)/installed-dev
	GRAFT_WALK=1 $(BIN)/python -m pytest tests/core/backbones/test_registry.py tests/core/runtime/test_ways.py

screenshots: $(VENV)/installed-dev
	GRAFT_SCREENSHOTS=1 $(BIN)/python -m pytest tests/browser

clean:
	rm -rf $(VENV) $(FASTAI)

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Graft needs Python 3.11 or newer, and found none. Install it from python.org."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Graft needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing what is missing; the first time this takes a few minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m core.backbones.build_weights
	@touch $@

$(VENV)/installed-dev: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing what is missing; the first time this takes a few minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@$(BIN)/python -m core.backbones.build_weights
	@touch $@ $(VENV)/installed

# Beside Graft's own packages and never among them: only benchmarks/accuracy.py looks here.
$(FASTAI)/installed: benchmarks/fastai.txt | $(VENV)/installed-dev
	@rm -rf $(FASTAI)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(FASTAI) -r $<
	@touch $@
