//! The binary `jit-dispatch`.

fn main() {}
