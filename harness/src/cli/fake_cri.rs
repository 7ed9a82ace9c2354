//! `gidcheck fake-cri`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use cri_api::client::RuntimeEndpoint;
use cri_api::server;
use fake_cri::{FakeRuntime, Image, ImageStore};

use super::{CommandError, NO_RUNTIME, Outcome, profile};
use crate::images;
use crate::oci::archive::{ArchivedImage, read_archive};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Where to listen, such as unix:///tmp/fake.sock; only its owner may use the socket.
    #[arg(long, value_name = "ENDPOINT")]
    listen: RuntimeEndpoint,
    /// Which runtime to be, such as containerd-2.1 or cri-o-1.34.
    #[arg(long, value_name = "NAME")]
    profile: String,
    /// Have the images of this archive: an OCI image layout, or what docker save writes;
    /// repeatable.
    #[arg(long, value_name = "FILE")]
    image_archive: Vec<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let profile = profile(&options.profile)?;
    let store = images::store_of(&[]);
    for path in &options.image_archive {
        add_archive(&store, path)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::environment(NO_RUNTIME, error))?;
    runtime.block_on(async {
        let store = Arc::new(store);
        let fake = Arc::new(FakeRuntime::new(profile, store, fake_cri::Options::default()));
        let listener = server::bind(options.listen.socket())
            .map_err(|error| CommandError::environment("the socket cannot be opened", error))?;
        writeln!(anstream::stdout(), "{} listens on {}", profile.name, options.listen)?;
        let served = server::serve(fake, listener, stop_signal()).await;
        // The socket is ours; nobody else has use for it.
        let _ = std::fs::remove_file(options.listen.socket());
        served.map_err(|error| CommandError::environment("serving failed", error))?;
        Ok(Outcome::Held)
    })
}

/// Adds the images of an archive, and says how they are called.
pub(super) fn add_archive(store: &ImageStore, path: &Path) -> Result<(), CommandError> {
    let images = read_archive(path).map_err(|error| CommandError::Usage(error.to_string()))?;
    for ArchivedImage { references, image } in images {
        for reference in references {
            writeln!(anstream::stdout(), "{}: {}", path.display(), reference.escape_debug())?;
            store.add(Image { reference, ..image.clone() });
        }
    }
    Ok(())
}

/// Completes on SIGINT or SIGTERM.
pub(super) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
