//! `gidcheck matrix`

use std::io::Write;

use clap::{Args, ValueEnum};

use super::{CommandError, Outcome};
use crate::matrix::{Row, compute};
use crate::report::table;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

#[derive(Debug, Args)]
pub(super) struct Options {
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

const HEADINGS: [&str; 8] =
    ["kubelet", "gate", "runtime", "unset", "Merge", "Strict", "node feature", "user in status"];

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let rows = compute()
        .map_err(|error| CommandError::environment("the matrix could not be computed", error))?;
    let mut out = anstream::stdout().lock();
    match options.format {
        Format::Text => out.write_all(table::text(&HEADINGS, &cells(&rows)).as_bytes())?,
        Format::Markdown => out.write_all(table::markdown(&HEADINGS, &cells(&rows)).as_bytes())?,
        Format::Json => writeln!(out, "{:#}", serde_json::json!(rows))?,
    }
    Ok(Outcome::Held)
}

fn cells(rows: &[Row]) -> Vec<Vec<String>> {
    rows.iter()
        .map(|row| {
            vec![
                row.kubelet.clone(),
                row.gate.clone(),
                row.runtime.clone(),
                row.unset.to_string(),
                row.merge.to_string(),
                row.strict.to_string(),
                if row.node_feature { "true" } else { "absent" }.to_owned(),
                if row.user_in_status { "yes" } else { "no" }.to_owned(),
            ]
        })
        .collect()
}
