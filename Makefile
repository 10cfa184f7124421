# Everything that one does with this repository. `make` lists it.
# Wanted: Go, git, a C compiler (for the race detector) and, for `make check`
# and `make generate`, node with npm (for buf).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

# A checkout that belongs to another user is no reason to fail: git trusts it
# here, and go doesn't ask git (the version is set below).
ifndef GIT_CONFIG_COUNT
export GIT_CONFIG_COUNT := 1
export GIT_CONFIG_KEY_0 := safe.directory
export GIT_CONFIG_VALUE_0 := *
endif
export GOFLAGS := $(filter-out -buildvcs=%,$(shell go env GOFLAGS)) -buildvcs=false

GO ?= go
TOOLS := $(CURDIR)/bin/tools
BUF ?= $(CURDIR)/tools/node_modules/.bin/buf
VERSION ?= $(shell git -c 'safe.directory=*' describe --tags --always --dirty 2>/dev/null || echo unknown)
# How long each fuzz target runs.
FUZZTIME ?= 5s
# The commit that the API must stay compatible with; empty: see tools/breaking.sh.
BREAKING_AGAINST ?=
# The folders that are Go modules of their own, where they exist.
MODULES := $(patsubst %/,%,$(dir $(wildcard go.mod bench/go.mod tools/go.mod)))

export BUF FUZZTIME BREAKING_AGAINST

title = @printf '\n== %s\n' "$(1)"

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## build bin/kindred
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/kindred ./cmd/kindred

.PHONY: demo
demo: build ## match an invented district's students, over gRPC, and show why
	@sh deploy/demo.sh

.PHONY: demo-redis
demo-redis: build ## the same with candidate sets in a redis-server of its own
	@sh deploy/demo-redis.sh

.PHONY: test
test: ## install what the tests need, and run them
	$(call title,install: the Go modules that go.mod names)
	$(GO) mod download
	$(call title,install: redis-server by apt-get (without it tests of Redis are skipped))
	@command -v redis-server || apt-get install -y --no-install-recommends redis-server || echo 'not installed'
	$(call title,test)
	$(GO) test ./...
	$(call title,test the ranker with its other inner loops)
	KINDRED_KERNEL=portable $(GO) test -count=1 -short ./matcher/...
	KINDRED_KERNEL=avx2 $(GO) test -count=1 -short ./matcher/...

.PHONY: bench
bench: ## measure rankings beside rivals, and make docs/performance.md
	@sh bench/run.sh

.PHONY: fuzz
fuzz: ## run each fuzz target in turn, FUZZTIME=10m each
	@tools/fuzz.sh

.PHONY: cover
cover: ## fail where the coverage of what must be exact is below 90 %
	@tools/cover.sh

.PHONY: generate
generate: $(BUF) ## generate the Go code of proto/
	$(BUF) generate

.PHONY: format
format: $(TOOLS)/built $(BUF) ## format Go and proto
	$(TOOLS)/gofumpt -w .
	$(BUF) format -w

.PHONY: clean
clean: ## remove what was built
	rm -rf bin out tools/node_modules

# The linters, built by the versions of tools/go.mod.
$(TOOLS)/built: tools/go.mod tools/go.sum
	$(call title,install: the linters of tools/go.mod (some minutes the first time))
	@mkdir -p $(TOOLS)
	$(GO) -C tools build -o $(TOOLS)/ tool
	@touch $@

# buf, by the version of tools/package.json. It is install and not ci, because
# the lock holds the packages for Linux only and ci wants those of every system.
# npm leaves the times of the packages, so the time of the link is set.
$(CURDIR)/tools/node_modules/.bin/buf: tools/package.json tools/package-lock.json
	$(call title,install: buf by npm)
	npm --prefix tools install --no-save --ignore-scripts --no-audit --no-fund --no-progress
	@touch -h $@

# The quick ones first.
CHECKS := $(addprefix check-,sources format layout tidy proto vet lint invariants sets cover race fuzz)

.PHONY: check
check: $(CHECKS) ## every check there is
	$(call title,all checks passed)

.PHONY: check-sources
check-sources:
	$(call title,sizes of files and notes left behind)
	@tools/sources.sh

.PHONY: check-format
check-format: $(TOOLS)/built
	$(call title,gofumpt)
	@unformatted=$$($(TOOLS)/gofumpt -l .); \
	if [ -n "$$unformatted" ]; then echo "$$unformatted"; echo 'make format does it'; exit 1; fi

.PHONY: check-tidy
check-tidy:
	$(call title,go mod tidy -diff)
	@for m in $(MODULES); do echo "$$m"; $(GO) -C $$m mod tidy -diff; done

.PHONY: check-proto
check-proto: $(BUF)
	$(call title,buf lint)
	$(BUF) lint
	$(call title,buf format)
	$(BUF) format -d --exit-code
	$(call title,buf breaking)
	@tools/breaking.sh
	$(call title,generated code)
	@tools/generated.sh

.PHONY: check-layout
check-layout:
	$(call title,directions of imports)
	$(GO) test ./internal/layout

.PHONY: check-vet
check-vet:
	$(call title,go vet)
	$(GO) vet ./...
	@if [ -f bench/go.mod ]; then $(GO) -C bench vet ./...; fi
	$(call title,go vet for arm64)
	GOARCH=arm64 $(GO) vet ./...

.PHONY: check-lint
check-lint: $(TOOLS)/built
	$(call title,staticcheck)
	$(TOOLS)/staticcheck ./...
	$(call title,golangci-lint)
	$(TOOLS)/golangci-lint run ./...

.PHONY: check-cover
check-cover:
	$(call title,coverage)
	@tools/cover.sh

.PHONY: check-invariants
check-invariants:
	$(call title,tests with invariants on)
	$(GO) test -tags invariants ./...

# The ranker has loops and arithmetic that differ by processor; its answers don't. It is
# not one of all checks, since what emulates a processor may fail by itself.
.PHONY: check-arm
check-arm: ## run the ranker's tests as built for arm64, by qemu
	$(call title,install: qemu-user by apt-get)
	@command -v qemu-aarch64 || apt-get install -y --no-install-recommends qemu-user
	$(call title,tests of the ranker as built for arm64)
	GOARCH=arm64 CGO_ENABLED=0 $(GO) test -count=1 -short -exec qemu-aarch64 ./matcher ./matcher/internal/... ./internal/oracle

# The server's tests with all candidate sets kept, in process and in Redis, but for
# those that say themselves how they are kept.
.PHONY: check-sets
check-sets:
	$(call title,tests with every answer out of candidate sets)
	for how in process redis; do KINDRED_TEST_SETS=$$how \
	  $(GO) test -short -skip 'Redis|SetsAreOf|AnErased|SayHow' ./internal/server; done

.PHONY: check-race
check-race:
	$(call title,tests with the race detector)
	CGO_ENABLED=1 $(GO) test -race -short ./...

.PHONY: check-fuzz
check-fuzz:
	$(call title,fuzz targets for $(FUZZTIME) each)
	@tools/fuzz.sh
