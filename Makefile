# The front door. Each target is a script that can be run by itself.

.PHONY: help conformance test nightly check setup build down clean-cache

help:        ## say what there is
	@sed -n 's/^\([a-z-]*\): *## /\1\t/p' Makefile | expand -t 14

conformance: ## set up what is missing, bring a cluster up, check it, write the reports
	@ci/conformance.sh

test:        ## every test that ends in minutes, offline and live; a table at the end
	@ci/test.sh

nightly:     ## what takes longer: all tiers, the slow and the disruptive proofs, nodes that die
	@ci/nightly.sh

check:       ## formatting, lints, documentation, the page of claims
	@ci/check.sh

setup:       ## install the host packages that are missing
	@ci/setup.sh --tests

build:       ## build the program and its probe
	@ci/build.sh

down:        ## remove the cluster
	@target/debug/podproof cluster down

clean-cache: ## remove the caches: packages, node image, workload images
	@ci/clean-cache.sh
