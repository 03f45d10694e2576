# `make demo` runs the main job, `make test` every check; both prepare .venv first.

IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
# The first of these that is new enough; python3 for the message if none is.
PYTHON ?= $(or $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; \
  do $$python -c '$(IS_NEW_ENOUGH)' 2>/dev/null && echo $$python && break; done),python3)
VENV := .venv
BIN := $(VENV)/bin
# Exact versions, so that figures can be reproduced.
LOCKED := constraints/locked.txt
STAMP := $(VENV)/.tapeflow-installed
TEST_STAMP := $(VENV)/.tapeflow-test-installed

.DEFAULT_GOAL := help
.PHONY: help demo test install install-test pytest lit lint format types imports clean \
  test-oldest test-newest nightly

help:
	@echo "make demo     install, then differentiate and compare the four programs"
	@echo "make test     install, then run every check: pytest lit lint format types imports"
	@echo "make pytest   one check alone; likewise lit, lint, format, types, imports"
	@echo "make test-oldest, make test-newest"
	@echo "              the tests that depend on other packages, with their lowest and"
	@echo "              highest versions, in environments of their own"
	@echo "make nightly  every check in full, then random programs and spoilt inputs"
	@echo "make install  create $(VENV) and install tapeflow in it"
	@echo "make clean    remove $(VENV) and every cache"

demo: $(STAMP)
	@$(BIN)/tapeflow bench

test: pytest lit lint format types imports
	@echo "All checks passed."

# pip is the last thing venv installs: an interrupted creation leaves none behind.
$(BIN)/pip:
	@$(PYTHON) -c '$(IS_NEW_ENOUGH)' 2>/dev/null || { \
	  echo "error: tapeflow needs Python 3.11 or newer, and '$(PYTHON)' is" \
	    "`$(PYTHON) --version 2>/dev/null || echo not there`; name one, as in" \
	    "'make PYTHON=/path/to/python3 $(MAKECMDGOALS)'" >&2; \
	  exit 1; }
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "error: '$(PYTHON) -m venv' failed; on Debian and Ubuntu" \
	    "install the package python3-venv" >&2; \
	  exit 1; }

$(STAMP): pyproject.toml $(LOCKED) | $(BIN)/pip
	@echo "Installing tapeflow ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  -c $(LOCKED) -e .
	@touch $@

$(TEST_STAMP): pyproject.toml $(LOCKED) | $(BIN)/pip
	@echo "Installing tapeflow with its test tools ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  -c $(LOCKED) -e '.[gui,lint,test]'
	@touch $(STAMP) $@

install: $(STAMP)

install-test: $(TEST_STAMP)

pytest: $(TEST_STAMP)
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

lit: $(TEST_STAMP)
	$(BIN)/lit -qv filecheck

lint: $(TEST_STAMP)
	$(BIN)/ruff check .

format: $(TEST_STAMP)
	$(BIN)/ruff format --check .

types: $(TEST_STAMP)
	$(BIN)/basedpyright

imports: $(TEST_STAMP)
	$(BIN)/lint-imports

# What is near to other packages; the gui needs a newer rich than the oldest.
END_TESTS := tests/frontend tests/hwmodel tests/tools/grad tests/transforms/tape
END_STAMPS := .venv-oldest/.tapeflow-installed .venv-newest/.tapeflow-installed

$(END_STAMPS): .venv-%/.tapeflow-installed: pyproject.toml constraints/%.txt
	@echo "Installing tapeflow with the $* versions ..."
	@$(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check \
	  -c constraints/$*.txt -e '.[test]'
	@touch $@

test-oldest test-newest: test-%: .venv-%/.tapeflow-installed
	.venv-$*/bin/lit -qv filecheck
	.venv-$*/bin/python -m pytest --numprocesses auto --dist worksteal $(END_TESTS)

NIGHT_PROGRAMS := 2000
NIGHT_INPUTS := 5000

nightly: $(TEST_STAMP)
	TAPEFLOW_TESTS=full TAPEFLOW_LIT_FORKS=0 $(MAKE) test
	$(BIN)/python -m tests.random_programs --count $(NIGHT_PROGRAMS)
	$(BIN)/python -m tests.input_fuzz --count $(NIGHT_INPUTS) --jobs 4

clean:
	rm -rf $(VENV) .venv-oldest .venv-newest .import_linter_cache .pytest_cache .ruff_cache .hypothesis \
	  build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
