//! What people do with nodes.

use super::Test;
use super::cluster::{Kubectl, cells, has};

pub(crate) const TESTS: &[Test] = &[
    ("a node is drained and comes back", drained),
    ("a taint keeps pods away", tainted),
    ("a node's lease tells that its kubelet lives", leased),
];

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";

fn drained(kubectl: &Kubectl) {
    kubectl.says(&format!("kubectl create deployment web --image={IMAGE} --replicas=2"));
    kubectl.says("kubectl rollout status deployment/web --timeout=30s");
    kubectl.says("kubectl uncordon n17");
    let before = kubectl.says("kubectl get pods -o name");
    kubectl.says("kubectl drain n21 --ignore-daemonsets --dry-run=server");
    assert_eq!(kubectl.says("kubectl get pods -o name"), before, "a dry run moves nothing");
    let said = kubectl.says("kubectl drain n21 --ignore-daemonsets --timeout=50s");
    has(&said, &["evicted", "node/n21 drained"]);
    kubectl.says("kubectl rollout status deployment/web --timeout=30s");
    let places = kubectl.says("kubectl get pods -o jsonpath='{.items[*].spec.nodeName}'");
    assert!(places.split_whitespace().all(|node| node == "n17"), "{places}");
    has(&kubectl.says("kubectl get node n21"), &["Ready,SchedulingDisabled"]);
    kubectl.says("kubectl uncordon n21");
}

fn tainted(kubectl: &Kubectl) {
    kubectl.says("kubectl taint node n21 only=special:NoSchedule");
    kubectl.says(&format!("kubectl run p --image={IMAGE}"));
    kubectl.says("kubectl wait --for=condition=PodScheduled=false pod/p --timeout=20s");
    has(&kubectl.says("kubectl describe pod p"), &["had untolerated taint"]);
    kubectl.says("kubectl taint node n21 only-");
    kubectl.says("kubectl wait --for=condition=Ready pod/p --timeout=30s");
}

fn leased(kubectl: &Kubectl) {
    let leases = kubectl.says("kubectl get leases -n kube-node-lease");
    let holders: Vec<_> = cells(&leases).iter().skip(1).map(|line| (line[0], line[1])).collect();
    assert_eq!(holders, [("n17", "n17"), ("n21", "n21")]);
    has(&kubectl.says("kubectl describe node n21"), &["HolderIdentity:  n21", "RenewTime:"]);
    let owner = "kubectl get lease n21 -n kube-node-lease -o \
                 jsonpath='{.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name}'";
    assert_eq!(kubectl.says(owner), "Node/n21");
}
