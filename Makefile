# mega: `make run` and `make test` take a bare Debian 12 to the result; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
BIN := build/release/bin/mega

.PHONY: sdk help run test build setup unit contracts contracts-fuzz clients demo-l1 differential simulation gcc asan tsan bench fuzz soak soak-parallel lint lint-all format clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing: Debian packages, npm packages
	@tools/setup

build: setup ## Build the release binary (build/release/bin/mega)
	@tools/build release mega

run: build ## Start the development chain: L2 node, prefunded accounts, all RPC methods
	@exec $(BIN) dev $(ARGS)

test: build ## Everything CI runs: unit tests, layering, real clients against a real node, bad input
	@tools/test

unit: setup ## Unit tests of the dev preset alone
	@tools/build dev all && ctest --test-dir build/dev --output-on-failure -j $(JOBS)

contracts: setup ## Solidity contracts: forge tests, invariants, gas against the snapshot
	@tools/test contracts

contracts-fuzz: setup ## The same tests with fuzzing and invariants for long
	@FOUNDRY_PROFILE=heavy tools/contracts test --match-test 'testFuzz|invariant' --fuzz-seed $(or $(SEED),$(shell date +%s))

clients: build ## cast, viem, ethers, forge and hardhat against a real node
	@tools/test clients

demo-l1: build ## Both layers end to end, to watch: deposit, blob, crash, L1 reorganisation, rebuild, withdrawal
	@node tools/demo_l1.mjs

differential: build ## Random programs against @ethereumjs/vm for SECONDS_EACH (default 600), a fresh seed each time
	@node tests/differential/run.mjs --seconds $(or $(SECONDS_EACH),600)

simulation: ## The economy of MEGA for EPOCHS (default 4000) epochs in each scenario; renews table and plot in docs/token-economics.md
	@node tests/simulation/run.mjs --epochs $(or $(EPOCHS),4000) --seed $(or $(SEED),mega) --write

gcc: setup ## The same unit tests under g++ 12
	@tools/build gcc all && ctest --test-dir build/gcc --output-on-failure -j $(JOBS)

asan: setup ## Unit and integration tests with AddressSanitizer and UBSan
	@tools/test asan

tsan: setup ## Unit and integration tests with ThreadSanitizer
	@tools/test tsan

bench: build ## All benchmarks; figures go to build/bench
	@tools/bench

fuzz: setup ## Run every fuzzer for SECONDS_EACH (default 60)
	@tools/fuzz $(or $(SECONDS_EACH),60)

soak: build ## Load, kill -9 and restart a node in a loop for MINUTES (default 30)
	@tools/soak $(or $(MINUTES),30)

soak-parallel: setup ## Random and adversarial blocks in parallel and one by one, for MINUTES (default 30)
	@tools/soak_parallel $(or $(MINUTES),30)

sdk: setup ## Compile the TypeScript SDK (sdk/typescript/dist)
	@tools/sdk

lint: setup ## Formatting, clang-tidy, layering, headers that compile alone
	@tools/lint

lint-all: setup ## The same, with clang-tidy over tests, fuzzers and benchmarks too
	@tools/lint all

format: setup ## Format the C++ sources in place
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i

clean: ## Remove build outputs
	@rm -rf build
