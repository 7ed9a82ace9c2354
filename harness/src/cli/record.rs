//! `gidcheck record`

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use cri_api::client::RuntimeEndpoint;

use super::{CommandError, Outcome, asking};
use crate::recording::{self, RecordedCase, Recording, Suite, read_requests};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The runtime, such as unix:///run/containerd/containerd.sock.
    #[arg(long, value_name = "ENDPOINT")]
    runtime_endpoint: RuntimeEndpoint,
    /// The file to write; one that is there is replaced once all is recorded.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Ask the cases of this recording, or of lines of requests, instead of the built-in ones.
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    #[command(flatten)]
    asking: asking::Asking,
    /// How many cases are played at once; as many as there are processors when left out.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let start = Instant::now();
    recording::check_writable(&options.out).map_err(asking::unwritable)?;
    let mut suite = Suite::built_in();
    if let Some(path) = &options.cases {
        suite.requests = read_requests(path).map_err(asking::unreadable)?;
    }
    options.asking.add_images(&mut suite)?;
    if options.cases.is_some() {
        suite.keep_needed_images([]);
    }
    let observed = options.asking.ask_endpoint(&suite, &options.runtime_endpoint, options.jobs)?;
    let cases = suite.requests.into_iter().zip(observed.outcomes);
    let recording = Recording {
        runtime: observed.runtime,
        cases: cases.map(|(request, outcome)| RecordedCase { request, outcome }).collect(),
    };
    recording::write(&options.out, &recording).map_err(asking::unwritable)?;
    writeln!(
        anstream::stdout(),
        "Recorded {} cases of {} {} in {:.1} s: {}",
        recording.cases.len(),
        recording.runtime.name,
        recording.runtime.version,
        start.elapsed().as_secs_f64(),
        options.out.display()
    )?;
    Ok(Outcome::Held)
}
