//! `/healthz`, `/livez` and `/readyz`.

use hyper::StatusCode;

use super::answer::{self, Answer};
use super::query::Query;

/// What is checked: a server that answers is well.
pub(super) const CHECKS: &[&str] = &["ping", "log", "etcd"];

/// The answer to a check of the server's health, or to one of its parts.
pub(super) fn health(check: &str, part: &str, query: &Query) -> Answer {
    if !part.is_empty() {
        return if CHECKS.contains(&part) {
            answer::text(StatusCode::OK, "ok")
        } else {
            answer::unknown_path()
        };
    }
    if query.first("verbose").is_none() {
        return answer::text(StatusCode::OK, "ok");
    }
    let mut said = String::new();
    for known in CHECKS {
        let is_excluded = query.all("exclude").any(|excluded| excluded == *known);
        let words = if is_excluded { "excluded: ok" } else { "ok" };
        said.push_str(&format!("[+]{known} {words}\n"));
    }
    said.push_str(&format!("{check} check passed\n"));
    answer::text(StatusCode::OK, said)
}
