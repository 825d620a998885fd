# The front door. Each target is a script that can be run by itself.

.PHONY: help conformance test check setup build down clean-cache

help:        ## say what there is
	@sed -n 's/^\([a-z-]*\): *## /\1\t/p' Makefile | expand -t 14

conformance: ## set up what is missing, bring a cluster up, check it, write the reports
	@ci/conformance.sh

test:        ## pass every test, offline and live
	@ci/test.sh

check:       ## formatting, lints, documentation
	@ci/check.sh

setup:       ## install the host packages that are missing
	@ci/setup.sh --tests

build:       ## build the program and its probe
	@ci/build.sh

down:        ## remove the cluster
	@target/debug/podproof cluster down

clean-cache: ## remove the caches: packages, node image, workload images
	@ci/clean-cache.sh
