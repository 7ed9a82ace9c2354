//! Links between documents, and the headings that they lead to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The links of the documents that lead nowhere. Addresses of the web are not looked at.
pub(crate) fn broken(documents: &[PathBuf]) -> Vec<String> {
    let mut broken = Vec::new();
    for document in documents {
        let text = prose(document);
        for link in links(&text) {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                document.clone()
            } else {
                document.parent().expect("a document is in a folder").join(path)
            };
            let leads = target.exists()
                && (anchor.is_empty() || anchors(&prose(&target)).contains_key(anchor));
            if !leads {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    broken
}

/// A document without its code.
fn prose(document: &Path) -> String {
    let Ok(text) = fs::read_to_string(document) else { return String::new() };
    let mut is_code = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code {
            // Every second part of a line stands between backquotes; headings keep theirs.
            let parts = line.split('`').enumerate();
            let heading = line.starts_with('#');
            prose.extend(parts.filter(|(at, _)| heading || at % 2 == 0).map(|(_, part)| part));
            prose.push('\n');
        }
    }
    prose
}

fn links(prose: &str) -> Vec<&str> {
    let after = prose.split("](").skip(1);
    after.filter_map(|rest| rest.split_once(')')).map(|(link, _)| link).collect()
}

/// The anchors of a document's headings, as mdBook makes them, each with its heading.
fn anchors(prose: &str) -> BTreeMap<String, &str> {
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| line.trim_start_matches('#').trim())
        .map(|heading| {
            let kept = heading.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
            (kept.collect::<String>().to_lowercase().replace(' ', "-"), heading)
        })
        .collect()
}
