.DEFAULT_GOAL := help
.PHONY: help build test test-full verdicts race lint fuzz pgo bench bench-code bench-fleet bench-sim bench-crew real corpus browser fidelity fidelity-short image image-check cross release-check demo clean

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 5000x
BENCHTIME   ?= 1s
REPEATS     ?= 3
JOBS        ?= 2

# lab runs something that needs browsers; without them it is skipped, loudly, but not in CI.
lab = @lab/ready && { $(1); } || { code=$$?; if [ $$code = 3 ] && [ -z "$$CI" ]; then echo "SKIPPED: make $@"; exit 0; fi; exit $$code; }

help:        ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## ?/	/' | while IFS='	' read -r t d; do printf '  make %-15s %s\n' "$$t" "$$d"; done

build:       ## build bin/hlsload, the full build: with AWS, and optimised for how it is used (make pgo)
	$(GO) build -tags full -pgo cmd/hlsload/cpu.pgo -trimpath -o bin/hlsload ./cmd/hlsload

test:        ## the tests of the core build; needs nothing but Go
	@list=$$($(GO) list ./...) || exit 1; $(GO) test -timeout 18m $$(echo "$$list" | grep -v '^hlsload/chaos/aws/')

test-full:   ## all tests, AWS included
	$(GO) test -tags full -timeout 18m ./...

verdicts:    ## the verdict of every scenario that ships, with many players and seeds: some minutes
	$(GO) test -count=1 -timeout 30m ./cmd/hlsload -run ShippedVerdicts -grid

race:        ## all tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -tags full -race -short -timeout 35m ./...

lint:        ## gofmt, go vet, go mod tidy, staticcheck (pinned)
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt would change: $$unformatted"; exit 1; }
	$(GO) vet -tags full ./...
	$(GO) vet ./cmd/hlsload ./run/cloud
	$(GO) mod tidy -diff
	$(GO) run $(STATICCHECK) -tags full ./...

fuzz:        ## every fuzz target with FUZZTIME inputs (a length of time can fail without a finding: golang/go#75804)
	@list=$$($(GO) test -tags full -list '^Fuzz' ./...) || { echo "$$list"; exit 1; }; \
	echo "$$list" | awk '/^Fuzz/ {name[n++]=$$1} /^ok/ {for (i=0;i<n;i++) print $$2, name[i]; n=0}' | \
	while read -r pkg name; do \
		echo "fuzz $$pkg $$name"; \
		$(GO) test -tags full -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$pkg </dev/null || exit 1; \
	done

pgo:         ## cmd/hlsload/cpu.pgo anew: where simulations, players and the rig spend their CPU, for the compiler
	@mkdir -p bin
	$(GO) test ./sim -run '^$$' -bench 'Simulate/1000$$' -benchtime 10x -o bin/sim.test -cpuprofile bin/sim.prof
	$(GO) test ./run/fleet -run '^$$' -bench 'Fleet$$' -benchtime 2x -o bin/fleet.test -cpuprofile bin/fleet.prof
	$(GO) test ./rig/serve -run '^$$' -bench . -benchtime 2s -o bin/serve.test -cpuprofile bin/serve.prof
	$(GO) tool pprof -proto bin/sim.prof bin/fleet.prof bin/serve.prof >cmd/hlsload/cpu.pgo

bench: bench-code bench-fleet bench-sim bench-crew  ## all four of the following; figures, not verdicts

bench-code:  ## Go benchmarks of the packages
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

bench-fleet: build  ## 5,000 players in one process, the rig in another: lag, CPU, memory a player; writes machine.yaml for capacity
	scenarios/bench/fleet bin/hlsload

bench-sim: build  ## 100,000 players for 10 minutes in virtual time: seconds, memory a player
	scenarios/bench/simulation bin/hlsload

bench-crew: build  ## a conductor of 200 agents with 10,000 players: its CPU; METRICS=1: while it is scraped
	scenarios/bench/crew bin/hlsload

real: build  ## watch a channel of ffmpeg, nginx and varnish while an encoder freezes, then crashes
	@scenarios/real/live run || { code=$$?; \
		if [ $$code = 3 ] && [ -z "$$CI" ]; then echo "SKIPPED: make real"; exit 0; fi; exit $$code; }

corpus:      ## playlists as they are in the wild, read by the parsers of real players as well
	$(call lab,HLSLOAD_CORPUS=1 $(GO) test -count=1 -run Corpus -v ./player/m3u8)

browser: build  ## watch the embedded channel, and the page of rig, with hls.js in headless Chromium
	$(call lab,node lab/playable.mjs && node lab/watch.mjs)

fidelity: build  ## real players beside their profiles, REPEATS (3) of every case: an hour or two; writes docs/fidelity.md
	$(call lab,node lab/compare.mjs --fresh --jobs $(JOBS) --repeats $(REPEATS) && node lab/report.mjs docs/fidelity.md)

fidelity-short: build  ## the same on one kill and one freeze, and the lab's own tests: two minutes
	$(call lab,node --test lab/lab.test.mjs && node lab/short.mjs)

image:       ## the container image hlsload:dev, from a static full build; needs podman or buildah, and no registry
	@GO='$(GO)' deploy/image/build

image-check: ## build an image and run it as a cluster would: not as root, on a root that is read-only
	@GO='$(GO)' deploy/image/check || { code=$$?; \
		if [ $$code = 3 ] && [ -z "$$CI" ]; then echo "SKIPPED: make image-check"; exit 0; fi; exit $$code; }

# The core and the full build share nearly all packages, so the second of a system takes seconds.
cross:       ## compile for Windows and macOS, core and full (TAGS=core: core alone); nothing of it is run
	@for system in windows/amd64 darwin/arm64; do for tags in $(or $(TAGS),full core); do \
		echo "compile for $$system ($$tags)"; \
		CGO_ENABLED=0 GOOS=$${system%/*} GOARCH=$${system#*/} $(GO) build -tags $$tags -o bin/cross/hlsload-$${system%/*}-$$tags ./cmd/hlsload || exit 1; \
	done; done

release-check: ## build a snapshot of a release, and check archives, packages, checksums and image: 20 minutes; SHORT=1: this system
	@GO='$(GO)' deploy/release/check $(if $(SHORT),--short)

demo:        ## the main job: a pipeline of the embedded channel dies under 300 players
	@echo "compiling; the first time that takes about a minute"
	@$(GO) build -o bin/hlsload-core ./cmd/hlsload
	bin/hlsload-core run pipeline-kill

clean:       ## remove what was built and what runs left behind
	rm -rf bin hlsload-out scenarios/real/work
	$(GO) clean -testcache
