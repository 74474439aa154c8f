# What a person can ask of this house. Everything is fetched into .venv and node_modules; nothing else is touched.
PYTHON ?= python3
PORT ?= 8000
DEMO ?= 1
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev build run test test-fast test-long e2e bench bench-sync shots tour seed reset lint client migration release

help:  ## this list
	@awk 'BEGIN{FS=":.*## "} /^[a-z0-9-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:
	@$(PYTHON) tools/setup.py run

setup-dev:
	@$(PYTHON) tools/setup.py dev

run: setup  ## start Fieldpledge on http://localhost:8000 (PORT=, DEMO=0 starts empty)
	@FIELDPLEDGE_PORT=$(PORT) $(BIN)/python -m backend serve --demo=$(DEMO)

test: setup-dev  ## everything that proves it: both databases, both languages, a real browser (≤ 20 min)
	@$(BIN)/python tools/test.py

test-fast: setup-dev  ## lint and the tests on SQLite, no browser
	@$(BIN)/python tools/test.py --fast

test-long: setup-dev  ## the random at length; ONLY=S1|…|S13|week|model|C1|…|C7|mutants|client|fuzz|slow-line FROM=1 COUNT=500
	@$(BIN)/python tools/test.py --long --only=$(ONLY) --from=$(FROM) --count=$(COUNT)

e2e: setup-dev  ## the story in a real browser
	@$(BIN)/python tools/test.py --e2e

bench: setup-dev  ## figures beside their bounds and this machine's own yardstick; written to docs/evidence.md
	@$(BIN)/python -m tests.bench

bench-sync: setup-dev  ## ours beside Kinto and PouchDB Server, fetched from their registries: the same work in one run
	@$(BIN)/python -m tests.bench.peers

shots: setup-dev  ## screenshots of phone, console and paper into docs/screens
	@$(BIN)/python -m tests.e2e.shots

tour: setup-dev  ## every screen in both languages and every theme, to be looked at: FOLDER=…
	@$(BIN)/python -m tests.e2e.tour $(or $(FOLDER),var/tour)

lint: setup-dev  ## ruff, types
	@$(BIN)/python tools/test.py --lint

seed: setup  ## load the demo company into an empty database
	@$(BIN)/python -m backend seed

reset:  ## throw var/ away (asks first)
	@printf 'This removes var/ with every record and photo in it. Type yes: ' && read answer && [ "$$answer" = yes ] && rm -rf var && echo 'var/ is gone.'

client: setup  ## make the apps' TypeScript types from the API's description anew
	@$(BIN)/python tools/api_client.py

release: setup-dev  ## leave the fixture that every later version must read: NAME=2
	@$(BIN)/python tools/release.py $(NAME)

migration: setup-dev  ## write the migration from the models to the newest schema: NAME="what changed"
	@$(BIN)/python -m backend migration "$(NAME)"
