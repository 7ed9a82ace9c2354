//! `gidcheck images`

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::select::Selection;
use super::{CommandError, Outcome};
use crate::images::store_of;
use crate::oci::{OciImage, layout, pause_image};
use crate::recording;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the images that cases need as OCI archives, for runtimes that cannot pull from
    /// loopback. Push them to a registry, or import them, and name it with run --image-prefix.
    Export(Export),
}

#[derive(Debug, Args)]
struct Export {
    /// The folder to write to; it is made if it is missing.
    folder: PathBuf,
    #[command(flatten)]
    selection: Selection,
    /// Write the images that record and replay need, instead of those of scenarios.
    #[arg(long, conflicts_with_all = ["paths", "filter"])]
    recorded: bool,
    /// The prefix that the images' names get inside the archives.
    #[arg(long, value_name = "PREFIX", value_parser = super::select::image_prefix, default_value = "localhost")]
    image_prefix: String,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let Command::Export(export) = &options.command;
    let failed = |error| CommandError::environment("the images cannot be written", error);
    std::fs::create_dir_all(&export.folder).map_err(|error| {
        CommandError::environment(format!("{} cannot be made", export.folder.display()), error)
    })?;
    let mut written = std::collections::BTreeSet::new();
    let mut write = |image: &fake_cri::Image| -> Result<(), CommandError> {
        let image = OciImage::assemble(image).map_err(failed)?;
        let name = image.name().at(&export.image_prefix);
        if !written.insert(name.clone()) {
            return Ok(());
        }
        let file = format!("{}.tar", image.name().to_string().replace(['/', ':'], "-"));
        let path = export.folder.join(file);
        layout::write_archive(&path, &[(name.clone(), &image)]).map_err(failed)?;
        writeln!(anstream::stdout(), "{}  {name}", path.display())?;
        Ok(())
    };
    if export.recorded {
        let suite = recording::Suite::built_in();
        return suite.images.iter().try_for_each(|(_, image)| write(image)).map(|()| Outcome::Held);
    }
    let suite = export.selection.suite()?;
    write(&pause_image())?;
    for case in export.selection.cases(&suite)? {
        for stored in store_of(&case.spec.images).list() {
            write(&stored.image)?;
        }
    }
    Ok(Outcome::Held)
}
