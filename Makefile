# Every command sets up what it needs; run a second time, the set-up is quick.
.DEFAULT_GOAL := help
.PHONY: help demo test slow-test bench bench-national format clean
SHELL := bash
python := .venv/bin/python
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell nproc 2>/dev/null || echo 2)
export CTEST_PARALLEL_LEVEL ?= $(CMAKE_BUILD_PARALLEL_LEVEL)

help: ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: ## a market of 20,000 firms, solved, verified and reported in demo-output/
	@scripts/bootstrap.sh demo
	@.venv/bin/libmatch demo --out demo-output

test: ## all tests: C++, C++ under sanitizers, code base, Python
	@scripts/bootstrap.sh test
	@cmake --workflow --preset release
	@cmake --workflow --preset asan
	@$(python) -m pytest

slow-test: ## what takes minutes: a wheel built with nothing but a compiler
	@scripts/bootstrap.sh test
	@$(python) -m pytest -m slow

bench: ## kernels, and the assignment beside other solvers
	@scripts/bootstrap.sh bench
	@cmake --preset release && cmake --build --preset release
	@$(python) bench/run.py

bench-national: ## assignment from 10,000 to 3,000,000 firms; writes docs/performance.md
	@scripts/bootstrap.sh bench
	@$(python) bench/national/run.py

format: ## write all code in the project's format
	@scripts/bootstrap.sh test
	@find libmatch bindings tests bench -name '*.[ch]pp' 2>/dev/null | xargs .venv/bin/clang-format -i
	@.venv/bin/ruff check --fix --quiet . && .venv/bin/ruff format --quiet .

clean: ## remove what these commands made, .venv and build included
	@rm -rf .venv build dist demo-output
