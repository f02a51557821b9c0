# Two commands: `make run` and `make test`. Each installs what it needs.
.PHONY: run test test-dahdi test-boot test-image appliance image image-for-tests build webui check figures clean dist image-buildroot test-buildroot

RUN_DIR ?= run

run: build
	./target/release/demarcd --data $(RUN_DIR)

build: webui
	tools/install-deps run
	cargo build --release --locked -p demarcd -p demarc-isdn-helper -p demarc-r2-helper -p demarc-hwtest

webui:
	tools/install-deps run
	cd webui && npm ci --no-audit --no-fund && npm run --silent build

check: webui
	tools/install-deps test
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo deny --workspace check licenses bans sources
	cd webui && npm run --silent check

test: check build test-dahdi test-boot
	cargo nextest run --locked --workspace --exclude demarc-dahdi-tests --exclude demarc-image-tests --no-fail-fast
	cargo test --locked --workspace --doc
	cd webui && DEMARCD_BIN=$(CURDIR)/target/release/demarcd npm run --silent test

# The real DAHDI kernel code in QEMU, without a card: tests/dahdi/README.md.
test-dahdi: build
	tools/install-deps test
	tools/dahdi-lab build
	cargo nextest run --locked -p demarc-dahdi-tests --no-fail-fast

# What runs beside the daemon on an appliance.
appliance:
	cargo build --release --locked -p demarc-system -p demarc-flash

# A bootable image of Debian's packages: image/README.md.
image: build appliance
	tools/install-deps image
	image/build-twin

# What tests/image boots: a disk with a shell for tests, and update bundles good and bad.
image-for-tests: build appliance
	tools/install-deps image
	tests/image/make-images

# One boot through firmware, GRUB and slot A to the API.
test-boot: image-for-tests
	cargo nextest run --locked -p demarc-image-tests -E 'binary(boot)'

# Updates, power cuts, destroyed slots, factory reset …: an hour on a quiet machine with two cores.
test-image: image-for-tests
	cargo nextest run --locked -p demarc-image-tests -j 2 --no-fail-fast --success-output final

# The figures of the closing notes, each a ratio or a count against a yardstick of the same run.
figures: build
	cargo run --release --locked -p demarc-tests --bin figures
	cargo run --release --locked -p demarc-sip --example parse_bench
	cargo run --release --locked -p demarc-media --example cost
	cargo run --release --locked -p demarc-media --example figures

# The release tarball: sources, vendored crates, built web UI. Nothing is fetched when it is built.
dist:
	tools/dist

# The image by Buildroot, from such a tarball: make image-buildroot BUILDROOT=<tree of 2026.05 or newer> [BOARD=aarch64]
BOARD ?= x86_64
image-buildroot:
	buildroot/build $(or $(BUILDROOT),$(error say where Buildroot is: BUILDROOT=<path>)) $(BOARD)

# What of buildroot/ can be tested in a minute, without building an image.
test-buildroot:
	buildroot/test $(or $(BUILDROOT),$(error say where Buildroot is: BUILDROOT=<path>))

clean:
	cargo clean
	rm -rf webui/dist webui/node_modules $(RUN_DIR)
