# Loopwright. Needs Python 3.11 or newer, make and git; everything else goes into .venv.

# A pyenv shim may be on the path and not work, so each candidate is tried.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { command -v "$$p"; break; }; done)
BIN := .venv/bin
TRAINS := .venv-trains/bin
WORKERS ?= 2
PIP := -m pip install --quiet --disable-pip-version-check
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint prove bench trains clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.installed ## fill an empty data folder with the seeded world and serve it on 127.0.0.1:8501
	@exec $(BIN)/loopwright demo

test: .venv/.browser lint ## lint, types and every test that is not long (installs Chromium if there is none)
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

lint: .venv/.installed-test ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/mypy

prove: .venv/.browser ## every kill and every fuzz input, in full (long)
	LOOPWRIGHT_PROVE=full $(BIN)/python -m pytest -q -m "prove or tenth"

bench: .venv/.browser ## measure, each figure with its floor from the same run
	@for file in tests/benchmarks/[a-z]*.py; do \
		$(BIN)/python -m "tests.benchmarks.$$(basename "$$file" .py)" || exit 1; done

trains: .venv/.installed .venv-trains/.installed ## train on real exports with TRL, in an environment of its own
	$(BIN)/python -m tests.trains.run $(TRAINS)/python

clean: ## remove the environments and caches; the data folder stays
	rm -rf .venv .venv-trains .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

define make-venv
	@test -n "$(PYTHON)" || { echo "Loopwright needs Python 3.11 or newer and found none: install it, or name it with make PYTHON=/path/to/python3.11." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Loopwright needs Python 3.11 or newer; $(PYTHON) is older or does not start." >&2; exit 1; }
	@"$(PYTHON)" -m venv $(1) || { rm -rf $(1); echo "$(PYTHON) cannot make an environment: install its venv module (on Debian and Ubuntu the package python3-venv)." >&2; exit 1; }
endef

.venv/bin/python:
	$(call make-venv,.venv)

.venv-trains/bin/python:
	$(call make-venv,.venv-trains)

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing what Loopwright needs into .venv (once; a minute or two) ..."
	@$(BIN)/python $(PIP) -c constraints.txt -e .
	@touch $@

.venv/.installed-test: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing what Loopwright and its tests need into .venv (once; a minute or two) ..."
	@$(BIN)/python $(PIP) -c constraints.txt -e ".[test]"
	@touch .venv/.installed $@

.venv/.browser: .venv/.installed-test
	@$(BIN)/python -m tests.e2e.chromium
	@touch $@

# torch comes first: the trainers are content with it, and would otherwise choose a newer one.
.venv-trains/.installed: Makefile | .venv-trains/bin/python
	@echo "Installing the trainers into .venv-trains (once; several minutes) ..."
	@$(TRAINS)/python $(PIP) torch==2.13.0
	@$(TRAINS)/python $(PIP) trl==1.16.0 transformers==5.23.0 datasets==5.2.0
	@touch $@
