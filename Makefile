# `make demo` and `make test` work on a fresh machine with Python 3.11 or newer; nothing else has to be installed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Three processes, as those of two cores wait for a quarter of the time; groups of heavy tests (Ray, browser, kills)
# stay in one of them and come first. Compiled files are kept, as many tests start the program anew.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist loadgroup --no-loadscope-reorder --durations=40
DEMO := data/samples/satie_gymnopedie.mp3

.PHONY: demo test fast lint clean

demo: $(VENV)/installed
	@mkdir -p out
	@# Without a network it takes the model that comes with the package.
	quality=best; $(BIN)/pianotrans models pull > /dev/null || quality=fast; \
	$(BIN)/pianotrans transcribe $(DEMO) -o out --format mid,json,html --overwrite --quality $$quality
	$(BIN)/pianotrans view out/satie_gymnopedie.json --audio $(DEMO) -o out/satie_gymnopedie.png --overwrite --quiet
	@echo "The MIDI is in out/satie_gymnopedie.mid"
	@echo "A page to see and hear it is in out/satie_gymnopedie.html"
	@echo "A picture of the notes is in out/satie_gymnopedie.png"

# Everything that CI runs.
test: $(VENV)/installed-dev lint
	$(BIN)/pianotrans models pull
	$(PYTEST)

# Without the tests that take more than about two seconds each.
fast: $(VENV)/installed-dev
	$(PYTEST) -m "not slow"

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
	# It requires a library for loudspeakers, which is not needed and has no wheels for Linux.
	-$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps --only-binary :all: tinysoundfont
	@touch $@ $(VENV)/installed
