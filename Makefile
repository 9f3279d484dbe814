# Sarhad. `make demo` and `make test` are all that a stranger needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROJECT := tajik-afghan

.PHONY: help demo demo-full docs test test-all bench lint format clean system

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# uv where it is on the path (seconds), else pip (minutes); the same locked versions either way. Modules are compiled
# here: where Python may not write them down later, every command would compile them anew, for seconds.
define install
	@if command -v uv >/dev/null 2>&1; then \
	  test -x $(BIN)/python || uv venv --quiet --python $(PYTHON) $(VENV); \
	  uv pip install --quiet --compile-bytecode --python $(BIN)/python --requirement $(1) --editable . --no-deps; \
	else \
	  test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	    { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }; \
	  $(BIN)/python -m ensurepip >/dev/null 2>&1 || true; \
	  $(BIN)/python -m pip install --quiet --requirement $(1) && \
	  $(BIN)/python -m pip install --quiet --no-deps --editable .; \
	fi
	@$(BIN)/python -m compileall -q src
	@touch $(2)
endef

$(VENV)/.run: requirements.lock pyproject.toml
	$(call install,requirements.lock,$@)
	@echo "Compiling the kernels (once) ..."; $(BIN)/sarhad prepare >/dev/null 2>&1 || $(BIN)/sarhad prepare

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock,$@)

demo: $(VENV)/.run  ## write the example project, compute it, say where the results lie
	$(BIN)/sarhad demo $(PROJECT)

demo-full: $(VENV)/.run  ## the same with 90 m cells, all fields and realisations (resumes where it stopped)
	$(BIN)/sarhad demo $(PROJECT)-full --full

lint: $(VENV)/.dev  ## ruff, mypy strict, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What tests need beside Python: a server that they start for themselves, and the library that lays out text in a PDF.
# Debian would also make and run a cluster of its own on installing the server, which nobody asked for: while it
# installs, a file says not to.
SYSTEM := postgresql-15 postgresql-15-postgis-3 libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
LEAVE_OFF := /etc/postgresql-common/createcluster.d/sarhad.conf

system:  ## PostgreSQL 15 with PostGIS and Pango, for the tests (installs them as root on Debian)
	@if dpkg --status $(SYSTEM) >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "Installing $(SYSTEM) (once) ..."; \
	  mkdir -p $(dir $(LEAVE_OFF)) && echo "create_main_cluster = false" > $(LEAVE_OFF); \
	  export DEBIAN_FRONTEND=noninteractive; log=$$(mktemp); \
	  install="apt-get install --yes --quiet --no-install-recommends $(SYSTEM)"; \
	  $$install >$$log 2>&1 || { apt-get update --quiet >$$log 2>&1 && $$install >$$log 2>&1; } || \
	    { tail -n 3 $$log; echo "They could not be installed: tests that need them are skipped"; }; \
	  rm -f $$log $(LEAVE_OFF); \
	else \
	  echo "Tests that need what is missing are skipped (as root on Debian: apt-get install $(SYSTEM))"; \
	fi

# A file's tests stay in one process, for what they share; the slow files come first in the order of names.
PARALLEL := --numprocesses auto --dist loadfile --no-loadscope-reorder

test: lint system  ## what CI runs
	$(BIN)/python -m pytest $(PARALLEL) -m "not long"

test-all: lint system  ## the long suites too
	$(BIN)/python -m pytest $(PARALLEL)

bench: $(VENV)/.dev  ## benchmark tables, each against a named peer or the definition
	@for file in sight travel crossing siting example journal store schedule forecast; do $(BIN)/python benchmarks/$$file.py || exit 1; done
	@if [ -n "$(SAMPLES)" ]; then $(BIN)/python benchmarks/relief.py $(SAMPLES); \
	  else echo "relief: skipped; name a folder of SRTM samples: make bench SAMPLES=..."; fi

docs: $(VENV)/.dev  ## build the documents; notebooks run, warnings are errors
	$(BIN)/python -m sphinx -W --keep-going -q -j auto -c docs . build/docs
	@echo "Documents: build/docs/docs/index.html"

format: $(VENV)/.dev  ## put the code in order
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

clean:  ## remove what the targets made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
