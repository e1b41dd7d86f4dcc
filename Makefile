# `make demo` and `make test` set up everything they need in .venv; only Python >= 3.11 and make are assumed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint format bench test-harvest test-lowest paper setup clean

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "ttcsim needs Python 3.11 or newer; '$(PYTHON)' is older. Run: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

setup: $(VENV)/.ready

demo: setup
	$(BIN)/ttcsim demo

test: setup
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q -m "not slow" --cov=ttcsim --cov-report= tests/kernels
	$(BIN)/python -m pytest -q --cov=ttcsim --cov-append --cov-report=term-missing:skip-covered --cov-fail-under=90

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis ttcsim-demo benchmarks/build
