# Each target runs a script that can also be run directly.

export ID TITLE

.PHONY: help conformance test nightly check setup build claim fixtures down clean-cache

help:        ## list the targets
	@sed -n 's/^\([a-z-]*\): *## /\1\t/p' Makefile | expand -t 14

conformance: ## install what is missing, create a cluster, check it, write the reports
	@ci/conformance.sh

test:        ## run every test that takes minutes at most, offline and live
	@ci/test.sh

nightly:     ## run longer tests: all tiers, slow and disruptive proofs, node failures
	@ci/nightly.sh

check:       ## check formatting, lints, documentation, the claims page, dependencies
	@ci/check.sh

setup:       ## install missing host packages
	@ci/setup.sh --tests

build:       ## build podproof and its probe
	@ci/build.sh

claim:       ## write the stubs of a new claim: make claim ID=AREA/NAME TITLE='one sentence'
	@ci/claim.sh "$$ID" "$$TITLE"

fixtures:    ## record what the offline tests of a claim need: make fixtures ID=AREA/NAME
	@ci/fixtures.sh "$$ID"

down:        ## delete the cluster
	@target/debug/podproof cluster down

clean-cache: ## remove the caches: packages, node image, workload images
	@ci/clean-cache.sh
