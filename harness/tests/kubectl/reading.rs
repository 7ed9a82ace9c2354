//! What people look at.

use super::Test;
use super::cluster::{Kubectl, cells, has};

pub(crate) const TESTS: &[Test] = &[
    ("get prints in every format", formats),
    ("get selects by labels and fields", selection),
    ("get watches what changes", watching),
    ("describe tells of pods and nodes", described),
    ("events of an object can be read", events),
    ("explain knows the fields of the policy", explained),
    ("what is served can be listed", discovery),
    ("what is not there is said to be missing", missing),
    ("whoever has the kubeconfig may do everything", permissions),
];

const POD: &str = "strict-supplementalgroups-policy";

fn formats(kubectl: &Kubectl) {
    kubectl.run_example(POD);
    let wide = kubectl.says("kubectl get pods -o wide");
    assert_eq!(
        wide.lines().next().map(|line| line
            .split("  ")
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .collect()),
        Some(vec![
            "NAME",
            "READY",
            "STATUS",
            "RESTARTS",
            "AGE",
            "IP",
            "NODE",
            "NOMINATED NODE",
            "READINESS GATES"
        ])
    );
    assert_eq!(cells(&wide)[1][6], "n21");
    has(
        &kubectl.says("kubectl get pods -o yaml"),
        &["supplementalGroupsPolicy: Strict", "kind: List"],
    );
    let json: serde_json::Value =
        serde_json::from_str(&kubectl.says(&format!("kubectl get pod {POD} -o json")))
            .expect("JSON");
    assert_eq!((&json["kind"], &json["apiVersion"]), (&"Pod".into(), &"v1".into()));
    assert_eq!(kubectl.says("kubectl get pods -o name"), format!("pod/{POD}"));
    assert_eq!(kubectl.says("kubectl get pods -o jsonpath='{.items[*].status.phase}'"), "Running");
    let columns =
        "kubectl get pods -o custom-columns=N:.metadata.name,U:.spec.securityContext.runAsUser";
    assert_eq!(cells(&kubectl.says(columns)), [vec!["N", "U"], vec![POD, "1000"]]);
    let template = "kubectl get pods -o go-template='{{range .items}}{{.spec.nodeName}}{{end}}'";
    assert_eq!(kubectl.says(template), "n21");
    assert_eq!(cells(&kubectl.says("kubectl get pods --no-headers"))[0][0], POD);
    let nodes = kubectl.says("kubectl get nodes -o wide");
    has(&nodes, &["containerd://2.1.9", "Ready,SchedulingDisabled", "v1.36.2"]);
    has(&kubectl.says("kubectl get all -A"), &["pod/strict-supplementalgroups-policy"]);
}

fn selection(kubectl: &Kubectl) {
    kubectl.run_example(POD);
    kubectl.says(&format!("kubectl label pod {POD} tier=front"));
    let named = |options: &str| kubectl.says(&format!("kubectl get pods -o name {options}"));
    for options in [
        "-l tier=front",
        "-l 'tier in (front,back)'",
        "-l '!missing'",
        "-l tier",
        "--field-selector status.phase=Running",
        "--field-selector spec.nodeName=n21,metadata.name!=x",
        "-A -l tier=front",
    ] {
        assert_eq!(named(options), format!("pod/{POD}"), "{options}");
    }
    for options in
        ["-l tier!=front", "-l 'tier notin (front)'", "--field-selector status.phase=Failed"]
    {
        assert_eq!(named(options), "", "{options}");
    }
    has(&kubectl.says("kubectl get pods --show-labels -L tier"), &["tier=front", "TIER"]);
    let (_, said) = kubectl.fails("kubectl get pods --field-selector spec.foo=x");
    has(&said, &["field label not supported: spec.foo"]);
    let sorted = kubectl.says("kubectl get nodes --sort-by=.metadata.name -o name");
    assert_eq!(sorted, "node/n17\nnode/n21");
}

fn watching(kubectl: &Kubectl) {
    kubectl.file("pod.yaml", include_str!("../../../scenarios/examples/implicit-groups.yaml"));
    let seen = kubectl.says(
        "(timeout 4 kubectl get pods -w > seen || true) & sleep 1; kubectl apply -f pod.yaml; \
         kubectl wait --for=condition=Ready pod/implicit-groups; \
         kubectl delete pod implicit-groups --now; wait; cat seen",
    );
    let table = seen.lines().skip_while(|line| !line.starts_with("NAME")).collect::<Vec<_>>();
    let states: Vec<_> =
        table.iter().skip(1).filter_map(|line| line.split_whitespace().nth(2)).collect();
    has(&states.join(" "), &["Pending", "Running", "Terminating"]);
}

fn described(kubectl: &Kubectl) {
    kubectl.run_example(POD);
    has(
        &kubectl.says(&format!("kubectl describe pod {POD}")),
        &[
            "agnhost:2.45",
            "Successfully assigned default/strict-supplementalgroups-policy to n21",
            "QoS Class:",
            "Started",
        ],
    );
    has(
        &kubectl.says("kubectl describe node n21"),
        &[
            "Container Runtime Version:  containerd://2.1.9",
            "Kubelet Version:",
            POD,
            "KubeletReady",
        ],
    );
}

fn events(kubectl: &Kubectl) {
    kubectl.run_example(POD);
    let events = kubectl.says(&format!("kubectl events --for pod/{POD}"));
    has(&events, &["Scheduled", "Pulled", "Created", "Started"]);
    let listed = kubectl.says("kubectl get events --sort-by=.metadata.creationTimestamp -o wide");
    has(&listed, &["default-scheduler", "kubelet, n21"]);
}

fn explained(kubectl: &Kubectl) {
    has(
        &kubectl.says("kubectl explain pod.spec.securityContext.supplementalGroupsPolicy"),
        &["FIELD: supplementalGroupsPolicy <string>", "Merge", "Strict"],
    );
    has(&kubectl.says("kubectl explain deployment.spec"), &["KIND:       Deployment", "replicas"]);
}

fn discovery(kubectl: &Kubectl) {
    has(
        &kubectl.says("kubectl api-resources"),
        &["pods", "po", "deployments", "apps/v1", "leases", "coordination.k8s.io/v1"],
    );
    has(&kubectl.says("kubectl api-versions"), &["v1", "apps/v1", "policy/v1"]);
    has(&kubectl.says("kubectl version"), &["Server Version: v1.36.2"]);
    has(&kubectl.says("kubectl cluster-info"), &["Kubernetes control plane", "https://127.0.0.1:"]);
    assert_eq!(kubectl.says("kubectl get --raw /readyz"), "ok");
    has(&kubectl.says("kubectl get --raw /metrics"), &["# TYPE", "scheduler_pending_pods"]);
    has(&kubectl.says("kubectl get ns"), &["default", "kube-system", "Active"]);
}

fn missing(kubectl: &Kubectl) {
    let (code, said) = kubectl.fails("kubectl get pod missing");
    assert_eq!(
        (code, said.as_str()),
        (1, "Error from server (NotFound): pods \"missing\" not found")
    );
    let (_, said) = kubectl.fails("kubectl get widgets");
    has(&said, &["the server doesn't have a resource type \"widgets\""]);
    let (_, said) = kubectl.fails("kubectl --token=wrong get pods");
    has(&said, &["Unauthorized"]);
}

fn permissions(kubectl: &Kubectl) {
    assert_eq!(kubectl.says("kubectl auth can-i create pods"), "yes");
    has(&kubectl.says("kubectl auth can-i --list"), &["*.*"]);
    has(&kubectl.says("kubectl auth whoami"), &["gidcheck-admin", "system:masters"]);
}
