//! An audit for people at a terminal.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::report::{Audit, Finding};
use crate::explain::report::Severity;
use crate::explain::text::{write_cluster, write_passed_over};
use crate::explain::warnings::Rule;
use crate::report::{counted, shown_line};

const TITLE: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GRAVE: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default();

/// How many findings are shown to people; JSON and SARIF have all.
const SHOWN: usize = 200;
/// How many files that could not be read are named.
const NOT_READ: usize = 20;

/// Writes an audit.
///
/// # Errors
/// Whatever `out` says.
pub fn write(out: &mut dyn Write, audit: &Audit) -> io::Result<()> {
    write_cluster(out, &audit.cluster)?;
    if !audit.findings.is_empty() {
        writeln!(out)?;
        writeln!(out, "{FAINT}WEIGHT  WHAT{FAINT:#}")?;
    }
    for finding in audit.findings.iter().take(SHOWN) {
        write_finding(out, finding)?;
    }
    if audit.findings.len() > SHOWN {
        writeln!(
            out,
            "        … and {} more; --output json has all",
            audit.findings.len() - SHOWN
        )?;
    }
    let rules: BTreeSet<Rule> = audit.findings.iter().map(|finding| finding.rule).collect();
    if !rules.is_empty() {
        writeln!(out)?;
        writeln!(out, "{TITLE}What to do{TITLE:#}")?;
    }
    for rule in rules {
        let about = rule.about();
        writeln!(out, "  {}  {FAINT}{}{FAINT:#}", about.name, about.means)?;
        writeln!(out, "    {}", about.help)?;
    }
    if !audit.not_read.is_empty() {
        writeln!(out)?;
        writeln!(out, "{TITLE}Not read{TITLE:#}")?;
    }
    for file in audit.not_read.iter().take(NOT_READ) {
        let line = file.line.map(|line| format!(":{line}")).unwrap_or_default();
        writeln!(out, "  {}{line}: {}", shown_line(&file.file), shown_line(&file.why))?;
    }
    if audit.not_read.len() > NOT_READ {
        writeln!(out, "  … and {} more; --output json has all", audit.not_read.len() - NOT_READ)?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "{} of {} in {} {} groups that nobody wrote down",
        audit.with_implicit_groups,
        counted(audit.containers, "container"),
        counted(audit.pods, "pod manifest"),
        if audit.with_implicit_groups == 1 { "gets" } else { "get" },
    )?;
    write_passed_over(out, audit.passed_over)
}

fn write_finding(out: &mut dyn Write, finding: &Finding) -> io::Result<()> {
    let style = match finding.severity {
        Severity::Error => GRAVE,
        Severity::Warning => WARNING,
        Severity::Note => FAINT,
    };
    let container = finding
        .container
        .as_ref()
        .map(|container| format!(", {} {}", container.kind.words(), shown_line(&container.name)));
    writeln!(
        out,
        "{:>6}  {TITLE}{}{TITLE:#}{}  {FAINT}{}:{}{FAINT:#}",
        finding.weight,
        shown_line(&finding.title()),
        container.unwrap_or_default(),
        shown_line(&finding.file),
        finding.line
    )?;
    writeln!(
        out,
        "        {style}{}{style:#} {} {FAINT}[{}]{FAINT:#}",
        finding.severity.words(),
        shown_line(&finding.text),
        finding.rule.about().name
    )?;
    for node in &finding.only_on {
        writeln!(out, "        only on nodes with {}", shown_line(node))?;
    }
    if !finding.opens.is_empty() {
        let opens: Vec<_> = finding.opens.iter().map(|opens| shown_line(opens)).collect();
        writeln!(out, "        opens on a host: {}", opens.join("; "))?;
    }
    Ok(())
}
