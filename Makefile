# Berth: `make help` lists what can be made.
CONFIGURATION ?= Release
PREFIX ?= /usr/local
DESTDIR ?=
OUT := out
BIN := $(OUT)/bin

.PHONY: all build unit lint help install clean

all: build ## build the programs into out/bin

build: $(BIN)/berth-runtime

$(BIN)/berth-runtime: FORCE
	@mkdir -p $(BIN)
	dotnet publish apps/berth-runtime -c $(CONFIGURATION) -o $(OUT)/publish/berth-runtime -v q --nologo
	install -m 0755 $(OUT)/publish/berth-runtime/berth-runtime $(BIN)/berth-runtime

.PHONY: FORCE
FORCE:

install: build ## install into $(DESTDIR)$(PREFIX)/bin
	install -D -m 0755 $(BIN)/berth-runtime $(DESTDIR)$(PREFIX)/bin/berth-runtime

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' Makefile
