# Everything a newcomer needs. Each target sets itself up; a second run starts at once.
.DEFAULT_GOAL := help
.PHONY: help demo test quick lint deps sbom bench fuzz crash soak build clean
SETUP := python3 scripts/setup.py
BIN := .venv/bin

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: ## serve a live, simulated station concourse (PORT=8040)
	@$(SETUP) run
	@$(BIN)/throng demo $(if $(PORT),--port $(PORT))

test: ## run every test
	@$(SETUP) test
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)
	@cd web && PATH="$(CURDIR)/$(BIN):$$PATH" npm --silent test

quick: ## run the tests that take less than half a minute
	@$(SETUP) test
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not realdata" $(ARGS)

lint: ## check formatting, types and the walls between the rooms
	@$(SETUP) test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd web && PATH="$(CURDIR)/$(BIN):$$PATH" npx --no-install tsc --noEmit -p tsconfig.tests.json

deps: ## check pins, licences and known vulnerabilities of what is depended on
	@$(SETUP) test
	@$(BIN)/python scripts/audit_dependencies.py

sbom: ## write the software bill of materials to dist/throng.cdx.json
	@$(SETUP) run
	@$(BIN)/python scripts/sbom.py dist/throng.cdx.json

bench: ## measure against limits and peers, side by side; writes BENCHMARKS.md (ARGS=tracking: only the tracker's parts)
	@$(SETUP) test
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.run $(ARGS)

soak: ## break three of four cameras again and again for ten minutes (SOAK_S=600)
	@$(SETUP) test
	@THRONG_SOAK_S=$(or $(SOAK_S),600) $(BIN)/python -m pytest tests/soak/test_soak.py -s $(ARGS)

fuzz: ## send the hub 50,000 made-up requests, as everybody (COUNT=50000), and open 40,000 broken films
	@$(SETUP) test
	@THRONG_FUZZ_REQUESTS=$(or $(COUNT),50000) THRONG_FUZZ_SEEDS=8 $(BIN)/python -m pytest -s tests/security/test_schemathesis.py tests/security/test_fuzzed_ingest.py tests/security/test_raw_requests.py tests/capture/test_truths.py::test_whatever_the_bytes_for_longer $(ARGS)

crash: ## kill the hub and a sensor at 200 random moments each (KILLS=200 SEED=1)
	@$(SETUP) test
	@THRONG_KILLS=$(or $(KILLS),200) THRONG_KILL_SEED=$(or $(SEED),1) $(BIN)/python -m pytest -s tests/end_to_end/test_hub_survives.py tests/end_to_end/test_sensor_survives.py $(ARGS)

build: ## build the page and a wheel into dist/
	@$(SETUP) run
	@$(BIN)/python -m hatchling build -t wheel

clean: ## remove everything that the other targets made
	@rm -rf .venv .venv-peers web/node_modules src/throng/hub/page dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
