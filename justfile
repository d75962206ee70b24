# A table of contents of `cargo xtask`; nothing needs `just`.

default:
    @just --list

# Compile everything, without building it
check:
    cargo check --workspace --all-targets

# Run the tests; what they need is installed first
test *args:
    cargo xtask test {{ args }}

# Format and clippy
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Layers, sizes, module docs, output rooms, references
tidy:
    cargo xtask tidy

# Write contracts/v1 and docs/reference again
codegen:
    cargo xtask codegen

# What a change must pass
ci:
    cargo xtask ci

# Watch both programs finish a sample repository
demo:
    cargo xtask demo
