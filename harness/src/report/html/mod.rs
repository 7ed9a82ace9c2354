//! The report that people read: one page that needs nothing from elsewhere.
//!
//! `page.html`, `page.css` and `page.js` are put together with the run as JSON.
//! Texts that many cases share are written once.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::run::{CaseReport, CaseVerdict, FailureReport, NodeReport, RunReport};
use crate::explain::report::{Id, Origin};
use crate::explain::text::origin_in_words;
use crate::runner::scene::SeenContainer;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The most groups that a picture shows; the rest are counted.
const MAX_GROUPS: usize = 40;
/// The most places that a picture shows for one id; the rest are counted.
const MAX_ORIGINS: usize = 8;
/// The most characters of a text in a picture.
const MAX_TEXT: usize = 80;

/// What the page's script reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    target: &'a str,
    virtual_time: bool,
    seconds: f64,
    gidcheck: &'a str,
    command: &'a str,
    descriptions: Vec<String>,
    lines: Vec<String>,
    containers: Vec<Container>,
    cases: Vec<PageCase<'a>>,
}

#[derive(Serialize)]
struct PageCase<'a> {
    id: &'a str,
    area: &'a str,
    /// What tells it apart from the other cases of its scenario: the end of its name.
    label: String,
    tags: &'a [String],
    /// Its place among the descriptions.
    description: usize,
    place: &'a str,
    kubernetes: &'a str,
    nodes: &'a [NodeReport],
    verdict: CaseVerdict,
    reason: Option<&'a str>,
    seconds: f64,
    failure: Option<&'a FailureReport>,
    /// When, and the place of what among the lines.
    transcript: Vec<(f64, usize)>,
    /// Their places among the containers.
    containers: Vec<usize>,
}

#[derive(PartialEq, Eq, Hash, Clone, Serialize)]
struct Container {
    title: String,
    sources: Vec<Source>,
    ids: Vec<PictureId>,
    /// How many groups more there are than the picture shows.
    more: usize,
}

/// Something that names ids.
#[derive(PartialEq, Eq, Hash, Clone, Serialize)]
struct Source {
    words: String,
    written: bool,
}

#[derive(PartialEq, Eq, Hash, Clone, Serialize)]
struct PictureId {
    what: &'static str,
    id: u32,
    name: Option<String>,
    written: bool,
    /// The places of what names it among the sources.
    from: Vec<usize>,
}

/// Things that are written once, however often they are used.
struct Once<T> {
    places: HashMap<T, usize>,
    all: Vec<T>,
}

impl<T: Clone + Eq + std::hash::Hash> Once<T> {
    fn new() -> Self {
        Self { places: HashMap::new(), all: Vec::new() }
    }

    fn place(&mut self, one: T) -> usize {
        *self.places.entry(one).or_insert_with_key(|one| {
            self.all.push(one.clone());
            self.all.len() - 1
        })
    }
}

/// The page of a run.
#[must_use]
pub fn html(run: &RunReport) -> String {
    let json = serde_json::to_string(&data(run)).expect("a report holds nothing odd for JSON");
    // Within a script element nothing but JSON must be seen, whatever the scenarios' names.
    let json = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    );
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len() + json.len());
    let mut rest = PAGE;
    for (mark, text) in [
        ("{{policy}}", policy.as_str()),
        ("{{style}}", STYLE),
        ("{{run}}", json.as_str()),
        ("{{script}}", SCRIPT),
    ] {
        let (before, after) = rest.split_once(mark).expect("the page has all marks, in order");
        page.push_str(before);
        page.push_str(text);
        rest = after;
    }
    page + rest
}

fn data(run: &RunReport) -> Data<'_> {
    let (mut descriptions, mut lines, mut containers) = (Once::new(), Once::new(), Once::new());
    let cases = run
        .cases
        .iter()
        .map(|case| PageCase {
            id: &case.id,
            area: &case.area,
            label: label(case),
            tags: &case.tags,
            description: descriptions.place(case.description.clone()),
            place: &case.place,
            kubernetes: &case.kubernetes,
            nodes: &case.nodes,
            verdict: case.verdict,
            reason: case.reason.as_deref(),
            seconds: case.seconds,
            failure: case.failure.as_ref(),
            transcript: case
                .transcript
                .iter()
                .map(|one| (hundredths(one.seconds), lines.place(one.to_string())))
                .collect(),
            containers: case.containers.iter().map(|one| containers.place(picture(one))).collect(),
        })
        .collect();
    Data {
        target: &run.target,
        virtual_time: run.virtual_time,
        seconds: run.seconds,
        gidcheck: &run.gidcheck,
        command: &run.command,
        descriptions: descriptions.all,
        lines: lines.all,
        containers: containers.all,
        cases,
    }
}

fn label(case: &CaseReport) -> String {
    let scenario = case.id.strip_prefix(&format!("{}/", case.area)).unwrap_or(&case.id);
    scenario.split_once('/').map(|(_, label)| label.to_owned()).unwrap_or_default()
}

/// As exactly as the page shows times.
fn hundredths(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

/// A text that fits into a picture.
fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_TEXT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn picture(container: &SeenContainer) -> Container {
    let SeenContainer { namespace, pod, name, kind, node, image, policy, identity } = container;
    let mut sources: Vec<Source> = Vec::new();
    let mut ids = Vec::new();
    let mut add = |what: &'static str, id: &Id| {
        let mut from = Vec::new();
        let all = id.origins.iter().take(MAX_ORIGINS).map(|origin| Source {
            words: cut(&origin_in_words(origin)),
            written: origin.is_written(),
        });
        let more = id.origins.get(MAX_ORIGINS..).unwrap_or_default();
        let rest = (!more.is_empty()).then(|| Source {
            words: format!("and {} more", more.len()),
            written: more.iter().any(Origin::is_written),
        });
        for source in all.chain(rest) {
            let place = sources.iter().position(|one| *one == source).unwrap_or_else(|| {
                sources.push(source);
                sources.len() - 1
            });
            from.push(place);
        }
        ids.push(PictureId {
            what,
            id: id.id,
            name: id.name.as_deref().map(cut),
            written: id.is_written(),
            from,
        });
    };
    add("uid", &identity.user);
    add("gid", &identity.group);
    identity.groups.iter().take(MAX_GROUPS).for_each(|group| add("group", group));
    let more = identity.groups.len().saturating_sub(MAX_GROUPS);
    let policy = policy.as_deref().unwrap_or("no policy");
    let kind = kind.words();
    let title =
        format!("{kind} {name} of pod {namespace}/{pod} on {node}: {policy}, image {image}");
    Container { title, sources, ids, more }
}
