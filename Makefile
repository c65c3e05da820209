# make run     start Graft and print its address
# make test    all the tests
# make lint    what ruff finds in Python, and biome in the browser's files; make format mends what can be mended
# make check   the types
# make walk    trains a step of every network of both catalogues, and compiles one; takes hours
# make walk-text   fetches SmolLM2 (93 MB) and fine-tunes it beside MiniLM; minutes
# make gpu     the engine on a machine with an accelerator, in ten minutes; see docs/performance.md
# make lock    takes the newest versions that the requirements allow, and writes them into constraints.txt
# The first call makes .venv and installs what is needed (about two minutes); the next ones start in seconds.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
DATA ?=
FASTAI := build/fastai
TRAINER := build/trainer
GPU_PYTHON ?= python3
GPU_WHEELS := pydantic pydantic-core annotated-types typing-inspection typing-extensions

.PHONY: run test lint check format lock bench walk walk-text gpu gpu-wheels screenshots clean
.DEFAULT_GOAL := run

run: $(VENV)/installed
	@echo "Graft starts at http://localhost:$(PORT) (stop it with Ctrl-C)"
	@$(BIN)/python serve.py --server.port $(PORT)

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/biome check --error-on-warnings .

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/biome check --write .

check: $(VENV)/installed-dev
	$(BIN)/mypy

lock: $(VENV)/installed-dev
	$(BIN)/python -m pip install --quiet --upgrade --upgrade-strategy eager -r requirements-dev.txt
	$(BIN)/python -m tools.lock

bench: $(VENV)/installed-dev $(FASTAI)/installed $(TRAINER)/installed
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
	$(BIN)/python -m benchmarks.texts speed
	$(BIN)/python -m benchmarks.texts accuracy

walk: $(VENV)/installed-dev
	GRAFT_WALK=1 $(BIN)/python -m pytest tests/core/backbones/test_registry.py tests/core/runtime/test_ways.py

walk-text: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.walk_text --write

# For a machine with an accelerator, which need not have Streamlit, .venv or a network: its own Python, with what that
# lacks from build/wheels. Fetch those on another machine by `make gpu-wheels`, and take the folder along.
gpu:
	@! ls build/wheels/*.whl >/dev/null 2>&1 || $(GPU_PYTHON) -m pip install --quiet --disable-pip-version-check \
	  --no-index --no-deps --upgrade --target build/gpu build/wheels/*.whl
	PYTHONPATH=build/gpu $(GPU_PYTHON) -m benchmarks.gpu --write

gpu-wheels: $(VENV)/installed-dev
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
	  --python-version 3.12 --implementation cp $(addprefix --platform manylinux,_2_28_x86_64 _2_17_x86_64 2014_x86_64) \
	  --dest build/wheels -c constraints.txt $(GPU_WHEELS)

screenshots: $(VENV)/installed-dev
	GRAFT_SCREENSHOTS=1 $(BIN)/python -m pytest tests/browser
	$(BIN)/python -m tools.screenshots

clean:
	rm -rf $(VENV) $(FASTAI) $(TRAINER)

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Graft needs Python 3.11 or newer, and found none. Install it from python.org."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Graft needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt constraints.txt core/backbones/weights.txt | $(VENV)/bin/python
	@echo "Installing what is missing; the first time this takes a few minutes. Texts are about 110 MB of it to fetch, 230 MB on disk."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@$(BIN)/python -m core.backbones.build_weights
	@touch $@

$(VENV)/installed-dev: requirements.txt requirements-dev.txt constraints.txt core/backbones/weights.txt | $(VENV)/bin/python
	@echo "Installing what is missing; the first time this takes a few minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@$(BIN)/python -m core.backbones.build_weights
	@touch $@ $(VENV)/installed

# Beside Graft's own packages and never among them: only benchmarks/accuracy.py looks here.
$(FASTAI)/installed: benchmarks/fastai.txt | $(VENV)/installed-dev
	@rm -rf $(FASTAI)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(FASTAI) -r $<
	@touch $@

# Likewise: only benchmarks/trainer_side.py looks here.
$(TRAINER)/installed: benchmarks/trainer.txt | $(VENV)/installed-dev
	@rm -rf $(TRAINER)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(TRAINER) -r $<
	@touch $@
