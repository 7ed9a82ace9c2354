//! One scenario, many cases: axes, rows, `when` and `${name}`.
//!
//! It works on the tree of the document, before types: a value that a name
//! stands for may be anything, and every node keeps the place it came from.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::rules::CHECKS;
use crate::document::{Entry, Node, Problem, Problems, Span, Value, closest};

/// The most cases that one scenario may make.
pub(super) const MAX_CASES: usize = 10_000;

/// The most combinations of values that are looked at, those that are excluded included.
const MAX_COMBINATIONS: usize = 1_000_000;

/// The most values that the cases of one scenario may have in all.
const MAX_VALUES: usize = 1_000_000;

/// The most text that the cases of one scenario may have in all, in bytes.
const MAX_TEXT: usize = 64 * 1024 * 1024;

/// The longest word that becomes part of a case's name, in characters.
const MAX_LABEL: usize = 100;

/// A case: the values its names stand for, and the scenario's spec with them.
#[derive(Debug)]
pub(super) struct Expanded {
    /// `axis=value` words and the row's name, in order; empty without a matrix.
    pub(super) labels: Vec<String>,
    /// The spec, without its matrix.
    pub(super) spec: Node,
}

/// What names stand for in one case.
type Bindings<'a> = BTreeMap<&'a str, Bound<'a>>;

#[derive(Clone)]
enum Bound<'a> {
    Node(Cow<'a, Node>),
    /// A variable that this row leaves out.
    Missing,
}

/// All cases of a spec.
pub(super) fn expand(spec: &Node, problems: &mut Problems) -> Vec<Expanded> {
    let Some(matrix) = spec.get("matrix").filter(|node| node.value != Value::Null) else {
        let known = BTreeMap::new();
        let mut pass = Pass::new(&known);
        let spec = pass.spec(spec, &Bindings::new(), problems);
        return vec![Expanded { labels: Vec::new(), spec }];
    };
    let axes = axes(matrix, problems);
    let rows = rows(matrix, &axes, problems);
    let known = known_values(&axes, &rows);
    check_that_axes_are_used(spec, matrix, problems);
    let excludes: Vec<&Node> =
        matrix.get("exclude").map(|node| node.items().iter().collect()).unwrap_or_default();
    for exclude in &excludes {
        check_condition(exclude, &known, problems);
    }

    let mut pass = Pass::new(&known);
    let mut cases = Vec::new();
    let size = axes.iter().try_fold(rows.len().max(1), |size: usize, (_, values)| {
        size.checked_mul(values.len()).filter(|size| *size <= MAX_COMBINATIONS)
    });
    if size.is_none() {
        problems.add(
            Problem::new(
                matrix.span,
                format!("the matrix has more than {MAX_COMBINATIONS} combinations"),
            )
            .help("take values out of its axes or split the scenario"),
        );
        return cases;
    }
    for combination in combinations(&axes) {
        if pass.is_full() {
            problems.add(
                Problem::new(matrix.span, "the cases of this matrix are too large in all")
                    .help("make fewer cases, or shorter ones"),
            );
            return cases;
        }
        for row in rows.iter().map(Some).chain(rows.is_empty().then_some(None)) {
            let mut bindings: Bindings<'_> = combination
                .iter()
                .map(|(name, node)| (*name, Bound::Node(Cow::Borrowed(*node))))
                .collect();
            let mut labels: Vec<_> =
                combination.iter().map(|(name, node)| format!("{name}={}", label(node))).collect();
            if let Some(row) = row {
                labels.push(row.name.to_owned());
                let values = row.values.iter().map(|(name, bound)| {
                    // A row may use the axes' names in its values.
                    let value = match bound {
                        Bound::Node(node) => pass.node(node, &bindings, problems),
                        Bound::Missing => None,
                    };
                    (*name, value.map_or(Bound::Missing, |node| Bound::Node(Cow::Owned(node))))
                });
                let values: Vec<_> = values.collect();
                bindings.extend(values);
                bindings.insert("name", Bound::Node(Cow::Borrowed(row.name_node)));
            }
            if excludes.iter().any(|exclude| holds(exclude, &bindings)) {
                continue;
            }
            if cases.len() == MAX_CASES {
                problems.add(
                    Problem::new(
                        matrix.span,
                        format!("the matrix makes more than {MAX_CASES} cases"),
                    )
                    .help("take values out of its axes or split the scenario"),
                );
                return cases;
            }
            cases.push(Expanded { labels, spec: pass.spec(spec, &bindings, problems) });
        }
    }
    if cases.is_empty() && problems.is_empty() {
        problems.add(
            Problem::new(matrix.span, "the matrix expands to no case at all")
                .help("give its axes values, or exclude less"),
        );
    }
    for span in pass.whens.difference(&pass.whens_that_held) {
        if problems.is_empty() {
            problems.add(
                Problem::new(*span, "this holds in no case, so it is never checked")
                    .help("correct the condition, or take what it guards out"),
            );
        }
    }
    cases
}

struct Row<'a> {
    name: &'a str,
    name_node: &'a Node,
    values: BTreeMap<&'a str, Bound<'a>>,
}

/// Names axes that nothing looks at: all their cases would be the same.
fn check_that_axes_are_used(spec: &Node, matrix: &Node, problems: &mut Problems) {
    let rows = matrix.get("rows");
    let parts = spec.entries().iter().filter(|entry| &*entry.key != "matrix");
    let parts: Vec<_> = parts.map(|entry| &entry.value).chain(rows).collect();
    for axis in matrix.get("axes").map(Node::entries).unwrap_or_default() {
        let reference = format!("${{{}}}", axis.key);
        if !parts.iter().any(|part| uses(part, &axis.key, &reference)) {
            problems.add(
                Problem::new(
                    axis.key_span,
                    format!(
                        "nothing uses the axis {:?}, so its cases are all the same",
                        &*axis.key
                    ),
                )
                .help(format!(
                    "write \"{reference}\" where its values are to be, such as `cluster: {{{}: \
                     \"{reference}\"}}`",
                    axis.key
                )),
            );
        }
    }
}

/// Whether a part of a spec has a reference to a name, or a condition on it.
fn uses(part: &Node, name: &str, reference: &str) -> bool {
    match &part.value {
        Value::List(items) => items.iter().any(|item| uses(item, name, reference)),
        Value::Mapping(entries) => entries.iter().any(|entry| {
            entry.key.contains(reference)
                || (&*entry.key == "when" && entry.value.get(name).is_some())
                || uses(&entry.value, name, reference)
        }),
        _ => part.text().is_some_and(|text| text.contains(reference)),
    }
}

fn axes<'a>(matrix: &'a Node, problems: &mut Problems) -> Vec<(&'a str, &'a [Node])> {
    let mut axes = Vec::new();
    for axis in matrix.get("axes").map(Node::entries).unwrap_or_default() {
        let values = axis.value.items();
        if values.is_empty() {
            problems.add(
                Problem::new(axis.key_span, format!("axis {:?} has no values", &*axis.key))
                    .help("list the values it takes, such as [Merge, Strict]"),
            );
        }
        for value in values {
            check_label(value, problems);
            if matches!(value.value, Value::List(_) | Value::Mapping(_)) {
                problems.add(
                    Problem::new(value.span, "a value of an axis is a single word or number")
                        .help("use rows for lists and mappings"),
                );
            }
        }
        axes.push((&*axis.key, values));
    }
    axes
}

fn rows<'a>(
    matrix: &'a Node,
    axes: &[(&'a str, &'a [Node])],
    problems: &mut Problems,
) -> Vec<Row<'a>> {
    let nodes = matrix.get("rows").map(Node::items).unwrap_or_default();
    let variables: BTreeSet<&str> = nodes
        .iter()
        .flat_map(Node::entries)
        .map(|entry| &*entry.key)
        .filter(|key| *key != "name")
        .collect();
    let mut names = BTreeSet::new();
    let mut rows = Vec::new();
    for node in nodes {
        let named = node.get("name").and_then(|node| Some((node, node.text()?)));
        let Some((name_node, name)) = named else {
            problems.add(
                Problem::new(node.span, "a row needs a name")
                    .help("add name: WORDS-FOR-THE-CASE; it becomes part of the case's name"),
            );
            continue;
        };
        check_label(name_node, problems);
        if !names.insert(name) {
            problems.add(Problem::new(node.span, format!("two rows are called {name:?}")));
        }
        for (axis, _) in axes {
            if let Some(clash) = node.entries().iter().find(|entry| &*entry.key == *axis) {
                problems.add(Problem::new(
                    clash.key_span,
                    format!("{axis:?} is an axis already; a row cannot set it too"),
                ));
            }
        }
        let values = variables
            .iter()
            .map(|variable| {
                (
                    *variable,
                    node.get(variable)
                        .map_or(Bound::Missing, |node| Bound::Node(Cow::Borrowed(node))),
                )
            })
            .collect();
        rows.push(Row { name, name_node, values });
    }
    rows
}

/// A word that becomes part of a case's name is short.
fn check_label(node: &Node, problems: &mut Problems) {
    if node.text().is_some_and(|text| text.chars().count() > MAX_LABEL) {
        problems.add(
            Problem::new(
                node.span,
                format!("this is longer than the {MAX_LABEL} characters allowed"),
            )
            .help("it becomes part of the case's name; use rows and give each a short name"),
        );
    }
}

/// The words that each name can stand for, for checking conditions.
fn known_values<'a>(
    axes: &[(&'a str, &'a [Node])],
    rows: &[Row<'a>],
) -> BTreeMap<&'a str, BTreeSet<String>> {
    let mut known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, values) in axes {
        known.entry(name).or_default().extend(values.iter().map(label));
    }
    for row in rows {
        known.entry("name").or_default().insert(row.name.to_owned());
        for (name, bound) in &row.values {
            known.entry(name).or_default().insert(bound.label());
        }
    }
    known
}

/// Each combination of the axes' values, the last axis fastest, made only when it is asked for.
fn combinations<'a>(
    axes: &[(&'a str, &'a [Node])],
) -> impl Iterator<Item = Vec<(&'a str, &'a Node)>> {
    let count: usize = axes.iter().map(|(_, values)| values.len()).product();
    (0..count).map(|number| {
        let mut rest = number;
        let mut combination: Vec<_> = axes
            .iter()
            .rev()
            .map(|(name, values)| {
                let value = &values[rest % values.len()];
                rest /= values.len();
                (*name, value)
            })
            .collect();
        combination.reverse();
        combination
    })
}

/// The word that stands for a value in a case's name and in conditions.
fn label(node: &Node) -> String {
    match &node.value {
        Value::Null => "unset".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(_, text) | Value::String(text) => text.to_string(),
        Value::List(_) | Value::Mapping(_) => "…".to_owned(),
    }
}

impl Bound<'_> {
    fn label(&self) -> String {
        match self {
            Self::Node(node) => label(node),
            Self::Missing => "unset".to_owned(),
        }
    }
}

fn wanted(node: &Node) -> Vec<&Node> {
    match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    }
}

fn holds(condition: &Node, bindings: &Bindings<'_>) -> bool {
    condition.entries().iter().all(|entry| {
        bindings.get(&*entry.key).is_some_and(|bound| {
            wanted(&entry.value).iter().any(|node| label(node) == bound.label())
        })
    })
}

fn check_condition(
    condition: &Node,
    known: &BTreeMap<&str, BTreeSet<String>>,
    problems: &mut Problems,
) {
    for entry in condition.entries() {
        let Some(values) = known.get(&*entry.key) else {
            problems.add(unknown_name(entry.key_span, &entry.key, known.keys().copied()));
            continue;
        };
        for node in wanted(&entry.value) {
            let word = label(node);
            if !values.contains(&word) {
                let values: Vec<_> = values.iter().map(String::as_str).collect();
                problems.add(
                    Problem::new(node.span, format!("{:?} is never {word:?}", &*entry.key))
                        .help(format!("its values are {}", values.join(", "))),
                );
            }
        }
    }
}

fn unknown_name<'a>(span: Span, name: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    let known: Vec<_> = known.collect();
    let problem = Problem::new(span, format!("no axis or row variable is called {name:?}"));
    match (closest(name, &known), known.is_empty()) {
        (Some(near), _) => problem.help(format!("did you mean {near:?}?")),
        (None, true) => problem.help("the scenario has no matrix; write $${ for a plain ${"),
        (None, false) => problem.help(format!("known: {}", known.join(", "))),
    }
}

/// Whether a step expected something, and nothing of that holds in this case.
fn lost_its_expectations(step: &Node, expanded: &Node) -> bool {
    CHECKS.iter().any(|field| step.get(field).is_some() && expanded.get(field).is_none())
}

/// One walk over all cases, which remembers the conditions it met.
struct Pass<'a> {
    known: &'a BTreeMap<&'a str, BTreeSet<String>>,
    values: usize,
    text: usize,
    whens: BTreeSet<Span>,
    whens_that_held: BTreeSet<Span>,
}

impl<'a> Pass<'a> {
    fn new(known: &'a BTreeMap<&'a str, BTreeSet<String>>) -> Self {
        let (whens, whens_that_held) = (BTreeSet::new(), BTreeSet::new());
        Self { known, values: 0, text: 0, whens, whens_that_held }
    }

    /// Whether more was made than all cases together may have.
    fn is_full(&self) -> bool {
        self.values > MAX_VALUES || self.text > MAX_TEXT
    }

    fn spec(&mut self, spec: &Node, bindings: &Bindings<'_>, problems: &mut Problems) -> Node {
        let entries = spec.entries().iter().filter(|entry| &*entry.key != "matrix");
        self.mapping(spec.span, entries, bindings, problems)
    }

    fn mapping<'n>(
        &mut self,
        span: Span,
        entries: impl Iterator<Item = &'n Entry>,
        bindings: &Bindings<'_>,
        problems: &mut Problems,
    ) -> Node {
        let entries = entries
            .filter_map(|entry| {
                let value = self.node(&entry.value, bindings, problems)?;
                Some(Entry { key: Arc::clone(&entry.key), key_span: entry.key_span, value })
            })
            .collect();
        Node { value: Value::Mapping(entries), span }
    }

    /// A node with its names replaced; nothing where its condition does not hold or its name
    /// stands for nothing.
    fn node(
        &mut self,
        node: &Node,
        bindings: &Bindings<'_>,
        problems: &mut Problems,
    ) -> Option<Node> {
        self.values += 1;
        if self.is_full() {
            return None;
        }
        match &node.value {
            Value::String(text) if text.contains("${") => {
                let made = self.interpolate(text, node.span, bindings, problems)?;
                self.values += made.size();
                self.text += made.text().map_or(0, str::len);
                Some(made)
            }
            Value::List(items) => {
                let kept: Vec<_> = items
                    .iter()
                    .filter_map(|item| {
                        let kept = self.guarded(item, bindings, problems)?;
                        (!lost_its_expectations(item, &kept)).then_some(kept)
                    })
                    .collect();
                let emptied = kept.is_empty() && !items.is_empty();
                (!emptied).then_some(Node { value: Value::List(kept), span: node.span })
            }
            Value::Mapping(entries) => {
                Some(self.mapping(node.span, entries.iter(), bindings, problems))
            }
            _ => {
                self.text += node.text().map_or(0, str::len);
                Some(node.clone())
            }
        }
    }

    /// An item of a list, such as a step or an expectation, if its `when` holds.
    fn guarded(
        &mut self,
        item: &Node,
        bindings: &Bindings<'_>,
        problems: &mut Problems,
    ) -> Option<Node> {
        let Some(when) = item.get("when").filter(|when| matches!(when.value, Value::Mapping(_)))
        else {
            return self.node(item, bindings, problems);
        };
        if self.whens.insert(when.span) {
            check_condition(when, self.known, problems);
        }
        if !holds(when, bindings) {
            return None;
        }
        self.whens_that_held.insert(when.span);
        let entries = item.entries().iter().filter(|entry| &*entry.key != "when");
        Some(self.mapping(item.span, entries, bindings, problems))
    }

    fn interpolate(
        &self,
        text: &str,
        span: Span,
        bindings: &Bindings<'_>,
        problems: &mut Problems,
    ) -> Option<Node> {
        let whole = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        if let Some(name) = whole.filter(|name| !name.contains(['}', '$'])) {
            return match bindings.get(name) {
                Some(Bound::Node(node)) if node.value == Value::Null => None,
                Some(Bound::Node(node)) => Some(node.clone().into_owned()),
                Some(Bound::Missing) => None,
                None => {
                    problems.add(unknown_name(span, name, self.known.keys().copied()));
                    None
                }
            };
        }
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if result.len() > MAX_TEXT {
                problems.add(Problem::new(span, "this becomes too long with its names replaced"));
                return None;
            }
            if rest[..at].ends_with('$') {
                result.push_str(&rest[..at]);
                result.push('{');
                rest = &rest[at + 2..];
                continue;
            }
            result.push_str(&rest[..at]);
            let Some(end) = rest[at..].find('}') else {
                problems.add(
                    Problem::new(span, "\"${\" is not closed")
                        .help("close it with \"}\", or write $${ for a plain ${"),
                );
                return None;
            };
            let name = &rest[at + 2..at + end];
            match bindings.get(name) {
                Some(bound) => result.push_str(&bound.label()),
                None => problems.add(unknown_name(span, name, self.known.keys().copied())),
            }
            rest = &rest[at + end + 1..];
        }
        result.push_str(rest);
        Some(Node { value: Value::String(Arc::from(result)), span })
    }
}
