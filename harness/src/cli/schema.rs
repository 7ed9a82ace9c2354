//! `gidcheck schema`

use std::io::Write;

use clap::{Args, ValueEnum};

use super::reference::markdown;
use super::{CommandError, Outcome};
use crate::audit::report::Audit;
use crate::explain::report::Explanation;
use crate::plan::report::Plan;
use crate::report::conformance::ConformanceReport;
use crate::report::run::RunReport;
use crate::scenario::schema;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Document {
    Scenario,
    ConformanceReport,
    Run,
    Plan,
    Explanation,
    Audit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Markdown,
}

#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Options {
    /// The document that the schema describes.
    #[arg(long, value_enum, value_name = "DOCUMENT", default_value = "scenario")]
    of: Document,
    /// How to print it: for programs, or as the reference for people.
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
}

pub(super) fn run(options: Options) -> Result<Outcome, CommandError> {
    let schema = match options.of {
        Document::Scenario => schema(),
        Document::Plan => schemars::schema_for!(Plan).into(),
        Document::Explanation => schemars::schema_for!(Explanation).into(),
        Document::Audit => schemars::schema_for!(Audit).into(),
        Document::Run => schemars::schema_for!(RunReport).into(),
        Document::ConformanceReport => schemars::schema_for!(ConformanceReport).into(),
    };
    let mut out = anstream::stdout();
    match options.format {
        Format::Json => writeln!(out, "{schema:#}")?,
        Format::Markdown => write!(out, "{}", markdown(&schema))?,
    }
    Ok(Outcome::Held)
}
