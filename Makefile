# gitblog's commands. `make help` lists them; CONTRIBUTING.md says when to use which.
# Needs Python 3.11 or newer, git and make; everything else goes into .venv.

SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
UV := uv==0.13.9

# The stamps name what was installed: a changed lock installs again, nothing else does.
lock_sum = $(shell cksum <$(1) | tr -s " \t" "--")
RUNTIME := $(VENV)/.runtime-$(call lock_sum,requirements.txt)
DEVELOPMENT := $(VENV)/.development-$(call lock_sum,requirements-dev.txt)

# `.env` is read by the shell, and what the environment or make's command line says wins over it.
READ_ENV = if [ -f .env ]; then e=$$(export -p); set -a; . ./.env; set +a; eval "$$e"; fi

# MODE=live (default) or dev; sets the positional parameters to gunicorn's reload options.
READ_MODE = case "$${MODE:-live}" in \
	live) set -- ;; \
	dev) set -- --reload $$(find gitblog/themes content -type f ! -name '* *' | sed 's/^/--reload-extra-file /') ;; \
	*) echo "make: MODE is '$$MODE'; it must be live or dev" >&2; exit 2 ;; esac

SERVE = $(READ_MODE); $(BIN)/python -m gitblog db upgrade && \
	exec $(BIN)/python -m gunicorn -c gunicorn.conf.py "$$@" 'gitblog:create_app()'

PYTEST = $(BIN)/python -m pytest

# The second file is the mode's: docker-compose.live.yml or docker-compose.dev.yml. Compose reads .env by itself.
COMPOSE = docker compose -f docker-compose.yml -f docker-compose.$(or $(1),live).yml

# The tables are made by a container that is gone afterwards; the others start when that went well.
define up
$(call COMPOSE,$(1)) build
$(call COMPOSE,$(1)) run --rm migrate
$(call COMPOSE,$(1)) up $(2)
endef

.PHONY: help setup run run-postgres test test-postgres test-long test-guards test-image test-fresh test-system audit-site check \
	build run-dev run-live kill bench lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  make %-14s %s\n' "$$name" "$$text"; done

setup: $(RUNTIME) ## make .venv with what gitblog needs to run, and the gitblog command

run: $(RUNTIME) ## serve the blog on http://127.0.0.1:8000 (PORT=9000, MODE=dev reloads on every change)
	@$(READ_ENV); $(SERVE)

run-postgres: $(DEVELOPMENT) ## the same site on a PostgreSQL server that lives as long as the command
	@$(READ_ENV); $(BIN)/python -m tests.postgres /bin/sh -c '$(subst ','\'',$(SERVE))'

test: $(DEVELOPMENT) test-system ## run the whole test suite (ARGS="-k name" runs a part)
	$(PYTEST) -n auto --maxprocesses 8 --dist worksteal $(ARGS)

test-postgres: $(DEVELOPMENT) ## only the tests that use PostgreSQL, on one version (MAJOR=15 or 18)
	$(PYTEST) -n auto --maxprocesses 8 --dist worksteal -m postgresql --postgres-major $(or $(MAJOR),18) $(ARGS)

test-long: $(DEVELOPMENT) ## grow 5,000 random histories from a fresh seed (SEED=1 COUNT=200 for others)
	$(BIN)/python -m tests.long --seed '$(SEED)' --count '$(COUNT)'

test-guards: $(DEVELOPMENT) ## break each guarded line in a scratch copy, where its test must fail (ARGS=rank tries a part)
	$(BIN)/python -m tests.guarding $(ARGS)

test-image: $(DEVELOPMENT) ## build the container image and run it (root, apt-get; minutes the first time)
	$(PYTEST) -rsP tests/image $(ARGS)

test-fresh: $(DEVELOPMENT) ## make run and make test on a new minimal Debian, as root and as a plain user (root, apt-get)
	$(PYTEST) -rsP tests/fresh $(ARGS)

# Chromium is the one thing pip cannot bring; without it the browser tests say so (and fail when CI=true).
test-system:
	@if command -v chromium chromium-browser google-chrome >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		{ apt-get update -q && DEBIAN_FRONTEND=noninteractive \
			apt-get install -yq --no-install-recommends chromium; } >/dev/null 2>&1 \
		|| echo "Chromium could not be installed by apt-get; the browser tests are skipped." >&2; \
	else echo "Chromium is not installed; the browser tests are skipped." >&2; fi

audit-site: $(DEVELOPMENT) test-system ## judge every kind of page of the starter by Nu's HTML checker and axe-core, and print the counts
	$(BIN)/python -m tests.audits

check: $(DEVELOPMENT) ## style, types, import direction, schemas and the Dockerfile (under a minute)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose*.yml
	$(BIN)/hadolint Dockerfile

build: ## build the container image (GITBLOG_IMAGE of .env names it)
	$(call COMPOSE,$(MODE)) build

run-dev: ## serve this checkout from containers, with PostgreSQL; code, templates and posts reload (needs docker compose)
	$(call up,dev)

run-live: ## serve the image from containers in the background, as on a server (needs docker compose)
	$(call up,live,--detach --wait)

kill: ## stop and remove the containers and the network of run-dev and run-live; the volumes stay
	$(call COMPOSE,$(MODE)) --profile '*' down --remove-orphans

bench: $(DEVELOPMENT) ## measure time and memory against peers (ARGS="--quick", ARGS="page_size --explain", ARGS=--help)
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(DEVELOPMENT) ## write requirements.txt and requirements-dev.txt from their .in files (UPGRADE=1 takes new releases)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(if $(UPGRADE),--upgrade) \
		--custom-compile-command 'make lock' requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(if $(UPGRADE),--upgrade) \
		--custom-compile-command 'make lock' requirements-dev.in -o requirements-dev.txt

clean: ## remove .venv, the caches and the containers, and print what went; no volume, no .env, no content, no data
	@for path in .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info; do \
		if [ -e "$$path" ]; then rm -rf "$$path" && echo "removed $$path"; fi; done
	@find gitblog tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null; \
		echo "removed __pycache__ folders"
	@$(READ_ENV); ours="label=com.docker.compose.project=$${COMPOSE_PROJECT_NAME:-gitblog}"; \
	if ! command -v docker >/dev/null 2>&1; then exit 0; fi; \
	if ! docker container ls --quiet >/dev/null 2>&1; then \
		echo "docker does not answer: what it may hold of gitblog was left alone" >&2; exit 0; fi; \
	for id in $$(docker container ls --all --quiet --filter "$$ours"); do \
		docker container rm --force "$$id" >/dev/null && echo "removed container $$id"; done; \
	for id in $$(docker network ls --quiet --filter "$$ours"); do \
		docker network rm "$$id" >/dev/null && echo "removed network $$id"; done; \
	for id in $$(docker image ls --quiet --filter dangling=true --filter "$$ours"); do \
		docker image rm "$$id" >/dev/null && echo "removed image $$id"; done

$(RUNTIME): | $(BIN)/pip
	@echo "Installing what gitblog needs to run (once) ..."
	@$(call install,requirements.txt)
	@rm -f $(VENV)/.runtime-* && touch $@

# The development lock holds everything of the runtime lock, in the same versions.
$(DEVELOPMENT): | $(BIN)/pip
	@echo "Installing what the tests and checks need (once) ..."
	@$(call install,requirements-dev.txt)
	@rm -f $(VENV)/.development-* $(VENV)/.runtime-* && touch $(RUNTIME) $@

# The checkout itself is put on the path, so that `gitblog` runs what stands here: no build, nothing written beside it.
define install
$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1) && \
site=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') && \
pwd > "$$site/gitblog.pth" && \
printf '#!%s\nimport sys\n\nfrom gitblog.cli import main\n\nsys.exit(main())\n' "$$(cd $(BIN) && pwd)/python" > $(BIN)/gitblog && \
chmod +x $(BIN)/gitblog
endef

# A name on PATH proves nothing (pyenv's shims exist for absent versions): each candidate is asked for its version,
# from the root, because `.python-version` is Heroku's and would make pyenv refuse every other one.
$(BIN)/pip:
	@for name in python3.13 python3.12 python3.11 python3; do \
		python=$$(cd / && "$$name" -c 'import sys; print(sys.executable if sys.version_info >= (3, 11) else "")' 2>/dev/null); \
		if [ -n "$$python" ]; then \
			if ! (cd / && "$$name" -c 'import ensurepip, venv') >/dev/null 2>&1; then \
				echo "make: $$name cannot make a virtual environment; on Debian and Ubuntu: apt-get install $$name-venv" >&2; \
				exit 2; \
			fi; \
			echo "Making $(VENV) with $$("$$python" --version) ..."; \
			exec "$$python" -m venv $(VENV); \
		fi; \
	done; \
	echo "make: gitblog needs Python 3.11 or newer, and found none on PATH" >&2; exit 2
