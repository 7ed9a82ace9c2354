//! An audit for code review: SARIF 2.1.0.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::report::{Audit, Finding};
use crate::explain::report::Severity;
use crate::explain::warnings::{About, RULES};

/// Where the format is described.
const FORMAT: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// What is no part of a path in a URI.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'[')
    .add(b']')
    .add(b':');

/// The audit as a log with one run.
#[must_use]
pub fn log(audit: &Audit) -> Json {
    let rules: Vec<Json> = RULES.iter().map(rule).collect();
    let results: Vec<Json> = audit.findings.iter().map(result).collect();
    let notifications: Vec<Json> = audit
        .not_read
        .iter()
        .map(|file| {
            json!({
                "level": "warning",
                "message": {"text": file.why},
                "locations": [location(&file.file, file.line.unwrap_or(1))],
            })
        })
        .collect();
    json!({
        "$schema": FORMAT,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "gidcheck",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    severity.words()
}

fn rule(about: &About) -> Json {
    json!({
        "id": about.name,
        "shortDescription": {"text": about.means},
        "help": {"text": about.help},
        "defaultConfiguration": {"level": level(about.severity)},
    })
}

fn result(finding: &Finding) -> Json {
    let about = finding.rule.about();
    let index = RULES.iter().position(|known| known.rule == finding.rule);
    let container =
        finding.container.as_ref().map(|container| format!(", container {}", container.name));
    let title = format!("{}{}", finding.title(), container.unwrap_or_default());
    let mut text = format!("{title}: {}. {}", finding.text, finding.help);
    if !finding.only_on.is_empty() {
        text.push_str(&format!(" It is so only on nodes with {}.", finding.only_on.join("; ")));
    }
    if !finding.opens.is_empty() {
        text.push_str(&format!(" On a host these groups open: {}.", finding.opens.join("; ")));
    }
    json!({
        "ruleId": about.name,
        "ruleIndex": index,
        "level": level(finding.severity),
        "message": {"text": text},
        "locations": [location(&finding.file, finding.line)],
        "rank": f64::from(finding.weight.min(100)),
        // Lines move; the object and what is wrong with it stay.
        "partialFingerprints": {"gidcheck/v1": fingerprint(&title, about.name, &finding.file)},
    })
}

fn location(file: &str, line: usize) -> Json {
    let file = file.strip_prefix("./").unwrap_or(file);
    let uri = utf8_percent_encode(file, NOT_IN_PATHS).to_string();
    let uri = if uri.starts_with('/') { format!("file://{uri}") } else { uri };
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri},
        "region": {"startLine": line},
    }})
}

fn fingerprint(title: &str, rule: &str, file: &str) -> String {
    let digest = Sha256::digest(format!("{title}\n{rule}\n{file}"));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
