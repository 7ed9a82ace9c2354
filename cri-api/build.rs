//! Compiles `proto/runtime.v1.proto` with protox, so that no `protoc` is needed.

use std::error::Error;

const PROTO: &str = "proto/runtime.v1.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PROTO}");
    let descriptors = protox::compile([PROTO], ["proto"])?;
    // Maps of a few labels: small, and in the same order every time.
    tonic_prost_build::configure().btree_map(".").compile_fds(descriptors)?;
    Ok(())
}
