//! What is said of scenarios that break a rule.

use crate::scenario::Suite;

/// A scenario of one cluster, in flow style, and its steps.
fn said(cluster: &str, steps: &str) -> Vec<String> {
    let text = format!(
        "apiVersion: gidcheck.dev/v1\nkind: Scenario\nmetadata: {{name: s}}\n\
         spec:\n  cluster: {cluster}\n  steps:\n{steps}\n    - expect: [{{node: a}}]\n"
    );
    let suite = Suite::from_text("s.yaml", &text);
    suite
        .problems
        .sorted()
        .iter()
        .map(|problem| {
            let (line, _) = suite.sources.position(problem.span);
            let help = problem.help.as_deref().unwrap_or_default();
            format!("{line}: {}; {help}", problem.message)
        })
        .collect()
}

const NODES: &str = "{apiServer: {kubernetes: \"1.34\"}, nodes: [{name: a, kubernetes: \"1.33\", \
                     runtime: containerd-1.7}, {name: b, kubernetes: \"1.34\"}]}";

fn only(said: &[String], parts: &[&str]) {
    assert_eq!(said.len(), 1, "{said:#?}");
    for part in parts {
        assert!(said[0].contains(part), "{part:?} is not in {said:#?}");
    }
}

#[test]
fn a_change_that_goes_the_other_way_is_said() {
    only(
        &said(NODES, "    - upgrade: {node: a, kubernetes: \"1.32\"}"),
        &["7: v1.33.0 to v1.32.0 is a roll-back", "write rollBack"],
    );
    only(
        &said(NODES, "    - rollBack: {node: a, runtime: containerd-2.1}"),
        &["containerd-1.7 to containerd-2.1 is an upgrade", "write upgrade"],
    );
    only(
        &said(NODES, "    - rollingUpgrade: {kubernetes: \"1.33\", nodes: [b]}"),
        &["is a roll-back", "write rollingRollBack"],
    );
    only(
        &said(
            NODES,
            "    - upgrade: {node: a, kubernetes: \"1.34\"}\n    \
             - upgrade: {node: a, kubernetes: \"1.34\"}",
        ),
        &["8: it is v1.34.0 already", "take it out"],
    );
    only(
        &said(NODES, "    - rollingUpgrade: {kubernetes: \"1.34\", nodes: [b]}"),
        &["every node has these releases already"],
    );
}

#[test]
fn a_release_is_followed_from_step_to_step() {
    let steps = "    - upgrade: {node: a, runtime: containerd-2.1}\n    \
                 - rollBack: {node: a, runtime: containerd-1.7}\n    \
                 - rollingUpgrade: {kubernetes: \"1.34\", runtime: supporting}\n    \
                 - upgrade: {apiServer: true, kubernetes: \"1.35\"}\n    \
                 - rollingRollBack: {kubernetes: \"1.33\"}";
    assert_eq!(said(NODES, steps), Vec::<String>::new());
}

#[test]
fn a_skew_that_kubernetes_does_not_support_is_said_unless_it_is_asked_for() {
    let start = "{apiServer: {kubernetes: \"1.36\"}, nodes: [{name: a, kubernetes: \"1.32\"}]}";
    only(
        &said(start, ""),
        &[
            "5: node \"a\": kubelet 1.32 is 4 minor versions older",
            "1.33 or newer",
            "skew: allowed",
        ],
    );
    let newer = "    - upgrade: {node: a, kubernetes: \"1.35\"}";
    only(&said(NODES, newer), &["kubelet 1.35 is newer than API server 1.34", "to 1.35 first"]);
    let allowed = "    - upgrade: {node: a, kubernetes: \"1.35\", skew: allowed}";
    assert_eq!(said(NODES, allowed), Vec::<String>::new());
    let cluster = NODES.replacen('{', "{skew: allowed, ", 1);
    assert_eq!(said(&cluster, newer), Vec::<String>::new());
    let server = "    - rollBack: {apiServer: true, kubernetes: \"1.33\"}";
    only(&said(NODES, server), &["node \"b\": kubelet 1.34 is newer than API server 1.33"]);
    let rolling = "    - rollingUpgrade: {kubernetes: \"1.35\", nodes: [b]}";
    only(&said(NODES, rolling), &["node \"b\": kubelet 1.35 is newer"]);
}

#[test]
fn a_measurement_needs_a_subject_a_rate_and_time() {
    for (step, message) in [
        ("{measure: [{perSecond: {max: 1}}]}", "names no subject"),
        ("{measure: [{metric: {name: scheduler_pending_pods}, perSecond: {}}]}", "any rate fits"),
        (
            "{measure: [{metric: {name: scheduler_pending_pods, max: 1}, perSecond: {max: 1}}]}",
            "\"max\" means nothing where a rate is measured",
        ),
        ("{measure: [{pods: {count: {max: 1}}, perSecond: {max: 1}}]}", "\"count\" means nothing"),
        ("{measure: [{pods: {}, perSecond: {max: 1}}], during: 0s}", "nothing has a rate"),
        ("{measure: [{pods: {}, perSecond: {max: -1}}]}", "-1 is less than 0"),
        ("{measure: [{pods: {}, perSecond: {max: many}}]}", "expected a number, found a text"),
        ("{measure: [{pods: {}, perSecond: {max: 0.5}}], within: 1s}", "\"within\" means nothing"),
        ("{expect: [{pods: {}}]}", "any number of pods fits this"),
        ("{scale: {kind: Job, name: j, replicas: 1}}", "\"Job\" is not known here"),
        ("{rollingUpgrade: {nodes: [a, z], kubernetes: \"1.34\"}}", "no node is called \"z\""),
        ("{rollingUpgrade: {nodes: [a, a], kubernetes: \"1.34\"}}", "node \"a\" stands here twice"),
        ("{rollingUpgrade: {nodes: [a]}}", "does not say to which release"),
        (
            "{rollingUpgrade: {nodes: [a], kubernetes: \"1.34\", order: together}}",
            "there is no order where only one thing changes",
        ),
    ] {
        only(&said(NODES, &format!("    - {step}")), &[message]);
    }
}

const POD: &str = "    - apply: {apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: \
                   [{name: main, image: x}], initContainers: [{name: first, image: x}]}}";

#[test]
fn a_container_that_the_pod_does_not_have_is_said() {
    for step in [
        "expect: [{pod: web, container: mian, restarts: 0}]",
        "exec: {pod: web, container: mian, command: [id]}",
        "kill: {pod: web, container: mian}",
        "expect: [{pod: web, status: {containerStatuses: [{name: mian}]}}]",
    ] {
        let said = said(NODES, &format!("{POD}\n    - {step}"));
        only(&said, &["8: pod \"web\" has no container \"mian\"", "did you mean \"main\"?"]);
    }
    let first = format!("{POD}\n    - expect: [{{pod: web, container: first, restarts: 0}}]");
    assert_eq!(said(NODES, &first), Vec::<String>::new());
}

#[test]
fn a_field_that_no_object_has_is_said_and_so_is_a_value_that_none_can_have() {
    for (step, message, help) in [
        (
            "expect: [{pod: web, spec: {nodeNmae: a}}]",
            "PodSpec has no field \"nodeNmae\"",
            "nodeName",
        ),
        (
            "expect: [{node: a, status: {feature: {}}}]",
            "NodeStatus has no field \"feature\"",
            "features",
        ),
        (
            "never: [{pod: web, status: {conditions: [{type: Ready, status: true}]}}]",
            "expected a text, found a boolean",
            "\"True\" in a condition",
        ),
        ("expect: [{pod: web, metadata: {labels: {a: 1}}}]", "found a number", "\"1\""),
        (
            "expect: [{object: {apiVersion: apps/v1, kind: Deployment, metadata: {name: w}, \
             status: {readyReplica: 1}}}]",
            "DeploymentStatus has no field \"readyReplica\"",
            "readyReplicas",
        ),
        (
            "expect: [{object: {kind: Deplyment, metadata: {name: w}}}]",
            "the cluster knows no such kind as \"Deplyment\"",
            "Deployment",
        ),
        (
            "apply: {apiVersion: v1, kind: Deployment, metadata: {name: w}}",
            "the cluster knows no such kind",
            "apps/v1",
        ),
        (
            "apply: {apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {container: []}}",
            "PodSpec has no field \"container\"",
            "containers",
        ),
        ("apply: {kind: Pod, metadata: {name: web}}", "needs apiVersion and kind", "v1"),
    ] {
        only(&said(NODES, &format!("{POD}\n    - {step}")), &["8: ", message, help]);
    }
    let wanted = "apply: {apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {container: []}}\n      \
                  refused: {contains: unknown field}";
    assert_eq!(said(NODES, &format!("{POD}\n    - {wanted}")), Vec::<String>::new());
}

#[test]
fn an_axis_that_nothing_uses_is_said() {
    let said = |cluster: &str, when: &str| {
        let text = format!(
            "apiVersion: gidcheck.dev/v1\nkind: Scenario\nmetadata: {{name: s}}\nspec:\n  \
             cluster: {cluster}\n  matrix:\n    axes:\n      kubernetes: [\"1.32\", \"1.36\"]\n  \
             steps:\n    - expect: [{{node: node-1}}, {{node: node-1{when}}}]\n"
        );
        let problems = Suite::from_text("s.yaml", &text).problems;
        problems.sorted().iter().map(|problem| problem.message.clone()).collect::<Vec<_>>()
    };
    only(&said("{}", ""), &["nothing uses the axis \"kubernetes\""]);
    assert_eq!(said("{kubernetes: \"${kubernetes}\"}", ""), Vec::<String>::new());
    assert_eq!(said("{}", ", when: {kubernetes: \"1.32\"}"), Vec::<String>::new());
}

#[test]
fn a_manifest_that_kubectl_would_read_otherwise_is_said() {
    let pod = |spec: &str| {
        let pod = format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {spec}}}");
        format!("    - apply: {pod}")
    };
    for (spec, message) in [
        (
            "{securityContext: {runAsUser: 0100}, containers: []}",
            "kubectl takes 0100 for the number 64, and here it is the number 100",
        ),
        (
            "{containers: [{name: y, image: i}]}",
            "kubectl takes y for the boolean true, and here it is the text \"y\"",
        ),
        (
            "{nodeSelector: {on: a}, containers: []}",
            "kubectl takes the key on for the boolean true",
        ),
    ] {
        let said = said(NODES, &pod(spec));
        assert!(said.iter().any(|one| one.contains(message)), "{message}: {said:#?}");
    }
    let same = "{securityContext: {runAsUser: 0x64, runAsGroup: 100}, nodeSelector: {'on': 'y', \
                \"0\": \"010\"}, containers: []}";
    assert_eq!(said(NODES, &pod(same)), Vec::<String>::new());
}
