# Everything a person needs to run, test and change the portal. `make help` lists it.
# Needed beforehand: make and Python 3.11 or newer. As root or not, on any directory.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The first Python that is new enough; `make PYTHON=/path/to/python3.12 run` chooses another.
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
BIN := .venv/bin
# A shell that forbids Python to keep what it has compiled makes each of our many processes compile
# the project anew; that would be half a minute of the tests.
export PYTHONDONTWRITEBYTECODE :=
# Tools that only import the settings need some value, and no server.
OFFLINE := DATABASE_URL=postgresql:///offline SECRET_KEY=offline
PYTEST := $(BIN)/pytest
# What `check --deploy` looks at: settings as on a real server, with keys made on the spot.
random = "$$($(BIN)/python -c 'import base64, os; print(base64.b64encode(os.urandom($(1))).decode())')"
PRODUCTION = DATABASE_URL=postgresql:///offline PUBLIC_BASE_URL=https://portal.example.org \
	ALLOWED_HOSTS=portal.example.org SECRET_KEY=$(call random,48) VAULT_KEY=$(call random,32) \
	INDEX_KEY=$(call random,32) LEDGER_KEY=$(call random,32) LEDGER_ORIGIN=portal.example.org/log \
	MEDIA_ENCRYPTED=yes CLAMD_ADDRESS=/run/clamav/clamd.ctl

.PHONY: help run test lint format typecheck imports migrations deployable messages compiled bench \
	chaos e2e check lock screenshots quick-tests slow-tests browser venv install-local install-dev

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: install-local ## set everything up and serve the portal on this machine
	@exec $(BIN)/python -m requests_portal.local.run

test: lint typecheck imports migrations compiled quick-tests slow-tests ## check the code and run all tests but the long ones

lint: install-dev ## look for mistakes and for code that is not formatted
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: install-dev ## format the code and mend what can be mended safely
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

typecheck: install-dev ## check the types
	$(OFFLINE) $(BIN)/mypy workflows requests_portal

imports: install-dev
	$(BIN)/lint-imports

migrations: install-dev
	$(BIN)/python manage.py makemigrations --check --dry-run

deployable: install-dev
	@echo "manage.py check --deploy, with the settings of a server"
	@$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

messages: install-dev ## gather the sentences to translate, and compile the message catalogues
	$(BIN)/python -m requests_portal.local.catalogue
	$(BIN)/python -m requests_portal.local.messages

compiled: install-dev
	$(BIN)/python -m requests_portal.local.messages

quick-tests: install-dev
	$(PYTEST) -n 2 -m "not stack and not browser and not chaos"

# Two stacks side by side; a file keeps to one of them.
slow-tests: install-dev browser
	$(PYTEST) -n 2 --dist loadfile -m "stack or browser"

e2e: install-dev browser ## run the tests in a browser
	$(PYTEST) -m browser

chaos: install-dev ## run the long tests: killed workers, lost brokers, restarted databases, many examples
	$(PYTEST) -m chaos
	$(PYTEST) -n 2 --hypothesis-profile=thorough -m "hypothesis and not chaos"

bench: install-dev ## measure, without judging
	@for script in tests/bench/[a-z]*.py; do $(BIN)/python "$$script" || exit 1; done

check: lint typecheck imports migrations deployable compiled ## check everything but by running it
	$(PYTEST) tests/test_messages.py tests/test_compose.py

screenshots: install-dev browser ## take the screenshots of the README
	$(BIN)/python -m tests.screenshots

lock: venv ## lock the dependencies of pyproject.toml and requirements/*.in, with hashes
	@test -x .venv/lock/bin/uv || { $(PYTHON) -m venv .venv/lock \
		&& .venv/lock/bin/pip install --quiet --quiet --disable-pip-version-check uv; }
	$(call lock,base)
	$(call lock,local,requirements/local.in)
	$(call lock,dev,--extra cluster requirements/local.in requirements/dev.in)

# Writes requirements/$(1).txt: the packages of the portal, and those that $(2) adds.
define lock
@echo "requirements/$(1).txt"
@UV_CUSTOM_COMPILE_COMMAND="make lock" .venv/lock/bin/uv pip compile --quiet --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url \
	--output-file requirements/$(1).txt pyproject.toml --extra portal $(2) >/dev/null
endef

browser: install-dev
	@$(BIN)/python -m tests.chromium

venv:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Requests Portal needs Python 3.11 or newer; found: $$(python3 --version 2>&1)." >&2; \
		echo "Install one and name it: make PYTHON=/path/to/python3 run" >&2; exit 1; fi
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo "Making a virtual environment in .venv"; \
		$(PYTHON) -m venv --clear .venv || { rm -rf .venv; \
			echo "Python cannot make a virtual environment. Debian: apt-get install python3-venv" >&2; \
			exit 1; }; fi

install-local: venv
	$(call install,local)

install-dev: venv
	$(call install,dev)

# Installs the locked packages of requirements/$(1).txt unless these very ones are installed. The
# stamp is named after the lock's checksum. Then compiles the kernel of the look-up, if it can be.
define install
@stamp=.venv/$(1)-$$(cksum < requirements/$(1).txt | tr ' ' '-'); \
if [ ! -e "$$stamp" ]; then \
	echo "Installing the packages of requirements/$(1).txt; this takes a minute or two."; \
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-input --require-hashes \
		--requirement requirements/$(1).txt || exit 1; \
	rm -f .venv/$(1)-*; touch "$$stamp"; \
fi
@$(BIN)/python -m workflows.corpus.normalize.kernel.native
endef
