//! What holds a drain up.

use serde_json::{Value as Json, json};

use crate::{NEW, node, planned, pod};

fn budget(name: &str, status: Json) -> Json {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "web"}}},
        "status": status,
    })
}

#[test]
fn drains_that_no_budget_lets_end_are_named() {
    let never = json!({
        "disruptionsAllowed": 0, "currentHealthy": 2, "desiredHealthy": 2, "expectedPods": 2
    });
    let mut items = vec![
        node("a", NEW),
        node("b", NEW),
        pod("web-1", "a", Some(("ReplicaSet", "web"))),
        pod("web-2", "b", Some(("ReplicaSet", "web"))),
        budget("web", never),
    ];
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    let drain = &plan["drains"][0];
    assert_eq!(drain["what"], "budgetNeverAllows", "{text}");
    assert_eq!((&drain["pods"], &drain["nodes"]), (&json!(2), &json!(["a", "b"])), "{text}");
    assert_eq!(drain["text"], "it wants 2 of 2 healthy, always", "{text}");
    assert!(text.starts_with("Nothing breaks; some pods are in the way of drains."), "{text}");
    items[4]["status"]["desiredHealthy"] = json!(1);
    items[4]["status"]["currentHealthy"] = json!(1);
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    assert_eq!(plan["drains"][0]["what"], "budgetAllowsNone", "{text}");
    items[4]["status"]["disruptionsAllowed"] = json!(1);
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    assert!(plan["drains"].as_array().is_some_and(|all| all.len() == 1), "only room: {text}");
    items.push(budget("other", items[4]["status"].clone()));
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    assert!(plan["drains"][0]["text"].to_string().contains("another budget"), "{text}");
    items.truncate(4);
    items.push(budget("web", json!({})));
    let (_, text) = planned(&items, &["--kubernetes", "1.33"]);
    assert!(text.contains("shop/web does not say in its status"), "{text}");
}

#[test]
fn pods_that_no_other_node_has_room_for_are_named_with_the_schedulers_words() {
    let items = [
        node("a", NEW),
        node("b", NEW),
        pod("web-1", "a", Some(("ReplicaSet", "web"))),
        pod("web-2", "b", Some(("ReplicaSet", "web"))),
    ];
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    let drain = &plan["drains"][0];
    assert_eq!((&drain["what"], &drain["pods"]), (&json!("noOtherNode"), &json!(1)), "{text}");
    assert_eq!(drain["nodes"], json!(["a", "b"]), "{text}");
    let words = drain["text"].as_str().unwrap_or_default();
    assert!(
        words.starts_with("0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were"),
        "{words}"
    );
    // A third node takes what leaves; a node that is full of pods that stay does not.
    let free = [&items[..], &[node("c", NEW)]].concat();
    let (plan, text) = planned(&free, &["--kubernetes", "1.33"]);
    assert_eq!(plan["drains"], json!([]), "{text}");
    let agent = pod("agent", "c", Some(("DaemonSet", "agent")));
    let (plan, text) = planned(&[&free[..], &[agent]].concat(), &["--kubernetes", "1.33"]);
    assert_eq!(plan["drains"][0]["what"], "noOtherNode", "{text}");
    // Nothing is known of a node that does not say what it has.
    let mut unsaid = items.clone();
    unsaid[1]["status"]["allocatable"] = Json::Null;
    let (plan, text) = planned(&unsaid, &["--kubernetes", "1.33"]);
    assert_eq!(plan["drains"][0]["nodes"], json!(["b"]), "{text}");
}

#[test]
fn drains_heed_whom_pods_keep_away_from_and_how_they_are_spread() {
    let small = |name: &str, node: &str| {
        let mut pod = pod(name, node, Some(("ReplicaSet", "web")));
        pod["metadata"]["labels"] = json!({"app": "web"});
        pod["spec"]["containers"][0]["resources"] = Json::Null;
        pod
    };
    let selector = json!({"matchLabels": {"app": "web"}});
    let hostname = |mut node: Json, name: &str| {
        node["metadata"]["labels"] = json!({"kubernetes.io/hostname": name});
        node
    };
    let two = [hostname(node("a", NEW), "a"), hostname(node("b", NEW), "b")];
    for (asks, words) in [
        (
            json!({"affinity": {"podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {"labelSelector": selector, "topologyKey": "kubernetes.io/hostname"},
                ],
            }}}),
            "1 node(s) didn't match pod anti-affinity rules",
        ),
        (
            json!({"topologySpreadConstraints": [{
                "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector,
            }]}),
            "1 node(s) didn't match pod topology spread constraints",
        ),
    ] {
        let mut pods = [small("web-1", "a"), small("web-2", "b")];
        let fields = asks.as_object().expect("fields");
        for pod in &mut pods {
            for (field, value) in fields {
                pod["spec"][field] = value.clone();
            }
        }
        let items = [&two[..], &pods[..]].concat();
        let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
        let drain = &plan["drains"][0];
        assert_eq!((&drain["what"], &drain["pods"]), (&json!("noOtherNode"), &json!(1)), "{text}");
        let seen = drain["text"].as_str().unwrap_or_default();
        assert!(seen.contains(words), "{seen}");
        assert!(text.starts_with("Nothing breaks; some pods are in the way of drains."), "{text}");
        // Where a third node takes what leaves, nothing is in the way.
        let more = [&items[..], &[hostname(node("c", NEW), "c")]].concat();
        let (plan, text) = planned(&more, &["--kubernetes", "1.33"]);
        assert_eq!(plan["drains"], json!([]), "{text}");
    }
}
