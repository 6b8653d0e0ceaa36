# Two commands for a newcomer: `make run` and `make test`. What they need: Python 3.11, make, the package registries.

PYTHON := $(shell for p in python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
PY := $(VENV)/bin/python
RUN_STAMP := $(VENV)/.run-installed
TEST_STAMP := $(VENV)/.test-installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1
# Whatever the shell says of bytecode, it is kept, and beside no source: every process would compile everything anew.
export PYTHONPYCACHEPREFIX := $(abspath $(VENV))/compiled
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run search-node test test-services test-faults test-all check assets messages schema lock clean

help:
	@echo 'make run       start Calloff at 127.0.0.1:8000 (PORT=8001 for another port), with its demonstration'
	@echo 'make test      lint, types, import layers, migrations, OpenAPI snapshot, tests: five to six minutes on two cores'
	@echo 'make test-all  the same, the long tests, and on PostgreSQL, Redis, RabbitMQ and Elasticsearch'
	@echo 'make test-services  the same, on PostgreSQL, Redis, RabbitMQ and Elasticsearch, without the long tests'
	@echo 'make test-faults  what kills, cuts off, fills and moves: search nodes, workers, queues, databases'
	@echo 'make search-node  Elasticsearch at 127.0.0.1:9200 until Ctrl-C (needs Java 21 and Maven; 1 GB is fetched once)'
	@echo 'make check     the same as make test without the tests'
	@echo 'make messages  begin or bring up to date the Welsh catalogue, web/locale/cy (CATALOGUE=xx for another)'
	@echo 'make lock      write requirements*.txt anew from requirements*.in'
	@echo 'make clean     remove the environment and everything compiled; the data folder stays'

run: $(RUN_STAMP)
	@DEMO=$${DEMO:-1} exec $(PY) -m tools.run

search-node: $(TEST_STAMP)
	@exec $(PY) -m tools.search_node $(OPTIONS)

test: $(TEST_STAMP)
	@exec $(PY) -m tools.check --tests

test-all: test
	@exec $(PY) -m tools.check --services --faults --long

test-services: test
	@exec $(PY) -m tools.check --services

test-faults: test
	@exec $(PY) -m tools.check --faults

check: $(TEST_STAMP)
	@exec $(PY) -m tools.check

assets: $(RUN_STAMP)
	@$(PY) -m tools.assets

messages: $(RUN_STAMP)
	@$(PY) -m tools.catalogue $(or $(CATALOGUE),cy)

schema: $(RUN_STAMP)
	@DEMO=1 $(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
	@DEMO=1 $(PY) manage.py states_document --file docs/states.md

$(VENV)/.made:
	@if [ -z '$(PYTHON)' ]; then \
		echo 'Calloff needs Python 3.11 (as python3.11 or python3); found: '"$$(python3 --version 2>&1)"'.' >&2; exit 1; fi
	@$(PYTHON) -m venv $(VENV) || { \
		echo 'The virtual environment could not be made. On Debian and Ubuntu: apt-get install python3.11-venv' >&2; \
		exit 1; }
	@touch $@

$(RUN_STAMP): $(VENV)/.made requirements.txt
	@echo 'Installing what Calloff runs on (requirements.txt, checked by hash) …'
	@$(PY) -m pip install --quiet --no-compile --require-hashes -r requirements.txt
	@touch $@

$(TEST_STAMP): $(RUN_STAMP) requirements-dev.txt
	@echo 'Installing what the tests need (requirements-dev.txt, checked by hash) …'
	@$(PY) -m pip install --quiet --no-compile --require-hashes -r requirements-dev.txt
	@touch $@

UV := $(VENV)/lock/bin/uv
LOCK := $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

lock: $(VENV)/.made
	@test -x $(UV) || { $(PY) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv; }
	@$(LOCK) requirements.in -o requirements.txt
	@$(LOCK) requirements-dev.in -o requirements-dev.txt

clean:
	@rm -rf $(VENV) web/node_modules web/static/web/compiled .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
