//! Compiles `proto/runtime.v1.proto` with protox, so that no `protoc` is needed.

use std::error::Error;

const PROTO: &str = "proto/runtime.v1.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PROTO}");
    let descriptors = protox::compile([PROTO], ["proto"])?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
