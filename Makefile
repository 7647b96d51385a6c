# Everything a person or CI does with this repository. `make` alone lists the targets.

SHELL := /bin/bash
SECONDS_TO_FUZZ ?= 60

.DEFAULT_GOAL := help
.PHONY: help deps guerrillad run test bench soak fuzz format check clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

deps: ## install what building and testing need (Debian; without root: print the command)
	@dev/deps.sh build test

guerrillad: ## build the daemon (release) and put it here as ./guerrillad
	@dev/deps.sh build
	@binary=$$(dev/build-release.sh) && cp -f "$$binary" guerrillad.new && mv -f guerrillad.new guerrillad

run: guerrillad ## build the daemon and start it; it says where it listens and how to send a first mail
	@exec ./guerrillad serve

test: ## every check there is, as CI runs them (about 30 minutes on 2 cores)
	@dev/test.sh

bench: ## CPU per message beside a C floor and smtp-sink; prints Markdown tables
	@Benchmarks/run.sh

soak: ## the system tests with long parameters (about half an hour)
	@dev/soak.sh

fuzz: ## coverage-guided fuzzing of the pure session, SECONDS_TO_FUZZ=60
	@FuzzTesting/run.sh $(SECONDS_TO_FUZZ)

format: ## rewrite the Swift sources in the house style
	swift format format --in-place --recursive --parallel $(wildcard Sources Tests Examples Benchmarks FuzzTesting) Package.swift

check: ## format, module rules, documentation of the public API (seconds, no build)
	@dev/check.sh

clean: ## remove everything that was built
	rm -rf .build .build-* guerrillad Examples/*/.build FuzzTesting/.build
