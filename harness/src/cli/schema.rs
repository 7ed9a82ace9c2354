//! `gidcheck schema`

use std::io::Write;

use super::{CommandError, Outcome};
use crate::scenario::schema;

pub(super) fn run() -> Result<Outcome, CommandError> {
    let schema = schema();
    writeln!(anstream::stdout(), "{schema:#}")?;
    Ok(Outcome::Held)
}
