# The front door. CMake does the work; these are the commands one types.
# Variables: V=1 (verbose), PEERS=go,rust,js, ARGS=… (for run, tests, interop, bench), BUILD=dir,
# JOBS=n, SEEDS="1 2 3", FUZZ_SECONDS=n, KEY=file, PREFIX=/usr/local,
# LIBDIR=lib, DESTDIR=dir.
BUILD ?= build
PREFIX ?= /usr/local
JOBS  ?= $(shell nproc 2>/dev/null || echo 2)
PEERS ?= go,rust,js
FUZZ_SECONDS ?= 20
SEEDS ?= 1 2 3 4 5 6 7
EVERY ?= 1
ARGS  ?=
KEY   ?= $(or $(XDG_STATE_HOME),$(HOME)/.local/state)/p2p/node.key

ifeq ($(V),1)
  VERBOSE := --verbose
else
  MAKEFLAGS += --no-print-directory
  Q := @
endif

.PHONY: all run test test-gcc test-clang tsan fuzz fuzz-coverage differential minimal torture torture-malloc nightly check check-checks check-sim \
        interop interop-full transport-tests sim bench evil-compare load size format \
        install uninstall consumer deb package docs clean setup help
.DEFAULT_GOAL := all

# build PRESET [DEFINITION…] [WHAT]: configure (nothing happens when nothing changed) and compile.
define build
$(Q)cmake --preset $(1) -B $(BUILD)/$(1) $(2) $(if $(VERBOSE),,--log-level=WARNING >/dev/null)
$(Q)cmake --build $(BUILD)/$(1) -j $(JOBS) $(VERBOSE) $(3)
endef

# Where libraries go under PREFIX is what the system does there, unless LIBDIR says otherwise.
libdir = $(if $(LIBDIR),-DCMAKE_INSTALL_LIBDIR=$(LIBDIR),-UCMAKE_INSTALL_LIBDIR)

## all           build/p2p, build/p2p-sim, build/libp2p.so and build/libp2p.a (what plain `make` does)
all:
	$(call build,release)

## run           install what is missing, build, start a node; its key persists (KEY=file, ARGS=…)
run: setup
	$(call build,release)
	$(Q)mkdir -p -m 700 "$(dir $(KEY))"
	$(Q)exec $(BUILD)/p2p node --key "$(KEY)" $(ARGS)

## test          install what is missing, then every test with gcc and clang under ASan and UBSan
test: setup
	$(Q)scripts/run-tests $(BUILD) $(JOBS)

# ARGS goes to ctest. A | is the pattern's, not the shell's, unless the words are quoted already.
ctest_args = $(if $(findstring ',$(ARGS)),$(ARGS),$(subst |,\|,$(ARGS)))

## test-gcc      the tests, gcc with ASan and UBSan only
test-gcc:
	$(call build,dev)
	$(Q)ctest --test-dir $(BUILD)/dev -j $(JOBS) --output-on-failure --no-tests=error $(ctest_args)

## test-clang    the tests, clang with ASan and UBSan only
test-clang:
	$(call build,dev-clang)
	$(Q)ctest --test-dir $(BUILD)/dev-clang -j $(JOBS) --output-on-failure --no-tests=error $(ctest_args)

## tsan          the tests under ThreadSanitizer
tsan:
	$(call build,tsan)
	$(Q)ctest --test-dir $(BUILD)/tsan -j $(JOBS) --output-on-failure --no-tests=error $(ctest_args)

## fuzz          every fuzzer for FUZZ_SECONDS (20)
fuzz:
	$(call build,fuzz,-DP2P_FUZZ_SECONDS=$(FUZZ_SECONDS))
	$(Q)ctest --test-dir $(BUILD)/fuzz -j $(JOBS) --output-on-failure --no-tests=error $(ctest_args)

## torture       stories of two hosts with every allocation and every call failing (EVERY=1: all of them)
torture:
	$(call build,dev,,--target sim.torture.hosts)
	$(Q)scripts/run-torture $(BUILD)/dev/tests/sim.torture.hosts $(EVERY) $(JOBS)

## torture-malloc  the same stories with the memory of libraries failing (EVERY=1: every allocation of theirs)
torture-malloc:
	$(call build,dev,,--target sim.torture.libraries)
	$(Q)scripts/run-torture $(BUILD)/dev/tests/sim.torture.libraries $(EVERY) $(JOBS)

## fuzz-coverage lines of src/ that the fuzzers' corpora alone reach, by folder
fuzz-coverage:
	$(Q)scripts/fuzz-coverage $(BUILD) $(JOBS)

## differential  random values here and in others' packages, which the network must bring
differential:
	$(call build,dev)
	$(Q)P2P_NEED_PACKAGES=1 ctest --test-dir $(BUILD)/dev -L differential --output-on-failure \
	  --no-tests=error $(ctest_args)

## nightly       all that needs long, with logs and a report in build/nightly (ARGS='--quick --only sim,load')
nightly:
	$(Q)scripts/nightly --build $(BUILD) --jobs $(JOBS) $(ARGS)

## minimal       the least build (libcrypto and libuv only) and its unit tests
minimal:
	$(call build,minimal)
	$(Q)ctest --test-dir $(BUILD)/minimal -j $(JOBS) -L unit --output-on-failure --no-tests=error $(ctest_args)

## size          bytes of the stripped library, minimal and full
size: all
	$(call build,minimal,,--target p2p_shared)
	$(Q)scripts/size $(BUILD)

## check         layers, headers, symbols, banned functions, format, sizes, words, limits …
check: all
	$(Q)python3 scripts/checks/run.py --build $(BUILD)

## check-checks  every check must refuse its violating samples of tests/checks/
check-checks:
	$(Q)python3 scripts/checks/selftest.py

## check-sim     p2p and p2p-sim hold the same objects; gcc and clang builds print the same hashes
check-sim: all
	$(call build,release-clang)
	$(Q)python3 scripts/check_sim.py --gcc $(BUILD) --clang $(BUILD)/release-clang

## interop       our program against other implementations (PEERS=go,rust,js): a covering set
interop: all
	$(Q)scripts/setup --peers $(PEERS)
	$(Q)tests/interop/build $(PEERS)
	$(Q)tests/interop/run --peers $(PEERS) --pairwise $(ARGS)
	$(if $(findstring js,$(PEERS)),$(Q)tests/interop/readme)
	$(Q)tests/interop/run --peers $(PEERS) --transport quic $(ARGS)
	$(if $(findstring go,$(PEERS)),$(Q)tests/interop/migration --peers go)

## interop-full  the same, every meeting: hours
interop-full: all
	$(Q)tests/interop/build $(PEERS)
	$(Q)tests/interop/run --peers $(PEERS) --product $(ARGS)

## transport-tests  ours and others in libp2p's own transport tests, over redis in a network namespace
transport-tests: all
	$(Q)scripts/setup --with interop
	$(Q)tests/interop/build $(PEERS)
	$(Q)tests/interop/transport-tests --peers $(PEERS) $(ARGS)

## sim           every scenario of the simulator over SEEDS (one number: so many seeds; SCENARIOS=weather: some)
sim: all
	$(Q)SCENARIOS='$(SCENARIOS)' scripts/run-sim $(BUILD)/p2p-sim $(SEEDS)

## bench         ours beside theirs and the ceilings, interleaved (PEERS=go,rust)
bench: all
	$(Q)scripts/setup --peers $(PEERS)
	$(Q)tests/interop/build $(PEERS)
	$(Q)bench/run --peers $(PEERS) $(ARGS)

## evil-compare  evilpeer against ours and others (PEERS=go,rust,js): docs/internals/evilpeer.md
evil-compare: all
	$(Q)cmake --build $(BUILD)/release --target evilpeer -j $(JOBS) $(VERBOSE)
	$(Q)scripts/setup --peers $(PEERS)
	$(Q)tests/interop/build $(PEERS)
	$(Q)tests/adversarial/compare --peers $(PEERS) $(ARGS)

## load          10,000 half-open connections, 100,000 opened and closed: what they cost, and no drift
load: all
	$(Q)cmake --build $(BUILD)/release --target quic_crowd -j $(JOBS) $(VERBOSE)
	$(Q)tests/load/load $(BUILD)/p2p --strict --quic-crowd $(BUILD)/quic_crowd $(ARGS)

## format        lay out every C file as .clang-format says; bring the guide's table of limits up to date
format:
	$(Q)python3 scripts/checks/run.py --fix table
	$(Q)python3 scripts/checks/run.py --fix format

## install       install the release build under PREFIX (/usr/local; DESTDIR is honoured)
install:
	$(call build,release,-DCMAKE_INSTALL_PREFIX=$(PREFIX) $(libdir))
	$(Q)DESTDIR=$(DESTDIR) cmake --install $(BUILD)/release

## uninstall     take away what the last install put there (the same PREFIX and DESTDIR)
uninstall:
	$(Q)DESTDIR=$(DESTDIR) cmake -DMANIFEST=$(BUILD)/release/install_manifest.txt -P cmake/uninstall.cmake

## deb           Debian packages of this version in build/deb
deb:
	$(Q)scripts/setup --with package
	$(call build,release,-DCMAKE_INSTALL_PREFIX=/usr $(libdir))
	$(Q)scripts/make-deb $(BUILD) $(BUILD)/deb

## package       the Debian packages, tried in a fresh Debian: program, node, a program compiled there
package: deb
	$(Q)tests/package/run $(BUILD)/deb

## consumer      programs outside the tree against what is installed: C, C++, CMake, static, Python
consumer: all
	$(Q)tests/consumer/run $(BUILD)

## docs          the site of the API and the guide: build/docs/html/index.html
docs:
	$(Q)scripts/setup --with docs
	$(Q)scripts/make-docs $(BUILD)/docs

## clean         remove what CMake built (peers of other implementations stay: remove build/ yourself)
clean:
	$(Q)rm -rf $(addprefix $(BUILD)/,release release-clang minimal dev dev-clang tsan fuzz deb docs examples ceiling \
	  p2p p2p-sim libp2p.a libp2p.so*)

## setup         install the packages that building and testing need (asks nothing when all is there)
setup:
	$(Q)scripts/setup

## help          this list
help:
	@sed -n 's/^## /  make /p' $(firstword $(MAKEFILE_LIST))
