# Two commands: `make run` and `make test`. Each installs what it needs.
.PHONY: run test build webui check bench figures clean

RUN_DIR ?= run

run: build
	./target/release/demarcd --data $(RUN_DIR)

build: webui
	tools/install-deps run
	cargo build --release --locked -p demarcd -p demarc-isdn-helper

webui:
	tools/install-deps run
	cd webui && npm ci --no-audit --no-fund && npm run --silent build

check: webui
	tools/install-deps test
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo deny --workspace check licenses bans sources
	cd webui && npm run --silent check

test: check build
	cargo nextest run --locked --workspace --no-fail-fast
	cargo test --locked --workspace --doc
	cd webui && DEMARCD_BIN=$(CURDIR)/target/release/demarcd npm run --silent test

# The figures of the closing notes, each a ratio or a count against a yardstick of the same run.
figures: build
	cargo run --release --locked -p demarc-tests --bin figures
	cargo run --release --locked -p demarc-sip --example parse_bench
	cargo run --release --locked -p demarc-media --example cost

clean:
	cargo clean
	rm -rf webui/dist webui/node_modules $(RUN_DIR)
