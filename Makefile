# Every target is an action of tools/make.py, which also runs without make (and on Windows).
# Arguments for the command behind a target:  make test ARGS="-k triangle"

# The newest supported Python that really runs (a version manager's stub may stand in the path
# for a Python that is not there).
PYTHON := $(shell for each in python3.13 python3.12 python3.11 python3 python; do \
	"$$each" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$each" && break; done)
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup report test lab bench check docs clean

help: ## say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -e 's/:.*##/:/' | awk -F: '{printf "make %-8s%s\n", $$1, $$2}'

setup: ## create or update .venv (every other target does so by itself)
report: ## write the example report, from simulated data
test: ## run the whole suite: tests, layers, doctests
lab: ## open JupyterLab on the notebooks
bench: ## measure the performance claims
check: ## style, format, types, layers
docs: ## build the documentation into build/docs
clean: ## remove .venv and the caches; reports stay

setup report test lab bench check docs clean: | python
	@"$(PYTHON)" tools/make.py $@ $(ARGS)

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "funnelkit needs Python 3.11 or later, and none was found."; exit 1; }
