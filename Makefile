# A thin face over meson. `sudo make demo` and `sudo make check` are the two commands; the rest is for developers.
BUILD ?= build
PREFIX ?= /usr
PYTHON ?= /usr/bin/python3

.PHONY: all deps demo check quick bench fuzz soak install uninstall clean

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@command -v meson >/dev/null || { echo "make: meson is missing; run 'sudo make deps' first" >&2; exit 3; }
	@meson setup $(BUILD) --prefix $(PREFIX) >/dev/null

deps:
	@tools/deps

# The main job on real packets, in network namespaces of its own.
demo: deps
	@$(MAKE) --no-print-directory all >/dev/null
	@$(PYTHON) demo/demo.py --build $(BUILD)

# Everything: both compilers, sanitizers, unit tests, simulations, the lab.
check: deps
	@$(PYTHON) tools/check.py

# The part of check that needs no root: for the minute before a commit.
quick:
	@$(PYTHON) tools/check.py --quick

bench: all
	@$(PYTHON) bench/run.py --build $(BUILD)

# FUZZ_SECONDS for each fuzzer; FUZZ=name for one alone.
FUZZ_SECONDS ?= 300
fuzz: deps
	@$(PYTHON) tools/fuzz.py --seconds $(FUZZ_SECONDS) $(if $(FUZZ),--only $(FUZZ))

# The long simulations: 1,000 seeds of random worlds.
SOAK_SEEDS ?= 1000
soak: all
	@$(PYTHON) tools/soak.py --build $(BUILD) --seeds $(SOAK_SEEDS)

# Under DESTDIR, for packagers, without a word to this machine; debian/ makes a package of it (dpkg-buildpackage).
install: $(BUILD)/build.ninja
	@meson configure $(BUILD) --prefix $(PREFIX) --sysconfdir /etc
	@ninja -C $(BUILD)
	@DESTDIR="$(DESTDIR)" meson install -C $(BUILD) --no-rebuild
	@[ -n "$(DESTDIR)" ] || tools/settle $(PREFIX)

# Takes away what the last install put in place. Settings, logs, databases and the user stay.
uninstall:
	@ninja -C $(BUILD) uninstall

clean:
	@rm -rf $(BUILD) build-clang build-asan build-fuzz
