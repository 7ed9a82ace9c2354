//! The built-in suite on the simulation: one trial a case.

use std::process::ExitCode;
use std::sync::Arc;

use gidcheck::scenario::Suite;
use gidcheck::target::Simulation;
use gidcheck::testing::trials;
use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let suite = Suite::built_in();
    if !suite.problems.is_empty() {
        for problem in suite.problems.sorted() {
            eprintln!("{:?}", problem.report(&suite.sources));
        }
        return ExitCode::from(2);
    }
    libtest_mimic::run(&arguments, trials(suite, Arc::new(Simulation))).exit_code()
}
