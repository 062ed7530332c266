# fluxcc's recipes. `make` explains them; CI calls nothing but these.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest
# The peers that fluxcc is measured against bring libraries that nothing else here needs.
BENCH := .venv-bench

# Without its bytecode kept, every start of Python compiles the whole program anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo demo-web test live shapes site bench bench-guard prompts settings picture pictures catalogues lint format check deb test-deb chaos chaos-quick fuzz schema audit clean

help: ## explain these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(VENV)/.installed ## make .venv with .venv/bin/fluxcc

demo: $(VENV)/.installed ## the main job, start to end, on this machine
	$(BIN)/fluxcc demo

demo-web: $(VENV)/.installed-dev ## the page, with calls that come and go on the simulator
	$(BIN)/fluxcc demo --keep

test: $(VENV)/.installed-dev ## every test that this machine can run (the others say why not)
	$(PYTEST) -n 4 --dist loadgroup -m "not slow"

live: $(VENV)/.installed-dev ## the tests on a real FreeSWITCH with SIPp, and those that take a minute
	$(PYTEST) -m "live or slow"

shapes: $(VENV)/.installed-dev ## every action at every stage of every shape of call, on a real FreeSWITCH
	$(BIN)/python -m tests.shapes.run
	$(BIN)/python -m tests.shapes.run --restart
	$(BIN)/python -m tests.shapes.run --mixed 1000
	$(BIN)/python -m tests.shapes.run --domains

site: $(VENV)/.installed-dev ## what a site of several PBXs must show, with figures (needs PostgreSQL)
	$(BIN)/python -m tests.site $(ROWS)

bench: $(BENCH)/.installed ## measure everything against its bar (three quarters of an hour on a quiet machine)
	$(BENCH)/bin/python -m bench $(ROWS)

bench-guard: $(BENCH)/.installed ## only the ratios that a careless change spoils, with a wide margin
	$(BENCH)/bin/python -m bench.guard

lint: $(VENV)/.installed-dev ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## put the code into its one shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint test ## what has to pass before a commit

prompts: ## speak the survey's prompts anew (needs espeak-ng and sox)
	@cd freeswitch/sounds/fluxcc && for voice in pt_BR:pt-br en:en-us; do \
	    while IFS='|' read -r name text; do \
	        espeak-ng -v "$${voice#*:}" -s 150 --stdout "$$text" \
	        | sox -q -t wav - -r 8000 -c 1 -e mu-law "$${voice%%:*}/$$name.wav" norm -3 pad 0 0.2; \
	    done < "$${voice%%:*}/prompts.txt"; \
	done

settings: $(VENV)/.installed ## write what is read of the settings, out of their declaration
	$(BIN)/python packaging/settings_documents.py

picture: $(VENV)/.installed-dev ## draw docs/demo.svg anew, from a real run of the demo in each language
	$(BIN)/python packaging/demo_picture.py

pictures: $(VENV)/.installed-dev ## take docs/page-*.png and docs/looks anew (needs Chromium)
	PYTHONPATH=. $(BIN)/python packaging/page_pictures.py

CATALOGUES := fluxcc/locale

catalogues: $(VENV)/.installed-dev ## collect the sentences anew and compile their translations
	PYTHONPATH=packaging $(BIN)/pybabel -q extract --mapping=packaging/babel.cfg --keywords=_ \
	    --omit-header --add-location=file --sort-output --output-file=$(CATALOGUES)/fluxcc.pot fluxcc
	$(BIN)/pybabel -q update --domain=fluxcc --input-file=$(CATALOGUES)/fluxcc.pot \
	    --output-dir=$(CATALOGUES) --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(BIN)/pybabel -q compile --domain=fluxcc --directory=$(CATALOGUES)

deb: $(VENV)/.installed ## a package for Debian 12 and 13 in dist/
	packaging/build-deb dist

test-deb: $(VENV)/.installed ## the package's life on Debian 12, on 13 and from 12 to 13 (needs root)
	packaging/test-deb "$$(packaging/build-deb dist)"

chaos: $(VENV)/.installed-dev ## kills, cuts, overload, a broken store, a soak: an hour or so, with figures
	$(BIN)/python -m chaos

chaos-quick: $(VENV)/.installed-dev ## the same in a minute, with less of everything
	$(BIN)/python -m chaos --quick

# Executions of all targets together.
RUNS ?= 200000

fuzz: $(VENV)/.installed-fuzz ## feed RUNS random inputs to everything that reads strangers' bytes
	$(BIN)/python -m fuzz --total $(RUNS)

# Requests to the HTTP API, made out of its own description.
REQUESTS ?= 20000

schema: $(VENV)/.installed-dev ## send REQUESTS random requests to the HTTP API, as its OpenAPI document describes them
	FLUXCC_SCHEMA_REQUESTS=$(REQUESTS) $(PYTEST) tests/web/test_schema.py

audit: $(VENV)/.installed-dev ## known faults in the libraries and in the code (asks PyPI)
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml fluxcc
	$(BIN)/pip-audit --local --skip-editable

clean: ## remove what the targets above made
	rm -rf $(VENV) $(BENCH) .fuzz build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python setup.cfg pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(BENCH)/.installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench,web]'
	@touch $@

$(VENV)/.installed-fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	@touch $@
