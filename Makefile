.DEFAULT_GOAL := help
.PHONY: help build test race lint fuzz bench bench-code bench-fleet bench-sim real corpus browser fidelity fidelity-short demo clean

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 5s
BENCHTIME   ?= 1s
REPEATS     ?= 3
JOBS        ?= 2

# lab runs something that needs browsers; without them it is skipped, loudly, but not in CI.
lab = @lab/ready && { $(1); } || { code=$$?; if [ $$code = 3 ] && [ -z "$$CI" ]; then echo "SKIPPED: make $@"; exit 0; fi; exit $$code; }

help:        ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## ?/	/' | while IFS='	' read -r t d; do printf '  make %-15s %s\n' "$$t" "$$d"; done

build:       ## build bin/hlsload
	$(GO) build -trimpath -o bin/hlsload ./cmd/hlsload

test:        ## all tests; needs nothing but Go
	$(GO) test -timeout 18m ./...

race:        ## all tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -short -timeout 35m ./...

lint:        ## gofmt, go vet, go mod tidy, staticcheck (pinned)
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt would change: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags noaws ./cmd/hlsload
	$(GO) mod tidy -diff
	$(GO) run $(STATICCHECK) ./...

fuzz:        ## every fuzz target for FUZZTIME (5s)
	@list=$$($(GO) test -list '^Fuzz' ./...) || { echo "$$list"; exit 1; }; \
	echo "$$list" | awk '/^Fuzz/ {name[n++]=$$1} /^ok/ {for (i=0;i<n;i++) print $$2, name[i]; n=0}' | \
	while read -r pkg name; do \
		echo "fuzz $$pkg $$name"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$pkg </dev/null || exit 1; \
	done

bench: bench-code bench-fleet bench-sim  ## all three of the following; figures, not verdicts

bench-code:  ## Go benchmarks of the packages
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

bench-fleet: build  ## 5,000 players in one process, the rig in another: lag, CPU, memory a player
	scenarios/bench/fleet bin/hlsload

bench-sim: build  ## 100,000 players for 10 minutes in virtual time: seconds, memory a player
	scenarios/bench/simulation bin/hlsload

real: build  ## watch a channel of ffmpeg, nginx and varnish while an encoder freezes, then crashes
	@scenarios/real/live run || { code=$$?; \
		if [ $$code = 3 ] && [ -z "$$CI" ]; then echo "SKIPPED: make real"; exit 0; fi; exit $$code; }

corpus:      ## playlists as they are in the wild, read by the parsers of real players as well
	$(call lab,HLSLOAD_CORPUS=1 $(GO) test -count=1 -run Corpus -v ./player/m3u8)

browser: build  ## watch the embedded channel with hls.js in headless Chromium
	$(call lab,node lab/playable.mjs)

fidelity: build  ## real players beside their profiles, REPEATS (3) of every case: an hour or two; writes docs/fidelity.md
	$(call lab,node lab/compare.mjs --fresh --jobs $(JOBS) --repeats $(REPEATS) && node lab/report.mjs docs/fidelity.md)

fidelity-short: build  ## the same on one kill and one freeze, and the lab's own tests: two minutes
	$(call lab,node --test lab/lab.test.mjs && node lab/short.mjs)

demo: build  ## the main job: a pipeline of the embedded channel dies under 1,000 players
	bin/hlsload run pipeline-kill

clean:       ## remove what was built and what runs left behind
	rm -rf bin hlsload-out scenarios/real/work
	$(GO) clean -testcache
