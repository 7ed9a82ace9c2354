//! `kubectl debug` and `kubectl top`: ephemeral containers, copies of pods, pods on nodes.

use serde_json::Value as Json;

use super::Test;
use super::cluster::{Kubectl, has};

pub(crate) const TESTS: &[Test] = &[
    ("an ephemeral container gets its groups by the same rules", ephemeral),
    ("a copy of a pod can be debugged", copied),
    ("a node can be looked at from a pod", node),
    ("there are no metrics of resources", top),
];

const AGNHOST: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";

const MERGED: &str = "uid=1000(user-defined-in-image) gid=3000 \
                      groups=3000,4000,50000(group-defined-in-image)";

fn ephemeral(kubectl: &Kubectl) {
    for (pod, id) in [
        ("implicit-groups", MERGED),
        (
            "strict-supplementalgroups-policy",
            "uid=1000(user-defined-in-image) gid=3000 groups=3000,4000",
        ),
    ] {
        kubectl.run_example(pod);
        let said = kubectl.says(&format!(
            "(sleep 2; echo id; sleep 1) | kubectl debug {pod} -i --image={AGNHOST} --target=ctr -- sh"
        ));
        has(&said, &[id]);
    }
    kubectl.says(&format!(
        "kubectl debug implicit-groups --image={AGNHOST} -c second -- sleep 1h; sleep 2"
    ));
    assert_eq!(kubectl.says("kubectl exec implicit-groups -c second -- id"), MERGED);
    let status = kubectl.says(
        "kubectl get pod implicit-groups -o \
         jsonpath='{.status.ephemeralContainerStatuses[?(@.name==\"second\")]}'",
    );
    let status: Json = serde_json::from_str(&status).expect("it is JSON");
    let user =
        serde_json::json!({"uid": 1000, "gid": 3000, "supplementalGroups": [3000, 4000, 50000]});
    assert_eq!(status["user"]["linux"], user);
    // Nothing makes an ephemeral container ready.
    assert_eq!((&status["ready"], &status["started"]), (&Json::Bool(false), &Json::Null));
    has(&kubectl.says("kubectl describe pod implicit-groups"), &["Ephemeral Containers:\n"]);
}

fn copied(kubectl: &Kubectl) {
    kubectl.run_example("implicit-groups");
    kubectl.says(&format!(
        "kubectl debug implicit-groups --copy-to=copy --container=ctr --image={AGNHOST} -- sh -c \
         'id; sleep 1h' && kubectl wait --for=condition=Ready pod/copy --timeout=30s"
    ));
    assert_eq!(kubectl.says("kubectl logs copy -c ctr"), MERGED);
}

fn node(kubectl: &Kubectl) {
    let said = kubectl.says(&format!(
        "(sleep 2; echo id -u; echo ls -d /host; sleep 1) | kubectl debug node/n21 -i \
         --image={AGNHOST} -- sh"
    ));
    has(&said, &["\n0\n", "/host"]);
    let pods = kubectl.says("kubectl get pods -o jsonpath='{.items[0].spec.nodeName}'");
    assert_eq!(pods, "n21");
}

fn top(kubectl: &Kubectl) {
    for what in ["pods", "nodes"] {
        let (_, said) = kubectl.fails(&format!("kubectl top {what}"));
        assert_eq!(said, "error: Metrics API not available");
    }
}
