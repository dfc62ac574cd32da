# `make` alone prints what there is. Every target below that needs the environment makes it first.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.setup-done
SPARK_READY := .venv/.spark-done

PACKAGES := journeys features models rootcause training serving offramp
CODE := $(wildcard $(PACKAGES) benchmarks pages tests .ci)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-proofs test-spark check format format-check lint types fix coverage openapi docs docs-serve docs-try notebooks wheel clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*%?:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## make .venv with the command offramp in it, pinned by constraints.txt

demo: $(READY) ## the whole road on simulated customers: journeys, models, causes, report
	$(BIN)/offramp demo

test: $(READY) ## run the whole test suite, two files at a time
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-proofs: $(READY) ## run the proofs that take half a minute or more each, the whole demo among them
	$(BIN)/python -m pytest -m proof -n 2

test-spark: $(SPARK_READY) ## run the tests on Spark, in local mode; needs Java 17
	$(BIN)/python -m pytest -m spark tests/test_spark_*.py

check: format-check lint types test ## everything that must hold: format, lint, types, tests

format: $(READY) ## rewrite the code in the one format
	$(BIN)/ruff format .

format-check: $(READY) ## say which files are not in the one format
	$(BIN)/ruff format --check .

lint: $(READY) ## look for faults and for the ceilings of the house
	$(BIN)/ruff check .

types: $(READY) ## check the types, strictly
	$(BIN)/mypy

fix: $(READY) ## repair what the linter can repair, then format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: $(READY) ## run the tests and show the lines and branches none of them reaches
	$(BIN)/python -m pytest --cov

openapi: $(READY) ## write docs/openapi.json again, after a change of the API
	$(BIN)/python -m serving.openapi_file

docs: $(READY) ## build the site into out/site, and fail on a broken link or anchor
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@echo "Open out/site/index.html"

docs-serve: $(READY) ## show the site on this machine, and anew after every change
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve

docs-try: $(READY) ## run every command of the pages, the slow ones too: half an hour or more
	$(BIN)/python -m pages.trying

notebooks: $(READY) ## run every notebook in a temporary folder, fail on the first error
	$(BIN)/python .ci/notebooks.py

wheel: $(READY) ## build the wheel and try it in a fresh environment
	.ci/wheel

benchmark-%: $(READY) ## run one benchmark, for example: make benchmark-features
	$(BIN)/python -m benchmarks.$(subst -,_,$*)

clean: ## remove what was built and measured; keep .venv and tracked runs
	rm -rf build dist out *.egg-info .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last, so an interrupted installation is taken up again.
$(READY): pyproject.toml constraints.txt Makefile
	@"$(or $(PYTHON),false)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Offramp needs Python 3.11 or later; found: $$("$(or $(PYTHON),true)" --version 2>&1)." \
	    "Install it, or name it: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing Offramp into .venv; the first time takes a few minutes."
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install -qq --editable '.[dev,benchmarks,dask,docs]' --constraint constraints.txt
	@touch $@

JAVA := $(if $(JAVA_HOME),$(JAVA_HOME)/bin/java,java)

$(SPARK_READY): $(READY)
	@"$(JAVA)" -version > /dev/null 2>&1 || { \
	  echo "Spark needs Java 17 or later, and $(JAVA) does not run. Install it, for example" \
	    "openjdk-17-jre-headless, or name it: make test-spark JAVA_HOME=/path/to/java" >&2; exit 1; }
	$(BIN)/python -m pip install -qq --editable '.[spark]' --constraint constraints.txt
	@touch $@
