# `make demo` and `make test` work on a fresh machine with Python 3.11 or newer; nothing else has to be installed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := data/samples/satie_gymnopedie.mp3

.PHONY: demo test fast lint clean

demo: $(VENV)/installed
	@mkdir -p out
	$(BIN)/pianotrans transcribe $(DEMO) -o out --format mid,json,html --overwrite
	$(BIN)/pianotrans view out/satie_gymnopedie.json --audio $(DEMO) -o out/satie_gymnopedie.png --overwrite --quiet
	@echo "The MIDI is in out/satie_gymnopedie.mid"
	@echo "A page to see and hear it is in out/satie_gymnopedie.html"
	@echo "A picture of the notes is in out/satie_gymnopedie.png"

# Everything that CI runs.
test: $(VENV)/installed-dev lint
	$(BIN)/pianotrans models pull
	$(BIN)/python -m pytest

# What needs no more than a few seconds each.
fast: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m "not slow"

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) out

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@ $(VENV)/installed
