# The two commands of a fresh machine: make demo, make test. Both set up what they need first.
.DEFAULT_GOAL := help
.PHONY: setup demo run test bench mutate check requirements clean help
PY := .venv/bin/python

setup: ## virtual environment, packages, Azurite; instant when they are there
	@sh local/bootstrap.sh

demo: setup ## a 2,000 user tenant synced twice, step by step; ONCE=1 ends after it, USERS=n
	@$(PY) -m local.demo

run: setup ## the whole system on this machine, with a first integration key; PORT=n, USERS=n
	@$(PY) -m local.run

test: setup ## the test suite; ARGS="-k names" for a part of it
	@$(PY) -m pytest -n 2 --dist loadfile $(ARGS)

bench: setup ## figures beside their floors; SIZES="10000 30000" for other tenants; writes bench/results/latest.json
	@$(PY) -m bench

mutate: setup ## breaks the rules and the plan in thousands of ways, and counts what their tests notice; 10 minutes; CHILDREN=n
	@rm -rf mutants
	@HYPOTHESIS_PROFILE=short .venv/bin/mutmut run --max-children $(or $(CHILDREN),2)
	@.venv/bin/mutmut export-cicd-stats
	@$(PY) -m local.mutation

check: setup ## format, lint, types, layers, requirements in step with pyproject.toml
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/pyright
	@.venv/bin/lint-imports --no-logo
	@sh local/requirements.sh check

requirements: setup ## compile requirements.txt and requirements-dev.txt; UPGRADE=1 takes the newest versions
	@sh local/requirements.sh write

clean: ## remove everything that setup and the local system made
	rm -rf .venv .node .local mutants .pytest_cache .hypothesis .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | expand -t 14
