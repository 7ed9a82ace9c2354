//! An explanation for people at a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::report::{
    ClusterSummary, ContainerOutcome, ExplainedPod, Explanation, Id, Identity, Layer, NodeSummary,
    Origin, PodFate, PodOutcome, Policy, Severity, Warning,
};
use crate::report::{counted, first_few, shown_line};

const TITLE: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const IMPLICIT: Style = AnsiColor::Yellow.on_default();
const GRAVE: Style = AnsiColor::Red.on_default().bold();

/// How much is shown of a layer's digest, in hexadecimal digits.
const DIGITS: usize = 12;
/// How much is shown of the command that made a layer, in characters.
const COMMAND: usize = 60;

/// Writes an explanation.
///
/// # Errors
/// Whatever `out` says.
pub fn write(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    write_cluster(out, &explanation.cluster)?;
    for pod in &explanation.pods {
        writeln!(out)?;
        write_pod(out, pod)?;
    }
    writeln!(out)?;
    let count = |severity| {
        let warnings = explanation.pods.iter().flat_map(|pod| &pod.warnings);
        warnings.filter(|warning| warning.severity == severity).count()
    };
    writeln!(
        out,
        "{}; {}, {}",
        counted(explanation.pods.len(), "pod manifest"),
        counted(count(Severity::Error), "error"),
        counted(count(Severity::Warning), "warning"),
    )?;
    write_passed_over(out, explanation.passed_over)
}

/// Says how much was not looked at, so that nobody takes it for clean.
///
/// # Errors
/// Whatever `out` says.
pub fn write_passed_over(out: &mut dyn Write, count: usize) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let objects = counted(count, "object");
    writeln!(out, "{FAINT}passed over: {objects} without pods, or with pods for Windows{FAINT:#}")
}

/// Writes what manifests are held against.
///
/// # Errors
/// Whatever `out` says.
pub fn write_cluster(out: &mut dyn Write, cluster: &ClusterSummary) -> io::Result<()> {
    let api_server = format!("{}{}", cluster.api_server, gate_words(cluster.gate));
    let is_one_version =
        |node: &NodeSummary| node.kubelet == cluster.api_server && node.gate == cluster.gate;
    match &*cluster.nodes {
        [node] if node.nodes.is_empty() && is_one_version(node) => {
            writeln!(out, "{FAINT}Kubernetes {api_server}; runtime {}{FAINT:#}", node.runtime)
        }
        [node] if node.nodes.is_empty() => {
            writeln!(out, "{FAINT}API server {api_server}; {}{FAINT:#}", node_words(node))
        }
        nodes => {
            writeln!(out, "{FAINT}API server {api_server}{FAINT:#}")?;
            for node in nodes {
                let count = counted(node.nodes.len(), "node");
                writeln!(
                    out,
                    "{FAINT}{count}: {} ({}){FAINT:#}",
                    node_words(node),
                    shown_line(&first_few(&node.nodes))
                )?;
            }
            Ok(())
        }
    }?;
    for assumption in &cluster.assumptions {
        writeln!(out, "{FAINT}Supposed: {}{FAINT:#}", shown_line(assumption))?;
    }
    Ok(())
}

/// What nodes are, in words.
#[must_use]
pub fn node_words(node: &NodeSummary) -> String {
    let feature = match node.feature {
        Some(true) => "; says that it honours the policy",
        Some(false) => "; says that it does not honour the policy",
        None => "",
    };
    let architecture = node.architecture.as_ref().map(|name| format!(", {name}"));
    format!(
        "kubelet {}{}, runtime {}{}{feature}",
        node.kubelet,
        gate_words(node.gate),
        node.runtime,
        shown_line(&architecture.unwrap_or_default())
    )
}

fn gate_words(gate: Option<bool>) -> &'static str {
    match gate {
        Some(true) => "",
        Some(false) => " (gate SupplementalGroupsPolicy off)",
        None => " (without supplementalGroupsPolicy)",
    }
}

fn write_pod(out: &mut dyn Write, pod: &ExplainedPod) -> io::Result<()> {
    let policy = match (&pod.unknown_policy, pod.policy_is_written) {
        (Some(unknown), _) => {
            format!(
                "asks for {}, which is no policy; there are Merge and Strict",
                shown_line(unknown)
            )
        }
        (None, true) => format!("asks for {}", pod.policy.name()),
        (None, false) => format!("names no policy, which means {}", pod.policy.name()),
    };
    let place = format!("{}:{}", shown_line(&pod.file), pod.line);
    writeln!(out, "{TITLE}{}{TITLE:#}  {FAINT}{place}{FAINT:#}", shown_line(&pod.title()))?;
    writeln!(out, "  {policy}")?;
    let ends = [Policy::Merge, Policy::Strict].map(|policy| (policy, early_end(pod.with(policy))));
    match ends {
        // What has nothing to do with the policy is said once.
        [(_, Some(end)), (_, Some(same))] if end == same => writeln!(out, "  {end}")?,
        ends => {
            for (policy, end) in ends {
                if let Some(end) = end {
                    writeln!(out, "  with {}: {end}", policy.name())?;
                }
            }
        }
    }
    // Where one policy does not get that far, the other still shows what there is.
    let [first, second] = match pod.policy {
        Policy::Merge => [&pod.merge, &pod.strict],
        Policy::Strict => [&pod.strict, &pod.merge],
    };
    let shown = if first.containers.is_empty() { second } else { first };
    for container in &shown.containers {
        let of =
            |policy| pod.with(policy).containers.iter().find(|other| other.name == container.name);
        writeln!(out)?;
        write_container(out, container, of(Policy::Merge), of(Policy::Strict))?;
    }
    if !pod.warnings.is_empty() {
        writeln!(out)?;
    }
    for warning in &pod.warnings {
        write_warning(out, warning)?;
    }
    Ok(())
}

/// Who stops a pod before its containers, and in which words; none where nobody does.
fn early_end(outcome: &PodOutcome) -> Option<String> {
    let who = match outcome.fate {
        PodFate::Admitted => return None,
        PodFate::Refused => "the API server refuses it",
        PodFate::Rejected => "the kubelet rejects it",
        PodFate::NoSandbox => "the runtime makes no sandbox",
    };
    let message = outcome.message.as_deref().unwrap_or_default();
    let reason = outcome.reason.as_ref().map(|reason| format!("{reason}: ")).unwrap_or_default();
    Some(format!("{who}: {}", shown_line(&format!("{reason}{message}"))))
}

fn write_container(
    out: &mut dyn Write,
    container: &ContainerOutcome,
    merge: Option<&ContainerOutcome>,
    strict: Option<&ContainerOutcome>,
) -> io::Result<()> {
    let from = match &container.known_image {
        None => " (not looked at)".to_owned(),
        Some(image) if image.is_stand_in => format!(" (in its place, {})", image.words()),
        Some(image) if image.is_built_in => " (built into gidcheck)".to_owned(),
        Some(image) => match &image.archive {
            Some(archive) => format!(" ({archive})"),
            None => " (from its registry)".to_owned(),
        },
    };
    writeln!(
        out,
        "  {} {TITLE}{}{TITLE:#}, image {}{FAINT}{}{FAINT:#}",
        container.kind.words(),
        shown_line(&container.name),
        shown_line(&container.image),
        shown_line(&from)
    )?;
    let sides = [("Merge", merge), ("Strict", strict)];
    for (name, side) in sides {
        if let Some(side) = side
            && let Some(reason) = &side.reason
        {
            let said = format!("{reason}: {}", side.message.clone().unwrap_or_default());
            writeln!(out, "    with {name} it does not start: {}", shown_line(&said))?;
        }
    }
    let merge = merge.and_then(|side| side.identity.as_ref());
    let strict = strict.and_then(|side| side.identity.as_ref());
    if merge.is_none() && strict.is_none() {
        return Ok(());
    }
    write_rows(out, &rows(merge, strict))
}

/// A line of the table.
struct Row {
    what: &'static str,
    id: Id,
    merge: bool,
    strict: bool,
}

/// A line for each id; the primary group is among the groups, and has no second one.
fn rows(merge: Option<&Identity>, strict: Option<&Identity>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut add = |what: &'static str, id: &Id, policy: Policy| {
        let same = |row: &Row| row.what == what && row.id.id == id.id;
        let at = rows.iter().position(same).unwrap_or_else(|| {
            let none = Id { origins: Vec::new(), ..id.clone() };
            rows.push(Row { what, id: none, merge: false, strict: false });
            rows.len() - 1
        });
        let row = &mut rows[at];
        row.merge |= policy == Policy::Merge;
        row.strict |= policy == Policy::Strict;
        for origin in &id.origins {
            if !row.id.origins.contains(origin) {
                row.id.origins.push(origin.clone());
            }
        }
    };
    let sides = [(Policy::Merge, merge), (Policy::Strict, strict)];
    let both = || sides.iter().filter_map(|(policy, side)| side.map(|side| (*policy, side)));
    for (policy, identity) in both() {
        add("uid", &identity.user, policy);
    }
    for (policy, identity) in both() {
        add("gid", &identity.group, policy);
    }
    for (policy, identity) in both() {
        for group in &identity.groups {
            let what = if group.id == identity.group.id { "gid" } else { "group" };
            add(what, group, policy);
        }
    }
    rows
}

fn write_rows(out: &mut dyn Write, rows: &[Row]) -> io::Result<()> {
    let name = |row: &Row| row.id.name.as_deref().map(shown_line).unwrap_or_default();
    let names = rows.iter().map(|row| name(row).chars().count()).max().unwrap_or(0).max(4);
    let ids = rows.iter().map(|row| row.id.id.to_string().len()).max().unwrap_or(0).max(2);
    writeln!(
        out,
        "    {FAINT}{:5}  {:>ids$}  {:names$}  MERGE  STRICT  FROM{FAINT:#}",
        "", "ID", "NAME"
    )?;
    for row in rows {
        let is_implicit = row.what != "uid" && !row.id.is_written();
        let style = if is_implicit { IMPLICIT } else { Style::new() };
        let mark = |holds: bool| if holds { "yes" } else { "–" };
        writeln!(
            out,
            "    {style}{:5}  {:>ids$}  {:names$}  {:5}  {:6}  {}{style:#}",
            row.what,
            row.id.id,
            name(row),
            mark(row.merge),
            mark(row.strict),
            shown_line(&origins(&row.id))
        )?;
    }
    Ok(())
}

/// Where an id comes from, in words.
#[must_use]
pub fn origins(id: &Id) -> String {
    let words: Vec<_> = id.origins.iter().map(origin_in_words).collect();
    let mut text = words.join("; ");
    if !id.is_written() {
        text.push_str("; not in the manifest");
    }
    text
}

/// One place where an id comes from, in words.
#[must_use]
pub fn origin_in_words(origin: &Origin) -> String {
    match origin {
        Origin::Manifest { field } => field.clone(),
        Origin::ImageUser => "the image's User".to_owned(),
        Origin::Default => "nothing names one".to_owned(),
        Origin::Volume { claim: Some(claim) } => format!("the volume of claim {claim}"),
        Origin::Volume { claim: None } => "a volume".to_owned(),
        Origin::Reported => "its kubelet reports it".to_owned(),
        Origin::ImageFile { file, line, layer, instead_of } => {
            let instead = instead_of
                .map(|gid| format!(" has a group named {gid}, which runc takes for it,"))
                .unwrap_or_default();
            let layer = layer.as_ref().map(in_short).unwrap_or_default();
            format!("{file} line {line}{instead} of the image{layer}")
        }
    }
}

fn in_short(layer: &Layer) -> String {
    let (algorithm, digits) = layer.digest.split_once(':').unwrap_or(("", &layer.digest));
    let short: String = digits.chars().take(DIGITS).collect();
    let digest = if algorithm.is_empty() { short } else { format!("{algorithm}:{short}") };
    let Some(command) = &layer.created_by else { return format!(", layer {digest}") };
    let mut command: String = command.split_whitespace().collect::<Vec<_>>().join(" ");
    if command.chars().count() > COMMAND {
        command = command.chars().take(COMMAND).collect();
        command.push('…');
    }
    format!(", layer {digest} ({command})")
}

fn write_warning(out: &mut dyn Write, warning: &Warning) -> io::Result<()> {
    let style = match warning.severity {
        Severity::Error => GRAVE,
        Severity::Warning => IMPLICIT,
        Severity::Note => FAINT,
    };
    let about = warning.rule.about();
    let container = warning.container.as_ref().map(|name| format!("container {name}: "));
    writeln!(
        out,
        "  {style}{}{style:#} {}{} {FAINT}[{}]{FAINT:#}",
        warning.severity.words(),
        shown_line(&container.unwrap_or_default()),
        shown_line(&warning.text),
        about.name
    )?;
    writeln!(out, "    {FAINT}{}{FAINT:#}", about.help)
}
