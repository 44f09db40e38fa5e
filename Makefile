# Needs Python 3.11 or newer and make; everything else goes into .venv, built once.
#
#   PYTHON=python3.13       the interpreter .venv is made from
#   TORCH_INDEX=<address>   take torch from this package index, for example the one of
#                           PyTorch's CPU wheels: https://download.pytorch.org/whl/cpu
#   WORKERS=2               test processes, one thread each

PYTHON ?= python3
TORCH_INDEX ?=
WORKERS ?= 2

BIN := .venv/bin
PIP := $(BIN)/python -m pip
# Never without the constraints: an unpinned torch may bring gigabytes of CUDA packages.
INSTALL := $(PIP) install --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test test-faults check audit bench docs clean
.NOTPARALLEL:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.installed-demo ## fit a NADE to real digits, verify it, draw samples, name the pictures
	$(BIN)/arden fit nade digits --out runs/demo --overwrite
	$(BIN)/arden verify runs/demo
	$(BIN)/arden sample runs/demo -n 64 --out runs/demo/samples.png --overwrite
	@echo "Pictures:" && ls runs/demo/*.png

test: .venv/.installed-test ## all tests and doctests, then planted defects that tests must catch
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)
	OMP_NUM_THREADS=1 $(BIN)/python tests/mutants.py
	OMP_NUM_THREADS=1 $(BIN)/python tests/planted.py

test-faults: .venv/.installed-test ## kills, Ctrl-C, dying workers, full disks, files damaged at random: nothing may be lost
	OMP_NUM_THREADS=1 $(BIN)/python tests/kills.py --kills 20
	OMP_NUM_THREADS=1 $(BIN)/python tests/kills.py nade --kills 10
	OMP_NUM_THREADS=1 $(BIN)/python tests/kills.py --shards 5 --kills 5
	OMP_NUM_THREADS=1 $(BIN)/python tests/faults/workers.py
	OMP_NUM_THREADS=1 $(BIN)/python tests/faults/full_disk.py
	OMP_NUM_THREADS=1 $(BIN)/python tests/faults/interrupts.py --times 1
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz.py --seconds 8

check: .venv/.installed-test ## formatting, lint, types, bounds of dependencies; changes nothing, needs no network
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python tests/dependencies.py
	$(PIP) check

audit: .venv/bin/python ## known weaknesses of the pinned dependencies; needs the network
	PYTHON=$(BIN)/python .ci/audit

bench: .venv/.installed-test ## how fast every system is, beside public code and the counted limit
	$(BIN)/python benchmarks/speed/run.py

docs: .venv/.installed-docs ## build the pages into build/docs, then run every example of the docstrings
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest src

clean: ## remove caches, build outputs and the demo run; keep .venv and other runs
	rm -rf build dist docs/made runs/demo .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks
	find src tests benchmarks -type d -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "PYTHON=$(PYTHON) must be Python 3.11 or newer"; exit 1; }
	$(PYTHON) -m venv .venv

# torch goes first when it comes from an index of its own; what it depends on comes from the
# usual place with the next install, under the same constraints.
.venv/.installed-torch: constraints.txt | .venv/bin/python
ifneq ($(strip $(TORCH_INDEX)),)
	$(INSTALL) --no-deps --index-url $(TORCH_INDEX) torch
endif
	@touch $@

.venv/.installed-demo: pyproject.toml constraints.txt .venv/.installed-torch
	$(INSTALL) --editable '.[fast]'
	@touch $@

.venv/.installed-docs: pyproject.toml constraints.txt .venv/.installed-test
	$(INSTALL) --editable '.[fast,dev,docs,serve,studio,table]'
	@touch $@

.venv/.installed-test: pyproject.toml constraints.txt .venv/.installed-torch
	$(INSTALL) --editable '.[fast,dev,serve,studio,table]'
	@touch $@
