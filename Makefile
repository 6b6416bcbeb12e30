# Berth: `make help` lists what can be made. Everything lands in out/.
CONFIGURATION ?= Release
PREFIX ?= /usr/local
DESTDIR ?=
RUNTIME ?= $(CURDIR)/out/bin/berth-runtime
BIN := out/bin
DOTNET := dotnet
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1
UNIT := $(wildcard tests/unit/*)

.PHONY: all build deps demo unit test contract system architecture budget soak bench map lint pack install uninstall clean help FORCE

all: build ## build the programs into out/bin

build: $(BIN)/berth-runtime

$(BIN)/berth-runtime: FORCE
	@mkdir -p $(BIN)
	@$(DOTNET) publish apps/berth-runtime -c $(CONFIGURATION) -o out/publish/berth-runtime -v q
	@install -m 0755 out/publish/berth-runtime/berth-runtime $@
	@ls -l $@

FORCE:

deps: ## install what building, the demo and the tests need (Debian; root)
	@sh tests/system/install-neighbours.sh

demo: deps build ## run a busybox bundle through berth-runtime, then busybox under podman with it
	@bash samples/demo.sh $(RUNTIME)

unit: ## tests without root
	@for p in $(UNIT); do $(DOTNET) run --project $$p -- --no-progress || exit 1; done

test: deps build ## all tests, as root
	@bash tests/run.sh all

contract: deps ## the contract suite against RUNTIME (default: ours)
	@RUNTIME=$(RUNTIME) bash tests/run.sh contract

system: deps build ## podman, buildah, containerd and docker over our runtime
	@bash tests/run.sh system

architecture: ## layering, names, public API
	@bash tests/run.sh architecture

budget: build ## binary size, memory, leftovers
	@bash tests/run.sh budget

soak: deps build ## the long loops: 10000 lifecycles with kill -9, a million mutated configurations
	@BERTH_SOAK=10000 BERTH_FUZZ=1000000 bash tests/run.sh soak

bench: build ## paired timing beside crun and runc
	@bash bench/macro/runtime.sh

map: ## print the arrows between projects and namespaces
	@$(DOTNET) run --project tools/housemap

lint: ## build everything; warnings are errors
	@$(DOTNET) build Berth.slnx -v q

pack: ## NuGet packages into out/packages
	@for p in src/*/; do $(DOTNET) pack $$p -c $(CONFIGURATION) -o out/packages -v q || exit 1; done

install: ## install out/bin into $(DESTDIR)$(PREFIX)/bin
	@test -x $(BIN)/berth-runtime || $(MAKE) build
	install -D -m 0755 $(BIN)/berth-runtime $(DESTDIR)$(PREFIX)/bin/berth-runtime

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/berth-runtime

clean: ## remove out/
	rm -rf out

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-13s %s\n", $$1, $$2}' Makefile
