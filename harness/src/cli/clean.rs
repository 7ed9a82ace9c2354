//! `gidcheck clean`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use cri_api::client::{CriClient, RuntimeEndpoint};

use super::{CommandError, Outcome};
use crate::report::counted;
use crate::target::CALL_TIMEOUT;
use crate::target::clean::remove_leftovers;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The runtime.
    #[arg(long, value_name = "ENDPOINT", required = true)]
    runtime_endpoint: RuntimeEndpoint,
    /// Where the runs made the pods' volumes; the folder for temporary files when left out.
    #[arg(long, value_name = "FOLDER")]
    volume_root: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::environment("no tokio runtime can be made", error))?;
    let root = options.volume_root.clone().unwrap_or_else(std::env::temp_dir);
    let cleaned = runtime.block_on(async {
        let client = CriClient::connect(&options.runtime_endpoint, CALL_TIMEOUT)
            .await
            .map_err(|error| CommandError::environment("the runtime cannot be used", error))?;
        remove_leftovers(&client, &root)
            .await
            .map_err(|error| CommandError::environment("the runtime lists nothing", error))
    })?;
    writeln!(
        anstream::stdout(),
        "Removed {} and {} of dead runs; left {} of runs that live, or of which nothing is known here",
        counted(cleaned.removed, "sandbox"),
        counted(cleaned.images, "image"),
        counted(cleaned.alive, "sandbox")
    )?;
    match cleaned.failed {
        0 => Ok(Outcome::Held),
        failed => {
            let failed = counted(failed, "sandbox");
            writeln!(anstream::stderr(), "gidcheck: {failed} could not be removed")?;
            Ok(Outcome::NotHeld)
        }
    }
}
