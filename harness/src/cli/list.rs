//! `gidcheck list`

use std::io::Write;

use clap::Args;

use super::select::Selection;
use super::{CommandError, Outcome};
use crate::report::shown_line;
use crate::scenario::Requirement;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Print one JSON object a line, with level, requirements and place.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let suite = options.selection.suite()?;
    let mut out = anstream::stdout().lock();
    for case in options.selection.cases(&suite)? {
        if !options.json {
            writeln!(out, "{}", shown_line(&case.id))?;
            continue;
        }
        let place = case.places.first().map(|place| {
            let (line, _) = suite.sources.position(place.span);
            format!("{}:{line}", suite.sources.get(place.span.source).name)
        });
        let entry = serde_json::json!({
            "case": case.id,
            "description": &*case.description,
            "level": case.spec.level,
            "requires": case.spec.requires.iter().map(Requirement::capability).collect::<Vec<_>>(),
            "place": place,
        });
        writeln!(out, "{entry}")?;
    }
    Ok(Outcome::Held)
}
