//! `gidcheck schema`

use std::io::Write;

use clap::{Args, ValueEnum};

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

#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Options {
    /// The document that the schema describes.
    #[arg(long, value_enum, value_name = "DOCUMENT", default_value = "scenario")]
    of: Document,
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
    writeln!(anstream::stdout(), "{schema:#}")?;
    Ok(Outcome::Held)
}
