//! The command line: one file a subcommand.

mod asking;
mod audit;
mod check;
mod clean;
mod cluster_options;
mod completions;
mod control;
mod explain;
mod fake_cri;
mod image_options;
mod images;
mod list;
mod live_options;
mod man;
mod manifest_options;
mod matrix;
mod new;
mod plan;
mod progress;
mod record;
mod reference;
mod replay;
mod report_files;
mod run;
mod schema;
mod select;
mod serve;

use std::io;
use std::process::ExitCode;

use anstream::ColorChoice;
use clap::{Parser, Subcommand, ValueEnum};
use thiserror::Error;

use crate::document::{Problems, Sources, closest};
use crate::report::counted;
use crate::runner::with_sources;
use crate::scenario::LoadError;

/// Tells who a container's first process really is, and proves it.
///
/// Exit codes: 0 all held, 1 something did not hold, 2 the input or the command line is wrong,
/// 3 the environment failed.
#[derive(Debug, Parser)]
#[command(name = "gidcheck", version, max_term_width = 100)]
struct Cli {
    /// Whether output is coloured; auto: on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios: on the simulation, or on real runtimes.
    Run(run::Options),
    /// List the cases that a run would have.
    List(list::Options),
    /// Check scenario files without running them.
    Check(check::Options),
    /// Print the JSON Schema of the scenario format.
    Schema(schema::Options),
    /// Write a starter scenario.
    New(new::Options),
    /// Compute the version-skew matrix by running it.
    Matrix(matrix::Options),
    /// Say what an upgrade would do to a cluster's pods.
    Plan(plan::Options),
    /// Say who the containers of manifests would be, and where their groups come from.
    Explain(explain::Options),
    /// Find every container that gets a group nobody wrote down.
    Audit(audit::Options),
    /// Remove what dead runs left on a runtime.
    Clean(clean::Options),
    /// Write the suite's images as archives.
    Images(images::Options),
    /// Write down what a runtime does, as a recording.
    Record(record::Options),
    /// Check whether a fake or a real runtime does what was recorded.
    Replay(replay::Options),
    /// Serve a fake runtime on a socket, for a kubelet, crictl or any CRI client.
    FakeCri(fake_cri::Options),
    /// Serve a simulated cluster on loopback, for kubectl and other clients.
    Serve(serve::Options),
    /// Upgrade, break, drain, advance a cluster that is served.
    Control(control::Options),
    /// Print a script with which a shell completes the program's commands and options.
    Completions(completions::Options),
    /// Write a manual page for the program and each of its commands.
    Man(man::Options),
}

/// How a command ends, when it does end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All held.
    Held,
    /// Something did not hold.
    NotHeld,
}

/// Why a command gave up.
#[derive(Debug, Error)]
pub enum CommandError {
    /// Files are wrong; the problems are shown already.
    #[error("{0} in the input; nothing was run")]
    Problems(String),
    /// Files cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The command line asks for something that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The environment failed: a socket, a runtime, a full disk.
    #[error("{what}")]
    Environment {
        /// What failed.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Output could not be written.
    #[error("cannot write the output")]
    Output(#[from] io::Error),
}

impl CommandError {
    fn environment(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Environment { what: what.into(), source: source.into() }
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Problems(_) | Self::Load(_) | Self::Usage(_) => 2,
            Self::Environment { .. } | Self::Output(_) => 3,
        }
    }
}

/// The exit code of a program that a closed pipe ends: 128 and the number of SIGPIPE.
const BROKEN_PIPE: u8 = 141;

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    ColorChoice::from(cli.color).write_global();
    let result = match cli.command {
        Command::Run(options) => run::run(&options),
        Command::List(options) => list::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Schema(options) => schema::run(options),
        Command::New(options) => new::run(&options),
        Command::Matrix(options) => matrix::run(&options),
        Command::Plan(options) => plan::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Audit(options) => audit::run(&options),
        Command::Clean(options) => clean::run(&options),
        Command::Images(options) => images::run(&options),
        Command::Record(options) => record::run(&options),
        Command::Replay(options) => replay::run(&options),
        Command::FakeCri(options) => fake_cri::run(&options),
        Command::Serve(options) => serve::run(&options),
        Command::Control(options) => control::run(&options),
        Command::Completions(options) => completions::run(options),
        Command::Man(options) => man::run(&options),
    };
    match result {
        Ok(Outcome::Held) => ExitCode::SUCCESS,
        Ok(Outcome::NotHeld) => ExitCode::from(1),
        // Whoever reads our output has seen enough, as `head` does; nobody may take that for good.
        Err(CommandError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::from(BROKEN_PIPE)
        }
        Err(error) => {
            anstream::eprintln!("gidcheck: {}", with_sources(&error));
            ExitCode::from(error.exit_code())
        }
    }
}

/// The most problems that are shown at once.
const SHOWN_PROBLEMS: usize = 50;

/// Shows the problems; an error when there are any.
fn refuse_problems(problems: &Problems, sources: &Sources) -> Result<(), CommandError> {
    let all = problems.sorted();
    for problem in all.iter().take(SHOWN_PROBLEMS) {
        anstream::eprint!("{:?}", problem.report(sources));
    }
    if all.len() > SHOWN_PROBLEMS {
        anstream::eprintln!("  … and {} more", all.len() - SHOWN_PROBLEMS);
    }
    match all.len() {
        0 => Ok(()),
        count => Err(CommandError::Problems(counted(count, "problem"))),
    }
}

/// Does what waits for others, on this thread; what is still busy in the background afterwards, such
/// as a command that asks somebody for credentials, is not waited for.
fn wait_for<T>(work: impl Future<Output = T>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::environment(NO_RUNTIME, error))?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(result)
}

/// What is said where nothing can wait.
const NO_RUNTIME: &str = "no tokio runtime can be made";

/// The fake runtime with this name.
fn profile(name: &str) -> Result<&'static ::fake_cri::Profile, CommandError> {
    ::fake_cri::profile::find(name).ok_or_else(|| {
        let known: Vec<_> = ::fake_cri::profile::all().iter().map(|profile| profile.name).collect();
        let near = closest(name, &known).map(|near| format!("did you mean {near:?}? "));
        let (near, known) = (near.unwrap_or_default(), known.join(", "));
        CommandError::Usage(format!("no runtime is called {name:?}; {near}known: {known}"))
    })
}
