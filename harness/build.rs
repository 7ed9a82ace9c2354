//! Rebuilds the crate when a scenario is added or changed: the suite is part of the program.

fn main() {
    println!("cargo::rerun-if-changed=../scenarios");
}
