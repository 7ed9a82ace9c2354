//! A plan in words: for the terminal, and as Markdown.

use std::fmt::Write;

use super::report::{DrainProblem, Effect, Finding, Plan};
use crate::report::{counted, first_few, table};

/// How many rows of one kind are shown to people; JSON has all.
const ROWS: usize = 30;
/// How many commands of one step are shown to people.
const COMMANDS: usize = 24;

/// How headings, tables and commands are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For the terminal.
    Text,
    /// Markdown.
    Markdown,
}

impl Form {
    fn heading(self, out: &mut String, text: &str) {
        match self {
            Self::Text => out.push_str(&format!("\n{text}\n")),
            Self::Markdown => out.push_str(&format!("\n## {text}\n\n")),
        }
    }

    fn line(self, out: &mut String, text: &str) {
        match self {
            Self::Text => out.push_str(&format!("  {text}\n")),
            Self::Markdown => out.push_str(&format!("- {}\n", escaped(text))),
        }
    }

    fn table(self, out: &mut String, headings: &[&str], rows: &[Vec<String>]) {
        match self {
            Self::Text => {
                for line in table::text(headings, rows).lines() {
                    out.push_str(&format!("  {line}\n"));
                }
            }
            Self::Markdown => {
                let rows: Vec<Vec<String>> =
                    rows.iter().map(|row| row.iter().map(|cell| escaped(cell)).collect()).collect();
                out.push_str(&table::markdown(headings, &rows));
            }
        }
    }

    fn commands(self, out: &mut String, commands: &[String]) {
        let shown = commands.iter().take(COMMANDS);
        let indent = if self == Self::Text { "    " } else { "" };
        if self == Self::Markdown {
            out.push_str("\n```sh\n");
        }
        for command in shown {
            out.push_str(&format!("{indent}{command}\n"));
        }
        if commands.len() > COMMANDS {
            let more = commands.len() - COMMANDS;
            out.push_str(&format!(
                "{indent}# … and {more} more lines alike; --output json has all\n"
            ));
        }
        if self == Self::Markdown {
            out.push_str("```\n\n");
        }
    }
}

/// A text from outside, which must not be taken for Markdown.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '<' | '>' | '`' | '*' | '_' | '[' | ']' | '\\') {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}

/// The whole plan.
#[must_use]
pub fn write(plan: &Plan, form: Form) -> String {
    let mut out = String::new();
    let verdict = verdict(plan);
    if form == Form::Markdown {
        out.push_str("# Plan\n\n");
    }
    let cluster = &plan.cluster;
    let _ = writeln!(
        out,
        "{verdict} {}, {}, {} of them Strict.",
        counted(cluster.nodes, "node"),
        counted(cluster.pods, "pod"),
        cluster.strict_pods
    );
    form.heading(&mut out, "What changes");
    plan.change.iter().for_each(|line| form.line(&mut out, line));
    findings(&mut out, form, &plan.findings, "");
    findings(&mut out, form, &plan.already, "Already so: ");
    if !plan.nodes.is_empty() {
        form.heading(&mut out, "Nodes");
        for finding in &plan.nodes {
            let already = if finding.already { "already so: " } else { "" };
            form.line(
                &mut out,
                &format!("{already}{}: {}", first_few(&finding.nodes), finding.text),
            );
        }
    }
    storms(&mut out, form, plan);
    drains(&mut out, form, plan);
    order(&mut out, form, plan);
    notes(&mut out, form, plan);
    out
}

/// The plan in one sentence. What is broken already is no news of the change, and no reason to
/// call the cluster whole.
fn verdict(plan: &Plan) -> &'static str {
    let broken = plan.already.iter().any(|finding| finding.effect.breaks())
        || plan.nodes.iter().any(|finding| finding.already);
    match (plan.breaks, broken, plan.drains.is_empty()) {
        (true, false, _) => "This change would break something.",
        (true, true, _) => "This change would break something, and something is broken already.",
        (false, true, _) => "This change breaks nothing more; something is broken already.",
        (false, false, false) => "Nothing breaks; some pods are in the way of drains.",
        (false, false, true) => "Nothing breaks.",
    }
}

/// What stands in the way of draining nodes, the gravest first.
const DRAINS: &[(DrainProblem, &str)] = &[
    (DrainProblem::BudgetNeverAllows, "Drains that do not end: a budget lets no pod go"),
    (DrainProblem::BudgetAllowsNone, "Drains that wait until more pods are healthy"),
    (DrainProblem::NoOtherNode, "Pods that wait while nodes are drained: no other node takes them"),
];

fn drains(out: &mut String, form: Form, plan: &Plan) {
    for (what, heading) in DRAINS {
        let of: Vec<_> = plan.drains.iter().filter(|one| one.what == *what).collect();
        if of.is_empty() {
            continue;
        }
        form.heading(out, heading);
        let rows: Vec<_> = of
            .iter()
            .take(ROWS)
            .map(|one| {
                let nodes =
                    if one.nodes.is_empty() { "before".to_owned() } else { first_few(&one.nodes) };
                let name = format!("{}/{}", one.kind, one.name);
                vec![one.namespace.clone(), name, one.pods.to_string(), nodes, one.text.clone()]
            })
            .collect();
        form.table(out, &["namespace", "what", "pods", "nodes", "why"], &rows);
        if of.len() > ROWS {
            form.line(out, &format!("… and {} more; --output json has all", of.len() - ROWS));
        }
    }
}

fn findings(out: &mut String, form: Form, all: &[Finding], prefix: &str) {
    let effects: std::collections::BTreeSet<Effect> = all.iter().map(|one| one.effect).collect();
    for effect in effects {
        let of: Vec<_> = all.iter().filter(|one| one.effect == effect).collect();
        let pods = of.iter().map(|one| one.pods).sum();
        form.heading(out, &format!("{prefix}{} ({})", effect.words(), counted(pods, "pod")));
        let rows: Vec<_> = of.iter().take(ROWS).map(|one| row(one)).collect();
        form.table(out, &["namespace", "controller", "pods", "on nodes", "what"], &rows);
        if of.len() > ROWS {
            form.line(out, &format!("… and {} more; --output json has all", of.len() - ROWS));
        }
    }
}

fn row(finding: &Finding) -> Vec<String> {
    let mut what: Vec<String> = Vec::new();
    if !finding.reason.is_empty() {
        what.push(finding.reason.clone());
    }
    for container in &finding.containers {
        let mut change =
            format!("{}: {} → {}", container.container, container.before, container.after);
        if !container.gained.is_empty() {
            let _ = write!(change, "; gains {}", container.gained.join(", "));
        }
        if !container.lost.is_empty() {
            let _ = write!(change, "; loses {}", container.lost.join(", "));
        }
        what.push(change);
    }
    let nodes = if finding.nodes.is_empty() {
        "none".to_owned()
    } else if finding.nodes.len() == finding.eligible_nodes && finding.nodes.len() > 3 {
        format!("all {}", finding.nodes.len())
    } else if finding.nodes.len() == finding.eligible_nodes {
        first_few(&finding.nodes)
    } else {
        format!(
            "{} ({} of {})",
            first_few(&finding.nodes),
            finding.nodes.len(),
            finding.eligible_nodes
        )
    };
    vec![
        finding.namespace.clone(),
        format!("{}/{}", finding.kind, finding.name),
        finding.pods.to_string(),
        nodes,
        what.join("; "),
    ]
}

fn storms(out: &mut String, form: Form, plan: &Plan) {
    if plan.storms.is_empty() {
        return;
    }
    form.heading(out, "Storms: rejected pods are replaced at once, without end");
    let rows: Vec<_> = plan
        .storms
        .iter()
        .take(ROWS)
        .map(|storm| {
            let rate = storm.rejected_in_ten_seconds.map_or_else(
                || "not simulated".to_owned(),
                |count| format!("{}.{} pods a second", count / 10, count % 10),
            );
            vec![storm.namespace.clone(), format!("{}/{}", storm.kind, storm.name), rate]
        })
        .collect();
    form.table(out, &["namespace", "controller", "rejected"], &rows);
}

fn order(out: &mut String, form: Form, plan: &Plan) {
    let order = &plan.order;
    if !order.safe {
        form.heading(out, "No order is safe");
        order.why_not.iter().take(ROWS).for_each(|line| form.line(out, line));
        return;
    }
    if order.steps.is_empty() {
        return;
    }
    form.heading(out, "The safest order");
    for (place, step) in order.steps.iter().enumerate() {
        let title = format!("{}. {}", place + 1, step.title);
        match form {
            Form::Text => out.push_str(&format!("  {title}\n")),
            Form::Markdown => out.push_str(&format!("{title}\n")),
        }
        form.commands(out, &step.commands);
    }
    if !order.rehearsal.is_empty() {
        form.heading(out, "Rehearsed in the simulation");
        order.rehearsal.iter().for_each(|line| form.line(out, line));
    }
    if !order.instead.is_empty() {
        form.heading(out, "What another order would do");
        order.instead.iter().for_each(|line| form.line(out, line));
    }
}

fn notes(out: &mut String, form: Form, plan: &Plan) {
    let cluster = &plan.cluster;
    let mut notes: Vec<String> = plan
        .assumptions
        .iter()
        .map(|one| match one.nodes {
            0 => one.text.clone(),
            nodes => {
                let more = nodes.saturating_sub(one.named.len());
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("{} ({}: {}{more})", one.text, counted(nodes, "node"), one.named.join(", "))
            }
        })
        .collect();
    notes.extend(plan.contradictions.iter().cloned());
    if !cluster.passed_over.is_empty() {
        let kinds: Vec<_> =
            cluster.passed_over.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        notes.push(format!("Objects that play no part were passed over: {}", kinds.join(", ")));
    }
    notes.extend(cluster.left_out_reasons.iter().cloned());
    let unnamed = cluster.left_out.saturating_sub(cluster.left_out_reasons.len());
    if unnamed > 0 {
        notes.push(format!("{unnamed} more objects could not be understood"));
    }
    if !notes.is_empty() {
        form.heading(out, "What was supposed, and what to know");
        notes.iter().for_each(|line| form.line(out, line));
    }
}
