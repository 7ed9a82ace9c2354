//! An audit for code review: SARIF 2.1.0.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::report::{Audit, Finding};
use crate::explain::report::Severity;
use crate::explain::warnings::{About, RULES};
use crate::input::live;

/// Where the format is described.
const FORMAT: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// What the paths of objects are relative to.
const API_SERVER: &str = "API_SERVER";
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
                "locations": [{"physicalLocation": place(&file.file, file.line.unwrap_or(1))}],
            })
        })
        .collect();
    let mut log = json!({
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
    });
    let found = audit.findings.iter().map(|finding| &finding.file);
    if found.chain(audit.not_read.iter().map(|list| &list.file)).any(|file| live::is_path(file)) {
        let description = "The API server of the cluster that was read.";
        log["runs"][0]["originalUriBaseIds"] =
            json!({ API_SERVER: {"description": {"text": description}} });
    }
    log
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
        "locations": [location(finding)],
        "rank": f64::from(finding.weight.min(100)),
        // Lines move; the object and what is wrong with it stay.
        "partialFingerprints": {"gidcheck/v1": fingerprint(&title, about.name, &finding.file)},
    })
}

/// Where a finding is: in a file or an object of an API server, and in which object and container.
fn location(finding: &Finding) -> Json {
    let container = finding.container.as_ref().map(|container| container.name.as_str());
    let parts = [&finding.namespace, &finding.kind, &finding.name].map(String::as_str);
    let parts: Vec<&str> =
        parts.into_iter().chain(container).filter(|part| !part.is_empty()).collect();
    let physical = match own_path(finding) {
        Some(path) => json!({
            "artifactLocation": {"uri": uri(&path), "uriBaseId": API_SERVER},
            "region": {"startLine": 1},
        }),
        None => place(&finding.file, finding.line),
    };
    json!({
        "physicalLocation": physical,
        "logicalLocations": [{
            "name": container.unwrap_or(&finding.name),
            "fullyQualifiedName": parts.join("/"),
            "kind": "resource",
        }],
    })
}

/// The path of an object at its API server, relative to that; none of what is from a file.
fn own_path(finding: &Finding) -> Option<String> {
    if !live::is_path(&finding.file) {
        return None;
    }
    let (group, plural) = finding.file.trim_start_matches('/').rsplit_once('/')?;
    Some(format!("{group}/namespaces/{}/{plural}/{}", finding.namespace, finding.name))
}

/// A line of a file, or what an API server lists.
fn place(file: &str, line: usize) -> Json {
    if live::is_path(file) {
        let list = file.trim_start_matches('/');
        return json!({"artifactLocation": {"uri": list, "uriBaseId": API_SERVER}});
    }
    let file = match file {
        "<stdin>" | "standard input" => "stdin",
        file => file.strip_prefix("./").unwrap_or(file),
    };
    json!({"artifactLocation": {"uri": uri(file)}, "region": {"startLine": line}})
}

fn uri(path: &str) -> String {
    let uri = utf8_percent_encode(path, NOT_IN_PATHS).to_string();
    if uri.starts_with('/') { format!("file://{uri}") } else { uri }
}

fn fingerprint(title: &str, rule: &str, file: &str) -> String {
    let digest = Sha256::digest(format!("{title}\n{rule}\n{file}"));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
