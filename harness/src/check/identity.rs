//! Who a container is: by `id`, by its first process, as reported.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

use super::Difference;
use crate::cluster::Cluster;
use crate::scenario::{Expectation, Identity, IdentityText};

/// How long `id` and `cat` may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Compares the identities that an expectation speaks of.
pub(super) async fn check(
    expectation: &Expectation,
    pod: &Pod,
    status: Option<&ContainerStatus>,
    cluster: &Cluster,
    prefix: &str,
    differences: &mut Vec<Difference>,
) {
    let Expectation { identity, id, process, reported, container, .. } = expectation;
    let asks_inside = identity.is_some() || id.is_some() || process.is_some();
    let runs = status.and_then(|status| status.state.as_ref()).is_some_and(|s| s.running.is_some());
    if asks_inside && !runs {
        differences.push(Difference::new(
            format!("{prefix}container"),
            "running",
            describe(status),
        ));
        return;
    }
    let container = container.as_deref();
    if let Some(wanted) = id.as_ref().or(identity.as_ref()) {
        let seen = ask(cluster, pod, container, &["id"], parse_id_output).await;
        compare(wanted, seen, &format!("{prefix}id"), differences);
    }
    if let Some(wanted) = process.as_ref().or(identity.as_ref()) {
        let command = ["cat", "/proc/1/status"];
        let seen = ask(cluster, pod, container, &command, parse_process_status).await;
        compare(&without_names(wanted), seen, &format!("{prefix}first process"), differences);
    }
    let seen = status.and_then(reported_identity);
    match (reported, identity, seen) {
        (Some(wanted), _, seen) => compare(
            &without_names(wanted),
            Ok(seen.map_or(IdentityText::None, IdentityText::Is)),
            &format!("{prefix}reported user"),
            differences,
        ),
        // Where the runtime reports nobody there is nothing that could contradict.
        (None, Some(wanted), Some(seen)) => compare(
            &without_names(wanted),
            Ok(IdentityText::Is(seen)),
            &format!("{prefix}reported user"),
            differences,
        ),
        _ => {}
    }
}

fn describe(status: Option<&ContainerStatus>) -> String {
    let Some(state) = status.and_then(|status| status.state.as_ref()) else {
        return "no status".to_owned();
    };
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.as_deref().unwrap_or("without a reason");
        let message = waiting.message.as_deref().map(|text| format!(": {text}"));
        return format!("waiting, {reason}{}", message.unwrap_or_default());
    }
    match &state.terminated {
        Some(terminated) => format!("terminated with exit code {}", terminated.exit_code),
        None => "no state".to_owned(),
    }
}

fn without_names(wanted: &IdentityText) -> IdentityText {
    match wanted {
        IdentityText::None => IdentityText::None,
        IdentityText::Is(identity) => IdentityText::Is(Identity::numeric(
            identity.uid.id,
            identity.gid.id,
            identity.groups.iter().map(|group| group.id),
        )),
    }
}

fn compare(
    wanted: &IdentityText,
    seen: Result<IdentityText, String>,
    what: &str,
    differences: &mut Vec<Difference>,
) {
    match (wanted, seen) {
        (IdentityText::None, Ok(IdentityText::None)) => {}
        (IdentityText::Is(wanted), Ok(IdentityText::Is(seen))) if wanted.fits(&seen) => {}
        (wanted, Ok(seen)) => differences.push(Difference::new(what, wanted, seen)),
        (wanted, Err(error)) => differences.push(Difference::new(what, wanted, error)),
    }
}

async fn ask(
    cluster: &Cluster,
    pod: &Pod,
    container: Option<&str>,
    command: &[&str],
    parse: fn(&str) -> Option<Identity>,
) -> Result<IdentityText, String> {
    let command: Vec<_> = command.iter().map(|word| (*word).to_owned()).collect();
    let answer =
        cluster.exec(pod, container, &command, LIMIT).await.map_err(|error| error.to_string())?;
    let stdout = String::from_utf8_lossy(&answer.stdout);
    if answer.exit_code != 0 {
        let stderr = String::from_utf8_lossy(&answer.stderr);
        let words = command.join(" ");
        return Err(format!(
            "{words} ended with exit code {}: {}",
            answer.exit_code,
            stderr.trim()
        ));
    }
    parse(&stdout).map(IdentityText::Is).ok_or_else(|| format!("unreadable: {:?}", stdout.trim()))
}

/// Reads what `id` prints.
#[must_use]
pub fn parse_id_output(text: &str) -> Option<Identity> {
    text.trim().parse().ok()
}

/// Reads `/proc/PID/status`: the effective uid and gid, and the groups as the kernel lists them.
#[must_use]
pub fn parse_process_status(text: &str) -> Option<Identity> {
    let field = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    let effective = |name: &str| field(name)?.split_whitespace().nth(1)?.parse().ok();
    let groups: Option<Vec<i64>> =
        field("Groups")?.split_whitespace().map(|word| word.parse().ok()).collect();
    Some(Identity::numeric(effective("Uid")?, effective("Gid")?, groups?))
}

fn reported_identity(status: &ContainerStatus) -> Option<Identity> {
    let linux = status.user.as_ref()?.linux.as_ref()?;
    let groups = linux.supplemental_groups.iter().flatten().copied();
    Some(Identity::numeric(linux.uid, linux.gid, groups))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_status_gives_effective_ids_and_the_kernels_groups() {
        let text = "Name:\tsh\nUid:\t1\t1000\t1\t1\nGid:\t2\t3000\t2\t2\nGroups:\t3000 4000 \n";
        assert_eq!(parse_process_status(text), Some(Identity::numeric(1000, 3000, [3000, 4000])));
        assert_eq!(parse_process_status("Uid:\t0\n"), None);
    }

    #[test]
    fn an_empty_group_list_is_a_list() {
        let text = "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t \n";
        assert_eq!(parse_process_status(text), Some(Identity::numeric(0, 0, [])));
    }
}
