//! The seed's story, command by command; only the manifests' address has become a file.

use super::Test;
use super::cluster::{Kubectl, cells, has};

pub(crate) const TESTS: &[Test] = &[
    ("groups of the image are merged in silently", merged),
    ("strict takes only what is asked for", strict),
    ("a node without support rejects a strict pod", rejected),
];

fn merged(kubectl: &Kubectl) {
    kubectl.run_example("implicit-groups");
    let pods = kubectl.says("kubectl get pod implicit-groups");
    assert_eq!(cells(&pods)[1][..4], ["implicit-groups", "1/1", "Running", "0"]);
    let id = kubectl.says("kubectl exec implicit-groups -- id");
    assert_eq!(
        id,
        "uid=1000(user-defined-in-image) gid=3000 \
         groups=3000,4000,50000(group-defined-in-image)"
    );
    let groups = kubectl.says("kubectl exec implicit-groups -- cat /etc/group");
    assert!(
        groups.ends_with(
            "user-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image"
        ),
        "{groups}"
    );
}

fn strict(kubectl: &Kubectl) {
    kubectl.run_example("strict-supplementalgroups-policy");
    kubectl.says("kubectl get pod strict-supplementalgroups-policy");
    let id = kubectl.says("kubectl exec -it strict-supplementalgroups-policy -- id");
    assert_eq!(id, "uid=1000(user-defined-in-image) gid=3000 groups=3000,4000");
    let user = "kubectl get pod strict-supplementalgroups-policy \
                -o jsonpath='{.status.containerStatuses[0].user.linux}'";
    let user: serde_json::Value = serde_json::from_str(&kubectl.says(user)).expect("it is JSON");
    assert_eq!(
        user,
        serde_json::json!({"uid": 1000, "gid": 3000, "supplementalGroups": [3000, 4000]})
    );
    let supports = kubectl
        .says("kubectl get node n21 -o jsonpath='{.status.features.supplementalGroupsPolicy}'");
    assert_eq!(supports, "true");
}

/// As `kubectl-rejected.txt` recorded it.
fn rejected(kubectl: &Kubectl) {
    kubectl.says("kubectl uncordon n17 && kubectl cordon n21");
    kubectl.file(
        "strict.yaml",
        include_str!("../../../scenarios/examples/strict-supplementalgroups-policy.yaml"),
    );
    kubectl.says("kubectl apply -f strict.yaml");
    kubectl.says(
        "kubectl wait --for=jsonpath='{.status.phase}'=Failed \
         pod/strict-supplementalgroups-policy --timeout=30s",
    );
    let pods = kubectl.says("kubectl get pods");
    assert_eq!(
        cells(&pods)[1][..4],
        ["strict-supplementalgroups-policy", "0/1", "SupplementalGroupsPolicyNotSupported", "0"]
    );
    has(
        &kubectl.says("kubectl describe pod strict-supplementalgroups-policy"),
        &[
            "Status:           Failed",
            "Reason:           SupplementalGroupsPolicyNotSupported",
            "Message:          Pod was rejected: SupplementalGroupsPolicy=Strict is not supported in this node",
            "Warning  SupplementalGroupsPolicyNotSupported",
        ]
        .map(|line| line.split_whitespace().next_back().unwrap_or(line)),
    );
    let events = kubectl.says("kubectl get events --field-selector type=Warning");
    has(
        &events,
        &[
            "SupplementalGroupsPolicyNotSupported",
            "SupplementalGroupsPolicy=Strict is not supported in this node",
        ],
    );
}
