//! Input: what is read, what is refused, and with which words.

use serde_json::json;

use crate::program::shown;
use crate::{NEW, STALE, assert_refused, gidcheck, node, planned, pod};

#[test]
fn broken_json_names_the_line_and_what_was_understood() {
    let dump = include_str!("../../../docs/src/examples/cluster.json");
    let half = &dump.as_bytes()[..dump.len() / 2];
    assert_refused(
        &["-", "--kubernetes", "1.33"],
        half,
        &["standard input:", "not valid JSON", "3 Node"],
    );
}

#[test]
fn input_that_is_no_cluster_is_refused() {
    let change = ["-", "--kubernetes", "1.33"];
    assert_refused(&change, b"", &["no node in the input"]);
    assert_refused(&change, b"\xff\xfe{\0", &["UTF-16"]);
    assert_refused(&change, b"a: [", &["not valid YAML"]);
    assert_refused(&change, &b"[".repeat(100_000), &["not valid JSON"]);
    assert_refused(&["nowhere.json", "--kubernetes", "1.33"], b"", &["cannot read nowhere.json"]);
    assert_refused(&["kubernetes-1.33.json"], b"", &["nothing is to change"]);
    assert_refused(
        &["kubernetes-1.33.json", "--runtime", "pool=none=containerd-1.7"],
        b"",
        &["no node has the labels"],
    );
    assert_refused(
        &[STALE, "--feature-gate", "SupplementalGroupsPolicy=false"],
        b"",
        &["feature is locked to true"],
    );
}

#[test]
fn lists_in_lists_documents_and_objects_of_wrong_types_are_understood() {
    let dump = b"{\"kind\":\"List\",\"items\":[{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\
        \"items\":[{\"metadata\":{\"name\":\"n1\"}}]},null,\
        {\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"odd\"},\"spec\":7},\
        {\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"s\"}}]}\n\
        {\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n2\"}}";
    let output = gidcheck(&["-", "--kubernetes", "1.33", "--api-server", "1.32"], dump);
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for words in ["2 nodes", "1 Secret", "Pod default/odd is left out"] {
        assert!(text.contains(words), "{words:?} is missing in: {text}");
    }
    let yaml = b"apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n---\nkind: List\nitems: null\n";
    let text = shown(&gidcheck(&["-", "--kubernetes", "1.33", "--api-server", "1.32"], yaml));
    assert!(text.contains("1 node"), "{text}");
}

#[test]
fn versions_are_read_as_distributions_write_them_and_what_is_none_is_named() {
    let version = |name: &str, text: &str| {
        let mut node = node(name, NEW);
        node["status"]["nodeInfo"]["kubeletVersion"] = json!(text);
        node["status"]["features"] = json!({"supplementalGroupsPolicy": true});
        node
    };
    let items = [
        version("eks", "v1.33.4-eks-1-2-3"),
        version("k3s", "v1.33.1+k3s1"),
        version("gke", "v1.33.5-gke.100"),
        version("rc", "1.33.0-rc.0"),
        version("odd", "weird"),
        version("ancient", "v1.21.0"),
    ];
    let (plan, text) = planned(&items, &["--kubernetes", "v1.34.1+k3s1"]);
    let changed = plan["change"].as_array().expect("changes");
    let on_five = "kubelet: 1.33 → 1.34, on 5 nodes";
    assert!(changed.iter().any(|line| line == on_five), "{text}");
    assert!(text.contains("\"weird\", which is no Kubernetes version"), "{text}");
    assert!(text.contains("(1 node: odd)") && text.contains("(1 node: ancient)"), "{text}");
    assert_refused(&["-", "--kubernetes", "weird"], b"", &["\"weird\"", "write it as 1.33"]);
    assert_refused(&["-", "--kubernetes", "1.29"], b"", &["known are 1.30 to 1.36"]);
}

#[test]
fn files_that_are_no_text_are_told_apart() {
    let change = ["-", "--kubernetes", "1.33"];
    assert_refused(&change, b"\x1f\x8b\x08\0", &["is compressed"]);
    assert_refused(&change, b"\0\0\0\0", &["begins with NUL bytes"]);
    assert_refused(&change, b"k8s\0\n", &["binary format"]);
    assert_refused(&change, b"{\0\"\0k\0", &["UTF-16"]);
    assert_refused(&change, b"apiVersion: v1\nkind: \xff\n", &["standard input", "UTF-8"]);
    let nul = b"{\"kind\":\"Node\",\"apiVersion\":\"v1\",\n\"metadata\":{\"name\":\"a\0\"}}";
    assert_refused(&change, nul, &["standard input:2:", "not valid JSON"]);
    let deep = format!("{{\"kind\":\"List\",\"items\":{}", "[".repeat(300));
    assert_refused(&change, deep.as_bytes(), &["standard input:1:", "recursion"]);
}

#[test]
fn a_few_odd_objects_do_not_spoil_the_rest() {
    let mut odd_labels = node("labels", NEW);
    odd_labels["metadata"]["labels"] = json!([1]);
    let mut odd_groups = pod("groups", "a", None);
    odd_groups["spec"]["securityContext"]["supplementalGroups"] = json!("many");
    let items = [
        json!("text"),
        json!(7),
        json!(null),
        json!([node("a", NEW)]),
        json!({"kind": "Widget", "apiVersion": "x/v1", "items": {"a": 1}}),
        json!({"kind": 5, "apiVersion": "v1"}),
        odd_labels,
        odd_groups,
        node("b", NEW),
    ];
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    assert_eq!(plan["cluster"]["nodes"], 2, "{text}");
    assert_eq!(plan["cluster"]["leftOut"], 6, "{text}");
    let named =
        ["\"text\" is no object", "7 is no object", "null is no object", "Node labels is left out"];
    for words in named {
        assert!(text.contains(words), "{words:?} is missing in: {text}");
    }
    assert!(text.contains("Pod shop/groups is left out: invalid type: string"), "{text}");
}

#[test]
fn objects_that_are_given_twice_count_once_unless_they_differ() {
    let mut first = node("a", NEW);
    first["metadata"]["uid"] = json!("1");
    let (plan, text) = planned(&[first.clone(), first.clone()], &["--kubernetes", "1.33"]);
    assert_eq!((&plan["cluster"]["nodes"], &plan["cluster"]["leftOut"]), (&json!(1), &json!(0)));
    assert!(text.contains("1 object was read more than once"), "{text}");
    let mut other = first.clone();
    other["metadata"]["uid"] = json!("2");
    let (plan, text) = planned(&[first, other], &["--kubernetes", "1.33"]);
    assert_eq!(plan["cluster"]["leftOut"], 1, "{text}");
    assert!(text.contains("files of one cluster only"), "{text}");
}

#[test]
fn several_files_of_both_forms_make_one_cluster() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file can be written");
        path.display().to_string()
    };
    let nodes = write("nodes.json", &node("a", NEW).to_string());
    let pods = write(
        "pods.yaml",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: PodList\n  items:\n  - \
         metadata: {name: p, namespace: shop}\n    spec: {nodeName: a, containers: [{name: c}]}\n",
    );
    let output = gidcheck(&[&nodes, &pods, "--kubernetes", "1.33"], b"");
    assert!(shown(&output).contains("1 node, 1 pod"), "{}", shown(&output));
    let half = write("half.json", "{\"kind\":\"List\",\n\"items\":[{\"kind\":");
    assert_refused(&[&nodes, &half, "--kubernetes", "1.33"], b"", &["half.json:2:", "1 Node"]);
}

#[test]
fn a_version_that_nobody_says_is_not_supposed() {
    let nodes = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}, "status": {}},
    ]});
    let input = nodes.to_string();
    assert_refused(
        &["-", "--kubernetes", "1.33"],
        input.as_bytes(),
        &["no node says its kubelet's version", "--api-server"],
    );
    let output = gidcheck(&["-", "--kubernetes", "1.33", "--api-server", "1.32"], input.as_bytes());
    let text = shown(&output);
    assert!(text.contains("kubelet: 1.32 → 1.33"), "{text}");
}

#[test]
fn a_dump_that_was_cut_off_says_where_its_last_object_begins() {
    let cut = "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n\
        {\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\"metadata\": {\"name\": \"a\"";
    assert_refused(
        &["-", "--kubernetes", "1.33"],
        cut.as_bytes(),
        &["begins on line 2 is cut off"],
    );
}

#[test]
fn a_name_that_no_object_can_have_is_named_as_such() {
    let mut odd = pod("a", "a", None);
    odd["metadata"]["name"] = "\u{1b}[31mred".into();
    let (_, text) = planned(&[node("a", "containerd://2.1.9"), odd], &["--kubernetes", "1.36"]);
    assert!(text.contains("no object can have this name"), "{text}");
}
