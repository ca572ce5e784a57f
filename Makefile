# Everything starts here, or without make by the script itself: `sh build/run.sh` is `make run`.

run: ## install what is missing, build and start Gatehouse
	@sh build/run.sh $(ARGS)

build: ## both binaries, in build/bin
	@sh build/build.sh

test: ## install what the tests need and run them all
	@sh build/test.sh

check: ## format, vet, lint and types
	@sh build/check.sh

bench: ## benchmarks, and the window's size, first paint and memory; BENCH, PACKAGES, COUNT, TIME and WINDOW choose
	@BENCH='$(BENCH)' PACKAGES='$(PACKAGES)' COUNT='$(COUNT)' TIME='$(TIME)' WINDOW='$(WINDOW)' sh build/bench.sh

clean: ## remove what was built
	rm -rf build/bin build/out frontend/node_modules build/*/node_modules
	find frontend/dist -mindepth 1 -not -name .gitkeep -delete

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

# The tests measure times and fill both cores already; several targets at once would only disturb each other.
.NOTPARALLEL:
.PHONY: run build test check bench clean help
