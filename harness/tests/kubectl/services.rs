//! Services, and where they lead; nothing listens there, and they look as they do anywhere.

use super::Test;
use super::cluster::{Kubectl, cells, has};

pub(crate) const TESTS: &[Test] = &[
    ("the server has a service of its own", own),
    ("a deployment is exposed", exposed),
    ("the pods of a service are found where they are", endpoints),
    ("services get addresses and ports that nobody else has", allocated),
];

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";

fn own(kubectl: &Kubectl) {
    let all = kubectl.says("kubectl get all");
    let line = cells(&all)[1][..5].to_vec();
    assert_eq!(line, ["service/kubernetes", "ClusterIP", "10.96.0.1", "<none>", "443/TCP"]);
    let slices = "kubectl get endpointslices kubernetes -o jsonpath='{.endpoints[0].addresses[0]}'";
    let address = kubectl.says(slices);
    let shown = kubectl.says("kubectl get endpoints kubernetes");
    assert_eq!(cells(&shown)[1][..2], ["kubernetes", &format!("{address}:6443")], "{shown}");
    has(&kubectl.says("kubectl describe svc kubernetes"), &[&format!("{address}:6443")]);
}

fn exposed(kubectl: &Kubectl) {
    kubectl.says(&format!("kubectl create deployment web --image={IMAGE}"));
    kubectl.says("kubectl expose deployment web --port=80 --target-port=8080 --type=NodePort");
    let service = kubectl.says("kubectl get svc web");
    let line = cells(&service)[1].clone();
    assert_eq!([line[0], line[1], line[3]], ["web", "NodePort", "<none>"]);
    assert!(line[2].starts_with("10.") && line[4].starts_with("80:3"), "{service}");
    has(
        &kubectl.says("kubectl describe svc web"),
        &[
            "Selector:                 app=web",
            "IP Family Policy:         SingleStack",
            "IP Families:              IPv4",
            "TargetPort:               8080/TCP",
            "Session Affinity:         None",
            "External Traffic Policy:  Cluster",
            "Internal Traffic Policy:  Cluster",
        ],
    );
    let address = "kubectl get svc web -o jsonpath='{.spec.clusterIP} {.spec.ports[0].nodePort}'";
    let before = kubectl.says(address);
    kubectl.says("kubectl patch svc web -p '{\"spec\":{\"sessionAffinity\":\"ClientIP\"}}'");
    assert_eq!(kubectl.says(address), before, "an update keeps what was given");
    has(&kubectl.says("kubectl get svc web -o yaml"), &["timeoutSeconds: 10800"]);
}

fn allocated(kubectl: &Kubectl) {
    for name in ["a", "b"] {
        kubectl.says(&format!("kubectl create service clusterip {name} --tcp=80"));
    }
    let addresses = kubectl.says("kubectl get svc -o jsonpath='{.items[*].spec.clusterIP}'");
    let unique: std::collections::BTreeSet<_> = addresses.split_whitespace().collect();
    assert_eq!(unique.len(), 3, "{addresses}");
    let (_, refusal) =
        kubectl.fails("kubectl create service clusterip c --tcp=80 --clusterip=10.96.0.1");
    has(&refusal, &["failed to allocate IP 10.96.0.1: provided IP is already allocated"]);
    kubectl.says("kubectl create service clusterip c --tcp=80 --clusterip=None");
    assert_eq!(cells(&kubectl.says("kubectl get svc c"))[1][2], "None");
    let (_, refusal) =
        kubectl.fails("kubectl patch svc a -p '{\"spec\":{\"clusterIP\":\"10.96.7.7\"}}'");
    has(&refusal, &["may not change once set"]);
}

fn endpoints(kubectl: &Kubectl) {
    kubectl.says(&format!("kubectl create deployment web --image={IMAGE} --replicas=2"));
    kubectl.says("kubectl expose deployment web --port=80 --target-port=8080");
    kubectl.says("kubectl rollout status deployment/web --timeout=30s");
    let addresses =
        kubectl.says("kubectl get pods -l app=web -o jsonpath='{.items[*].status.podIP}'");
    let mut addresses: Vec<_> = addresses.split(' ').collect();
    addresses.sort_unstable();
    let both = format!("{}:8080,{}:8080", addresses[0], addresses[1]);
    kubectl
        .says(&format!("until kubectl get endpoints web | grep -F '{both}'; do sleep 0.2; done"));
    let slices = kubectl.says("kubectl get endpointslices -l kubernetes.io/service-name=web");
    let line = cells(&slices)[1].clone();
    assert!(line[0].starts_with("web-"), "{slices}");
    assert_eq!(line[1..3], ["IPv4", "8080"], "{slices}");
    assert!(addresses.iter().all(|address| line[3].contains(address)), "{slices}");
    let described = kubectl.says("kubectl describe svc web");
    assert!(addresses.iter().all(|one| described.contains(&format!("{one}:8080"))), "{described}");
    kubectl.says("kubectl scale deployment web --replicas=0");
    kubectl.says("until kubectl get endpoints web | grep none; do sleep 0.2; done");
    let slices = "kubectl get endpointslices -l kubernetes.io/service-name=web";
    assert_eq!(cells(&kubectl.says(slices))[1][1..4], ["IPv4", "<unset>", "<unset>"]);
    kubectl.says("kubectl delete svc web");
    kubectl.says(
        "kubectl wait --for=delete endpointslice -l kubernetes.io/service-name=web --timeout=30s",
    );
    kubectl.says("kubectl wait --for=delete endpoints/web --timeout=30s");
}
