# Copyright (c) 2026, teamchat.zoom contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# The newest Python that this machine has; ansible-core needs 3.10 at least.
PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3.10 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Python and Ansible find the collection by its name through a link, ansible-test only in a copy.
LINK := .collections/ansible_collections/teamchat/zoom
COPY := .build/ansible_collections/teamchat/zoom
# A file's tests stay together, because some of them share what is made once.
WORKERS ?= auto
# Unit tests wait more than they work.
UNIT_WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * os.cpu_count())')
PYTEST = -m pytest --dist loadscope
# Each process of a test leaves a file of what it ran through.
COVERED := COVERAGE_SOURCE=$(CURDIR)/plugins COVERAGE_FILE=$(CURDIR)/.build/coverage/data $(BIN)/coverage
IMPORTER := .build/galaxy-importer
# Newer versions of make show the output of each target as a whole.
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

export PATH := $(CURDIR)/$(BIN):$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.collections

.DEFAULT_GOAL := help

.PHONY: help
help: ## show the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: demo
demo: setup ## send messages to a sandbox on this machine and show what arrived (KEEP=1 leaves it open)
	@$(BIN)/python -m tests.demo $(if $(KEEP),--keep)

.PHONY: test
test: setup ## everything that must pass
	@# These use one processor each; the tests after them use all, and must not wait for others while they measure time.
	$(MAKE) --no-print-directory --jobs=2 $(TOGETHER) lint docs types sanity build
	$(MAKE) --no-print-directory units integration coverage
	@echo "All checks passed."

.PHONY: setup
setup: $(VENV)/.ready $(LINK) ## .venv with all tools, and .collections, where Ansible finds this checkout

$(VENV)/.ready: requirements-dev.txt requirements.txt docs/site/requirements.txt
	@test -n "$(PYTHON)" || { echo "Python 3.10 or newer is needed; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(LINK):
	@mkdir -p $(dir $@)
	@ln -sfn ../../.. $@

.PHONY: copy
copy: setup
	@rm -rf $(COPY) && mkdir -p $(COPY)
	@git ls-files -z --cached --others --exclude-standard | xargs -0 -I{} sh -c 'test ! -e "$$1" || echo "$$1"' _ {} \
		| tar -cf - -T - | tar -xf - -C $(COPY)
	@cd $(COPY) && git init -q && git add -A

.PHONY: lint
lint: setup ## formatting, lint, licences, changelog, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/yamllint --strict .
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/*_*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/ansible-lint --offline --profile production
	$(BIN)/reuse --suppress-deprecation lint --quiet
	$(BIN)/antsibull-changelog lint
	cd $(LINK) && $(CURDIR)/$(BIN)/antsibull-docs lint-collection-docs --plugin-docs --skip-rstcheck .

.PHONY: format
format: setup ## put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: types
types: setup ## mypy, strict
	MYPYPATH=.collections $(BIN)/mypy -p ansible_collections.teamchat.zoom.plugins -p ansible_collections.teamchat.zoom.tests

.PHONY: sanity
sanity: copy ## ansible-test sanity
	cd $(COPY) && ansible-test sanity --venv --color no

.PHONY: units
units: setup ## unit tests, and the sandbox's own
	@mkdir -p .build/coverage
	$(COVERED) run $(PYTEST) -n $(UNIT_WORKERS) tests/unit $(ARGS)

# Serves Zoom's own API document; the tests that want it skip without it.
.PHONY: prism
prism:
	@test -x .build/prism/node_modules/.bin/prism || ! command -v npm >/dev/null || { mkdir -p .build/prism \
		&& npm install --prefix .build/prism --no-audit --no-fund --silent @stoplight/prism-cli; }

.PHONY: integration
integration: copy prism ## real playbooks against the sandbox
	@mkdir -p .build/coverage
	$(COVERED) run $(PYTEST) -n $(WORKERS) tests/integration $(ARGS)
	$(BIN)/python -m tests.integration.run $(COPY)

.PHONY: coverage
coverage: setup ## lines and branches of plugins/ that the tests before it ran through
	$(COVERED) combine --quiet
	$(COVERED) report

SITE := .build/docs

.PHONY: docs
docs: setup ## build the documentation's site; any warning is an error
	@rm -rf $(SITE) && mkdir -p -m 755 $(SITE) $(SITE)/source $(SITE)/source/reference
	@cp -R docs/*.md docs/images docs/site/index.md $(SITE)/source/
	@cp CHANGELOG.md $(SITE)/source/changelog.md
	@# The list of pages for GitHub; the site has an index of its own.
	@rm $(SITE)/source/README.md
	$(BIN)/antsibull-docs collection --use-current --squash-hierarchy --fail-on-error --no-add-antsibull-docs-version \
		--dest-dir $(SITE)/source/reference teamchat.zoom
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --conf-dir docs/site --doctree-dir $(SITE)/doctrees \
		$(SITE)/source $(SITE)/html
	@echo "The site is in $(SITE)/html/index.html."

# Versions of ansible-core and Python, kinds of tests (sessions of noxfile.py), and where it is written down what passed.
CORES ?= 2.16 2.17 2.18 2.19 2.20 2.21
PYTHONS ?= 3.9 3.10 3.11 3.12 3.13
KINDS ?= units integration sanity targets requests
TESTED ?= tests/tested.json

.PHONY: matrix
matrix: export CORES := $(CORES)
matrix: export PYTHONS := $(PYTHONS)
matrix: export TESTED := $(TESTED)
matrix: copy prism ## all tests on every ansible-core (CORES="2.16 2.17" PYTHONS=3.12 KINDS="units sanity" for some)
	$(BIN)/nox --session $(KINDS) $(if $(ARGS),-- $(ARGS))

.PHONY: bench
bench: setup ## measure, as ratios within one run
	PYTHONPATH=.collections $(BIN)/python -m tests.benchmark.run

MUTANTS := .build/mutants

.PHONY: mutants
mutants: copy ## which changes of the pure parts the unit tests would not notice (ARGS="*._text.*" for some)
	@mkdir -p $(MUTANTS)
	@rm -rf $(MUTANTS)/ansible_collections $(MUTANTS)/mutants && cp -R .build/ansible_collections $(MUTANTS)/
	@cp pyproject.toml $(MUTANTS)/
	cd $(MUTANTS) && mutmut run $(ARGS)
	@cd $(MUTANTS) && mutmut results | grep -v ": not checked" || echo "Every change was noticed."

.PHONY: build
build: copy $(IMPORTER)/.ready ## build the archive for Galaxy, import it as Galaxy does, and use it where nothing else is
	@rm -rf .build/archive
	cd $(COPY) && ansible-galaxy collection build --output-path $(CURDIR)/.build/archive
	$(BIN)/pytest tests/build $(ARGS)

$(IMPORTER)/.ready: tests/build/requirements.txt | setup
	$(PYTHON) -m venv $(IMPORTER)
	$(IMPORTER)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/build/requirements.txt
	@touch $@

.PHONY: clean
clean: ## remove what the commands made
	rm -rf .venv .collections .build
