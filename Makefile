# Each target first installs what it needs into .venv. The main ones are `make run` and `make test`.

# The first of these Pythons that starts (a stub of a version manager may not), is new enough and can create a .venv.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
BIN := .venv/bin
READY := .venv/.ready
PYTEST := $(BIN)/python -m pytest
# A worker takes half of the files in order, so that fixtures of a file are made once, and helps the other at the end.
IN_TWO := -n 2 --dist worksteal
# No lock file, because it would contain the address of a registry. package.json has exact versions.
NPM_INSTALL := npm install --no-package-lock --no-audit --no-fund --loglevel=error --fetch-retries=1 \
	--fetch-retry-mintimeout=1000 --fetch-timeout=20000
ESLINT_READY := { [ node_modules/.ready -nt package.json ] || { $(NPM_INSTALL) && touch node_modules/.ready; }; }

.PHONY: run test test-newest lint lint-js docs dist bench verify explore

run: $(READY) ## run the nine strategies and waiting; print their table, draw their figure
	$(BIN)/rekindle sweep configs/nine_strategies.toml
	$(BIN)/rekindle figure nine_strategies

test: $(READY) ## run all tests in two processes
	$(PYTEST) $(IN_TWO)

test-newest: $(READY) ## run a few tests on the newest other Python on this machine
	$(BIN)/python .ci/newest.py

lint: $(READY) ## check style and types with ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint-js: ## check the page's JavaScript with ESLint; skipped without npm
	@if ! command -v npm >/dev/null; then \
		echo "lint-js is skipped: there is no npm on this machine"; \
	elif ! $(ESLINT_READY); then \
		echo "lint-js is skipped: npm could not install ESLint (is its registry reachable?)"; \
	else \
		node_modules/.bin/eslint . && echo "ESLint: all checks passed"; \
	fi

docs: $(READY) ## build the documentation as a site into build/site
	rm -rf build/site
	$(BIN)/python docs/build_site.py build/site
	@echo "Open build/site/index.html in a browser."

dist: $(READY) ## build the source distribution and the wheel into dist, and check both
	PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet build twine
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*

bench: $(READY) ## measure the speed of both engines, of comparable models and of sweeps
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.sweeps

verify: $(READY) ## run slow and statistical checks, which take hours; draws plots
	$(BIN)/python -m verification.strength
	$(BIN)/python -m verification.rule_three
	$(BIN)/python -m verification.experiments
	$(BIN)/python -m verification.engines
	$(BIN)/python -m verification.ablations
	$(BIN)/python -m verification.ablations_of_logs
	$(BIN)/python -m verification.closeness
	$(BIN)/python -m verification.two_years
	$(BIN)/python -m verification.validation
	$(BIN)/python -m verification.crashes 200
	$(BIN)/python -m verification.damaged_worlds
	$(BIN)/python -m verification.last_bits
	$(BIN)/python -m verification.bit_flips
	$(BIN)/python -m verification.configs
	$(BIN)/python -m verification.logs
	$(BIN)/python -m verification.calibration
	$(BIN)/python -m verification.signals
	$(BIN)/python -m verification.coverage
	$(BIN)/python -m verification.sequential_coverage
	$(BIN)/python -m verification.plausible_worlds
	$(BIN)/python -m verification.posterior
	$(BIN)/python -m verification.peers
	$(BIN)/python -m verification.mutants

explore: $(READY) ## run all tests, with new random examples instead of the fixed ones
	$(PYTEST) $(IN_TWO) --hypothesis-profile=explore

$(READY): pyproject.toml constraints.txt
	$(or $(PYTHON),$(error Python 3.11 or later with venv was not found; give its path with PYTHON=path)) -m venv .venv
	PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --editable '.[dev]'
	touch $@
