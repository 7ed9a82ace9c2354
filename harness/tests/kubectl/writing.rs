//! What people change.

use super::Test;
use super::cluster::{Kubectl, has};

pub(crate) const TESTS: &[Test] = &[
    ("apply creates, leaves alone, and changes", applied),
    ("server-side apply says who is in conflict", server_side),
    ("every kind of patch changes an object", patched),
    ("labels and annotations come and go", marked),
    ("an object can be edited and replaced", edited),
    ("diff shows what apply would do", differs),
    ("what is wrong with a manifest is said", refused),
    ("pods are deleted with grace, at once, and by label", deleted),
    ("objects of many kinds are created and deleted", created),
    ("what get prints can be applied again", listed),
];

const POD: &str = "strict-supplementalgroups-policy";

fn label(kubectl: &Kubectl, name: &str) -> String {
    kubectl.says(&format!("kubectl get pod {POD} -o jsonpath='{{.metadata.labels.{name}}}'"))
}

fn applied(kubectl: &Kubectl) {
    kubectl.run_example(POD);
    let file = format!("{POD}.yaml");
    assert_eq!(kubectl.says(&format!("kubectl apply -f {file}")), format!("pod/{POD} unchanged"));
    kubectl.says(&format!("sed -i 's/^metadata:/metadata:\\n  labels: {{tier: front}}/' {file}"));
    assert_eq!(kubectl.says(&format!("kubectl apply -f {file}")), format!("pod/{POD} configured"));
    assert_eq!(label(kubectl, "tier"), "front");
    kubectl.says(&format!("sed -i '/labels:/d' {file} && kubectl apply -f {file}"));
    assert_eq!(label(kubectl, "tier"), "");
}

fn server_side(kubectl: &Kubectl) {
    kubectl
        .file("map.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {a: b}}");
    kubectl
        .file("other.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {a: c}}");
    let apply = "kubectl apply --server-side";
    assert_eq!(kubectl.says(&format!("{apply} -f map.yaml")), "configmap/m serverside-applied");
    let (_, said) = kubectl.fails(&format!("{apply} --field-manager other -f other.yaml"));
    has(&said, &["conflict with \"kubectl\"", ".data.a"]);
    kubectl.says(&format!("{apply} --field-manager other --force-conflicts -f other.yaml"));
    assert_eq!(kubectl.says("kubectl get cm m -o jsonpath='{.data.a}'"), "c");
}

fn patched(kubectl: &Kubectl) {
    kubectl.run_example(POD);
    let patch = |options: &str| kubectl.says(&format!("kubectl patch pod {POD} {options}"));
    patch(r#"-p '{"metadata":{"labels":{"a":"1"}}}'"#);
    patch(r#"--type=merge -p '{"metadata":{"labels":{"a":null,"b":"2"}}}'"#);
    patch(r#"--type=json -p '[{"op":"add","path":"/metadata/labels/c","value":"3"}]'"#);
    assert_eq!((label(kubectl, "a").as_str(), label(kubectl, "b").as_str()), ("", "2"));
    assert_eq!(label(kubectl, "c"), "3");
    let (_, said) = kubectl.fails(&format!(
        r#"kubectl patch pod {POD} -p '{{"spec":{{"securityContext":{{"supplementalGroupsPolicy":"Merge"}}}}}}'"#
    ));
    has(&said, &["pod updates may not change fields other than"]);
}

fn marked(kubectl: &Kubectl) {
    kubectl.run_example(POD);
    kubectl.says(&format!("kubectl label pod {POD} a=b"));
    let (_, said) = kubectl.fails(&format!("kubectl label pod {POD} a=c"));
    has(&said, &["already has a value (b), and --overwrite is false"]);
    kubectl.says(&format!("kubectl label pod {POD} a=c --overwrite"));
    assert_eq!(label(kubectl, "a"), "c");
    kubectl.says(&format!("kubectl label pod {POD} a-"));
    assert_eq!(label(kubectl, "a"), "");
    kubectl.says(&format!("kubectl annotate pod {POD} note='what for'"));
    let note = format!("kubectl get pod {POD} -o jsonpath='{{.metadata.annotations.note}}'");
    assert_eq!(kubectl.says(&note), "what for");
}

fn edited(kubectl: &Kubectl) {
    kubectl.says("kubectl create configmap m --from-literal=a=b");
    assert_eq!(
        kubectl.says("EDITOR=\"sed -i s/a:.b/a:\\ c/\" kubectl edit cm m"),
        "configmap/m edited"
    );
    assert_eq!(kubectl.says("kubectl get cm m -o jsonpath='{.data.a}'"), "c");
    kubectl.says("kubectl get cm m -o yaml | sed 's/a: c/a: d/' | kubectl replace -f -");
    assert_eq!(kubectl.says("kubectl get cm m -o jsonpath='{.data.a}'"), "d");
    let stale = "kubectl get cm m -o yaml | sed 's/resourceVersion: .*/resourceVersion: \"1\"/' \
                 | kubectl replace -f -";
    let (_, said) = kubectl.fails(stale);
    has(&said, &["the object has been modified"]);
}

fn differs(kubectl: &Kubectl) {
    kubectl
        .file("map.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {a: b}}");
    kubectl.says("kubectl apply -f map.yaml && kubectl diff -f map.yaml");
    kubectl.says("sed -i 's/a: b/a: c/' map.yaml");
    let output = kubectl.run("kubectl diff -f map.yaml");
    assert_eq!(output.status.code(), Some(1));
    has(&String::from_utf8_lossy(&output.stdout), &["-  a: b", "+  a: c"]);
    assert_eq!(kubectl.says("kubectl get cm m -o jsonpath='{.data.a}'"), "b");
}

fn refused(kubectl: &Kubectl) {
    let pod = |security: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {{securityContext: \
             {{{security}}}, containers: [{{name: c, image: i}}]}}}}"
        )
    };
    for (security, says) in [
        (
            "supplementalGroupsPolicy: Loose",
            "Unsupported value: \"Loose\": supported values: \"Merge\", \"Strict\"",
        ),
        ("supplementalGroups: [-1]", "must be between 0 and 2147483647, inclusive"),
        (
            "supplementalGroupPolicy: Strict",
            "unknown field \"spec.securityContext.supplementalGroupPolicy\"",
        ),
    ] {
        kubectl.file("bad.yaml", &pod(security));
        let (_, said) = kubectl.fails("kubectl apply -f bad.yaml");
        has(&said, &[says]);
    }
    kubectl.file("bad.yaml", &pod("supplementalGroupPolicy: Strict"));
    let output = kubectl.run("kubectl apply --validate=warn --dry-run=server -f bad.yaml");
    assert!(output.status.success());
    has(&String::from_utf8_lossy(&output.stderr), &["Warning: unknown field"]);
    let (_, said) = kubectl.fails("kubectl get pod p");
    has(&said, &["not found"]);
}

fn deleted(kubectl: &Kubectl) {
    kubectl.run_example("implicit-groups");
    has(
        &kubectl.says("kubectl delete pod implicit-groups --grace-period=1"),
        &["pod \"implicit-groups\" deleted"],
    );
    let (_, said) = kubectl.fails("kubectl get pod implicit-groups");
    has(&said, &["not found"]);
    kubectl.run_example("implicit-groups");
    kubectl.says("kubectl delete pod implicit-groups --now");
    kubectl.run_example("implicit-groups");
    kubectl.says("kubectl label pod implicit-groups a=b");
    kubectl.says("kubectl delete pods -l a=b --grace-period=0 --force --wait=true");
    assert_eq!(kubectl.says("kubectl get pods -o name"), "");
}

fn created(kubectl: &Kubectl) {
    kubectl.says("kubectl create namespace other");
    for (kind, options) in [
        ("configmap", "--from-literal=a=b"),
        ("serviceaccount", ""),
        ("secret generic", "--from-literal=a=b"),
        ("role", "--verb=get --resource=pods"),
        ("quota", "--hard=pods=10"),
        ("priorityclass", "--value=10"),
    ] {
        let namespace = if kind == "priorityclass" { "" } else { "-n other" };
        kubectl.says(&format!("kubectl create {kind} x {options} {namespace}"));
    }
    has(
        &kubectl.says("kubectl get cm,sa,secret -n other"),
        &["configmap/x", "serviceaccount/x", "secret/x"],
    );
    kubectl.says("kubectl delete namespace other --timeout=30s");
    let (_, said) = kubectl.fails("kubectl get namespace other");
    has(&said, &["not found"]);
    let (_, said) = kubectl.fails("kubectl create configmap y -n other");
    has(&said, &["namespaces \"other\" not found"]);
}

fn listed(kubectl: &Kubectl) {
    kubectl.says("kubectl create configmap one && kubectl create configmap two");
    // Every namespace has one more, which comes back when it is deleted.
    let mine = "--field-selector metadata.name!=kube-root-ca.crt";
    kubectl.says(&format!("kubectl get configmaps {mine} -o yaml > all.yaml"));
    kubectl.says("kubectl delete configmaps --all && kubectl apply -f all.yaml");
    let names = kubectl.says(&format!("kubectl get configmaps {mine} -o name"));
    assert_eq!(names, "configmap/one\nconfigmap/two");
}
