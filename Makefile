# Needs Python 3.11 or later and make. The same steps without make stand in README.md.
PYTHON ?= python3
PORT ?= 8000
export PORT

PY := .venv/bin/python
STAMP := .venv/installed-$(shell cksum < requirements.txt | cut -d' ' -f1)
TOOLS := .venv/tools-$(shell cat requirements.txt requirements-dev.txt | cksum | cut -d' ' -f1)
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
COMPILE := .venv/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: help setup tools run test test-sqlite test-postgres long bench lint format lock
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1	/' | expand -t 18

setup: $(STAMP) ## make .venv and install the pinned packages

$(PY):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is needed. Say which with: make PYTHON=python3.12 setup")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo 'Python cannot make .venv. On Debian: apt-get install python3-venv'; exit 1; }

$(STAMP): | $(PY)
	@echo 'Installing the packages of requirements.txt into .venv'
	@$(PIP) -r requirements.txt
	@rm -f .venv/installed-*
	@touch $@

tools: $(TOOLS) ## install what tests and lint need as well

$(TOOLS): | $(STAMP)
	@echo 'Installing the packages of requirements-dev.txt into .venv'
	@$(PIP) -r requirements-dev.txt
	@rm -f .venv/tools-*
	@touch $@

run: setup ## serve the demonstration on http://127.0.0.1:8000 (PORT changes it)
	@$(PY) serve.py --demonstration

test: tools ## every test, on SQLite and again on PostgreSQL
	@$(PY) tests/needs.py
	@echo '== SQLite'
	@$(PY) -m pytest -n 2 --dist loadfile -m 'not slow'
	@echo '== PostgreSQL'
	@$(PY) tests/postgres.py $(PY) -m pytest -n 2 --dist loadfile -m 'not slow and not browser and not once'

test-sqlite: tools
	@$(PY) -m pytest -n 2 --dist loadfile -m 'not slow and not browser'

test-postgres: tools
	@$(PY) tests/postgres.py $(PY) -m pytest -n 2 --dist loadfile -m 'not slow and not browser and not once'

long: tools ## what takes longer: soak, every-statement faults
	@$(PY) tests/needs.py
	@PORTAL_STORIES=300 $(PY) -m pytest tests/test_stories.py
	@$(PY) -m pytest -m slow
	@$(PY) tests/postgres.py $(PY) -m pytest -m 'slow and not browser and not once'

bench: tools ## the benchmarks: ratios against floors of the same run
	@$(PY) -m bench

lint: tools ## formatting, lint, types, import rules
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache

format: tools
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lock: tools ## pin requirements.txt and requirements-dev.txt anew
	@$(COMPILE) --output-file=requirements.txt requirements.in
	@$(COMPILE) --output-file=requirements-dev.txt requirements-dev.in
	@$(COMPILE) --output-file=requirements-windows.txt requirements-windows.in
