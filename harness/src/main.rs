//! The program `gidcheck`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gidcheck::cli::main()
}
