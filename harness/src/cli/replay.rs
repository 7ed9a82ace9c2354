//! `gidcheck replay`

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use cri_api::client::RuntimeEndpoint;

use super::{CommandError, Outcome, asking, profile};
use crate::recording::report::Replay;
use crate::recording::{Suite, read};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("against").required(true).args(["profile", "runtime_endpoint"]))]
pub(super) struct Options {
    /// The recording.
    file: PathBuf,
    /// Compare it with this fake runtime, such as containerd-2.1 or cri-o-1.34.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Compare it with this runtime, such as unix:///run/containerd/containerd.sock.
    #[arg(long, value_name = "ENDPOINT")]
    runtime_endpoint: Option<RuntimeEndpoint>,
    #[command(flatten)]
    asking: asking::Asking,
    /// How many cases are played at once; as many as there are processors when left out.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let recording = read(&options.file).map_err(asking::unreadable)?;
    let mut suite = Suite::built_in();
    suite.requests = recording.cases.iter().map(|case| case.request.clone()).collect();
    options.asking.add_images(&mut suite)?;
    let described = recording.runtime.image_status_user.keys();
    suite.keep_needed_images(described.map(String::as_str));
    let observed = match (&options.profile, &options.runtime_endpoint) {
        (Some(name), _) => asking::ask_profile(&suite, profile(name)?)?,
        (None, Some(endpoint)) => options.asking.ask_endpoint(&suite, endpoint, options.jobs)?,
        (None, None) => return Err(CommandError::Usage("name a profile or a runtime".to_owned())),
    };
    let replay = Replay::new(&recording, &observed);
    let mut out = anstream::stdout().lock();
    if options.json {
        let json = serde_json::to_string_pretty(&replay)
            .expect("a replay holds nothing that JSON cannot hold");
        writeln!(out, "{json}")?;
    } else {
        replay.write(&mut out)?;
    }
    out.flush()?;
    Ok(if replay.agrees() { Outcome::Held } else { Outcome::NotHeld })
}
