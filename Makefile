# Berth: `make help` lists what can be made. Everything lands in out/.
CONFIGURATION ?= Release
PREFIX ?= /usr/local
DESTDIR ?=
RUNTIME ?= $(CURDIR)/out/bin/berth-runtime
BIN := out/bin
PROGRAMS := berth berth-runtime berth-shim berth-cni berth-init
# One page for each verb, written by the program itself.
MANUAL := $(DESTDIR)$(PREFIX)/share/man/man1
# Where engines look for plugins; containerd, CRI-O and kubeadm say /opt/cni/bin.
CNI_BIN ?= $(PREFIX)/libexec/cni
CNI_PLUGINS := bridge ptp macvlan ipvlan vlan host-device tap dummy loopback host-local static dhcp portmap firewall bandwidth tuning sbr vrf flannel
DOTNET := dotnet
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1
UNIT := $(wildcard tests/unit/*)

.PHONY: all build deps demo unit test contract system architecture budget soak bench map protos lint pack install uninstall clean help FORCE

all: build ## build the programs into out/bin

build: $(PROGRAMS:%=$(BIN)/%)
	@# Its other names are its other roles.
	@ln -sf berth-shim $(BIN)/containerd-shim-berth-v2
	@mkdir -p $(BIN)/cni
	@for p in $(CNI_PLUGINS); do ln -sf ../berth-cni $(BIN)/cni/$$p || exit 1; done

$(BIN)/%: FORCE
	@mkdir -p $(BIN)
	@$(DOTNET) publish apps/$* -c $(CONFIGURATION) -o out/publish/$* -v q
	@install -m 0755 out/publish/$*/$* $@
	@ls -l $@

FORCE:

deps: ## install what building, the demo and the tests need (Debian; root)
	@sh tests/system/install-neighbours.sh

demo: deps build ## run a busybox bundle through berth-runtime, then busybox under podman and containerd with it and berth-shim
	@bash samples/demo.sh $(RUNTIME) $(CURDIR)/$(BIN)/berth-shim

unit: ## tests without root
	@for p in $(UNIT); do $(DOTNET) run --project $$p -- --no-progress || exit 1; done

test: deps build ## all tests, as root
	@bash tests/run.sh all

contract: deps ## the contract suites against RUNTIME and MONITOR (default: ours)
	@RUNTIME=$(RUNTIME) bash tests/run.sh contract

system: deps build ## podman, buildah, containerd and docker over our runtime
	@bash tests/run.sh system

architecture: ## layering, names, public API
	@bash tests/run.sh architecture

budget: build ## binary size, memory, leftovers
	@bash tests/run.sh budget

soak: deps build ## the long loops: 10000 lifecycles with kill -9, the crash matrix with clients that rest for a minute, a million mutated configurations, messages and frames
	@BERTH_SOAK=10000 BERTH_FUZZ=1000000 bash tests/run.sh soak

bench: build ## paired measures beside crun, runc, conmon, containerd's shim, and beside podman, containerd, docker and skopeo for images
	@bash bench/macro/runtime.sh
	@bash bench/macro/shim.sh
	@bash bench/macro/images.sh
	@bash bench/macro/engine.sh

map: ## print the arrows between projects and namespaces
	@$(DOTNET) run --project tools/housemap

protos: ## message classes from the .proto files
	@$(DOTNET) run --project tools/protogen

lint: ## build everything; warnings are errors
	@$(DOTNET) build Berth.slnx -v q

pack: build ## NuGet packages into out/packages; that of the engine brings the programs along
	@for p in src/*/; do $(DOTNET) pack $$p -c $(CONFIGURATION) -o out/packages -v q || exit 1; done

install: ## install out/bin into $(DESTDIR)$(PREFIX)/bin
	@test -x $(BIN)/berth-shim -a -x $(BIN)/berth -a -x $(BIN)/berth-cni -a -x $(BIN)/berth-init || $(MAKE) build
	for p in $(PROGRAMS); do install -D -m 0755 $(BIN)/$$p $(DESTDIR)$(PREFIX)/bin/$$p || exit 1; done
	ln -sf berth-shim $(DESTDIR)$(PREFIX)/bin/containerd-shim-berth-v2
	@# Hard links: a folder of plugins is often copied into another, or mounted, without what lies beside it.
	mkdir -p $(DESTDIR)$(CNI_BIN)
	for p in $(CNI_PLUGINS); do ln -f $(DESTDIR)$(PREFIX)/bin/berth-cni $(DESTDIR)$(CNI_BIN)/$$p || install -m 0755 $(BIN)/berth-cni $(DESTDIR)$(CNI_BIN)/$$p || exit 1; done
	@# Not as skopeo: whoever wants that links it.
	mkdir -p $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions zsh/site-functions fish/vendor_completions.d)
	$(BIN)/berth completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/berth
	$(BIN)/berth completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_berth
	$(BIN)/berth completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/berth.fish
	$(BIN)/berth man $(MANUAL)
	gzip -9nf $(MANUAL)/berth.1 $(MANUAL)/berth-*.1

uninstall: ## remove what install put there
	rm -f $(PROGRAMS:%=$(DESTDIR)$(PREFIX)/bin/%) $(DESTDIR)$(PREFIX)/bin/containerd-shim-berth-v2 $(CNI_PLUGINS:%=$(DESTDIR)$(CNI_BIN)/%)
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions/berth zsh/site-functions/_berth fish/vendor_completions.d/berth.fish)
	rm -f $(MANUAL)/berth.1.gz $(MANUAL)/berth-*.1.gz

clean: ## remove out/
	rm -rf out

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-13s %s\n", $$1, $$2}' Makefile
