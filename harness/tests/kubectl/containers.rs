//! What people do with containers: logs and commands.

use super::Test;
use super::cluster::{Kubectl, has};

pub(crate) const TESTS: &[Test] = &[
    ("a command's output, errors and exit code arrive", commands),
    ("a command has variables, pipes and substitutions", shell),
    ("a command reads what is typed", input),
    ("who attaches talks to the first process", attached),
    ("a pod can be run, talked to and removed", run_and_removed),
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

fn shell(kubectl: &Kubectl) {
    let image = "--image=registry.k8s.io/e2e-test-images/agnhost:2.45";
    kubectl
        .says(&format!("kubectl run e1 {image} --env=X=1 -- sh -c 'echo $X $HOSTNAME; sleep 1h'"));
    kubectl.says("kubectl wait --for=condition=Ready pod/e1");
    assert_eq!(kubectl.says("kubectl logs e1"), "1 e1");
    assert_eq!(kubectl.says("kubectl exec e1 -- printenv X"), "1");
    assert_eq!(kubectl.says("kubectl exec e1 -- hostname"), "e1");
    kubectl.run_example("implicit-groups");
    let script = "kubectl exec implicit-groups -- sh -c";
    let groups = kubectl.says(&format!("{script} 'cat /proc/1/status | grep -i groups'"));
    assert_eq!(groups, "Groups:\t3000 4000 50000");
    assert_eq!(
        kubectl.says(&format!("{script} 'G=$(id -g); echo $G ${{G:-none}} $?'")),
        "3000 3000 0"
    );
    let listed = kubectl.says("kubectl exec implicit-groups -- ls -l /etc/group");
    has(&listed, &["-rw-r--r--    1 root     root"]);
}

fn input(kubectl: &Kubectl) {
    kubectl.run_example("implicit-groups");
    assert_eq!(kubectl.says("echo typed | kubectl exec -i implicit-groups -- cat"), "typed");
    assert_eq!(
        kubectl.says("printf 'id -u\\nid -g\\n' | kubectl exec -i implicit-groups -- sh"),
        "1000\n3000"
    );
}

/// What a container's shell reads, at a terminal or not.
const READER: &str = "{apiVersion: v1, kind: Pod, metadata: {name: NAME}, spec: {restartPolicy: \
                      Never, containers: [{name: c, stdin: true, tty: TTY, image: \
                      'registry.k8s.io/e2e-test-images/agnhost:2.45', command: [sh]}]}}";

fn attached(kubectl: &Kubectl) {
    for (name, tty) in [("plain", "false"), ("terminal", "true")] {
        let pod = READER.replace("NAME", name).replace("TTY", tty);
        kubectl.file(&format!("{name}.yaml"), &pod);
        kubectl.says(&format!(
            "kubectl apply -f {name}.yaml && kubectl wait --for=condition=Ready pod/{name}"
        ));
    }
    let said = kubectl.says("(echo id -u; sleep 1) | kubectl attach -i plain");
    assert_eq!(said, "0");
    // The process reads on; the next one to attach ends it.
    let said = kubectl.says("(echo echo again; echo exit 4; sleep 1) | kubectl attach -i plain");
    assert_eq!(said, "again");
    kubectl.says("kubectl wait --for=jsonpath='{.status.phase}'=Failed pod/plain --timeout=10s");
    let state = "{.status.containerStatuses[0].state.terminated.exitCode}";
    assert_eq!(kubectl.says(&format!("kubectl get pod plain -o jsonpath='{state}'")), "4");
    let (_, said) = kubectl.fails("kubectl attach plain");
    has(&said, &["cannot attach a container in a completed pod; current phase is Failed"]);
    let screen = kubectl.says(
        "(sleep 1; printf 'echo on\\r'; sleep 1; printf 'exit\\r') | script -qec 'kubectl attach \
         -it terminal' /dev/null",
    );
    has(&screen, &["echo on\r\non\r\n# exit"]);
    let (_, said) = kubectl.fails("kubectl attach missing");
    has(&said, &["pods \"missing\" not found"]);
}

fn run_and_removed(kubectl: &Kubectl) {
    let image = "--image=registry.k8s.io/e2e-test-images/agnhost:2.45";
    let said = kubectl.says(&format!(
        "(sleep 2; echo id -g; sleep 1) | kubectl run plain {image} -i --rm --restart=Never -- sh"
    ));
    has(&said, &["0\n", "pod \"plain\" deleted"]);
    let (code, _) = kubectl.fails(&format!(
        "(sleep 2; echo exit 3; sleep 1) | kubectl run coded {image} -i --rm --restart=Never -- sh"
    ));
    assert_eq!(code, 3);
    let screen = kubectl.says(&format!(
        "(sleep 3; printf 'id\\r'; sleep 1; printf 'exit\\r'; sleep 1) | script -qec 'kubectl run \
         shell {image} -it --rm -- sh' /dev/null"
    ));
    has(&screen, &["uid=0(root) gid=0(root)", "pod \"shell\" deleted"]);
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
    assert_eq!(
        kubectl.says("kubectl logs -l run=talker --prefix --tail=1"),
        "[pod/talker/talker] three"
    );
    assert_eq!(kubectl.says("kubectl logs talker --since=1h --tail=2"), "two\nthree");
    let later = "$(date -u -d '1 hour' +%Y-%m-%dT%H:%M:%SZ)";
    assert_eq!(kubectl.says(&format!("kubectl logs talker --since-time={later}")), "");
    kubectl.says(
        "kubectl run crasher --image=registry.k8s.io/e2e-test-images/agnhost:2.45 -- sh -c 'echo \
         last words; exit 1'",
    );
    let restarted = "jsonpath='{.status.containerStatuses[0].restartCount}'=1";
    kubectl.says(&format!("kubectl wait --for={restarted} pod/crasher --timeout=30s"));
    assert_eq!(kubectl.says("kubectl logs crasher --previous"), "last words");
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
    let (_, said) =
        kubectl.fails("KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false kubectl exec implicit-groups -- id");
    has(&said, &["gidcheck speaks exec over WebSocket only"]);
}
