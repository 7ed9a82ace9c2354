//! What people do with containers: logs and commands.

use super::Test;
use super::cluster::{Kubectl, has};

pub(crate) const TESTS: &[Test] = &[
    ("a command's output, errors and exit code arrive", commands),
    ("a command reads what is typed", input),
    ("logs are printed, followed and cut", logs),
    ("a container must be named where there are several", several),
    ("what is not served is said", not_served),
];

fn commands(kubectl: &Kubectl) {
    kubectl.run_example("implicit-groups");
    let output =
        kubectl.run("kubectl exec implicit-groups -- sh -c 'echo out; echo err >&2; exit 3'");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "out\n");
    has(&String::from_utf8_lossy(&output.stderr), &["err", "command terminated with exit code 3"]);
    let (code, said) = kubectl.fails("kubectl exec implicit-groups -- no-such-program");
    assert_eq!(code, 1);
    has(&said, &["executable file not found in $PATH"]);
    let (_, said) = kubectl.fails("kubectl exec missing -- id");
    has(&said, &["pods \"missing\" not found"]);
}

fn input(kubectl: &Kubectl) {
    kubectl.run_example("implicit-groups");
    assert_eq!(kubectl.says("echo typed | kubectl exec -i implicit-groups -- cat"), "typed");
    assert_eq!(
        kubectl.says("printf 'id -u\\nid -g\\n' | kubectl exec -i implicit-groups -- sh"),
        "1000\n3000"
    );
}

fn logs(kubectl: &Kubectl) {
    kubectl.says(
        "kubectl run talker --image=registry.k8s.io/e2e-test-images/agnhost:2.45 --restart=Never \
         -- sh -c 'echo one; echo two; sleep 2; echo three'",
    );
    kubectl.says("kubectl wait --for=condition=Ready pod/talker --timeout=30s");
    assert_eq!(kubectl.says("kubectl logs -f talker"), "one\ntwo\nthree");
    assert_eq!(kubectl.says("kubectl logs talker --tail=1"), "three");
    assert_eq!(kubectl.says("kubectl logs talker --limit-bytes=3"), "one");
    let stamped = kubectl.says("kubectl logs talker --timestamps --tail=1");
    assert!(stamped.ends_with("Z three"), "{stamped}");
    let (_, said) = kubectl.fails("kubectl logs talker --previous");
    has(&said, &["previous terminated container \"talker\" in pod \"talker\" not found"]);
}

fn several(kubectl: &Kubectl) {
    kubectl.file(
        "two.yaml",
        "{apiVersion: v1, kind: Pod, metadata: {name: two}, spec: {terminationGracePeriodSeconds: \
         1, containers: [{name: a, image: 'registry.k8s.io/e2e-test-images/agnhost:2.45', command: \
         [sh, -c, echo a; sleep 1h]}, {name: b, image: \
         'registry.k8s.io/e2e-test-images/agnhost:2.45', command: [sh, -c, echo b; sleep 1h]}]}}",
    );
    kubectl.says("kubectl apply -f two.yaml && kubectl wait --for=condition=Ready pod/two");
    let raw = "kubectl get --raw /api/v1/namespaces/default/pods/two/log";
    let (_, said) = kubectl.fails(raw);
    has(&said, &["a container name must be specified for pod two, choose one of: [a b]"]);
    assert_eq!(kubectl.says("kubectl logs two -c b"), "b");
    has(
        &kubectl.says("kubectl logs two --all-containers --prefix"),
        &["[pod/two/a] a", "[pod/two/b] b"],
    );
    assert_eq!(kubectl.says("kubectl exec two -c b -- echo there"), "there");
    let (_, said) = kubectl.fails("kubectl exec two -c nope -- id");
    has(&said, &["container nope is not valid for pod two"]);
}

fn not_served(kubectl: &Kubectl) {
    kubectl.run_example("implicit-groups");
    let (_, said) = kubectl.fails(
        "kubectl port-forward pod/implicit-groups 0:80 & sleep 2; kill $! 2>/dev/null; \
         timeout 5 kubectl attach implicit-groups",
    );
    has(&said, &["gidcheck does not serve attach"]);
    let (_, said) =
        kubectl.fails("KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false kubectl exec implicit-groups -- id");
    has(&said, &["gidcheck speaks exec over WebSocket only"]);
}
