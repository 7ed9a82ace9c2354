//! What `gidcheck plan` says of dumped clusters, and of input that is none.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use insta::Settings;

fn gidcheck(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gidcheck"))
        .arg("plan")
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/plan"))
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built with this test");
    let mut stdin = child.stdin.take().expect("the input is a pipe");
    // A program that refuses its arguments does not read.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().expect("the program ends by itself")
}

fn shown(output: &Output) -> String {
    format!(
        "{}{}exit code {}\n",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output.status.code().expect("the program ends by itself")
    )
}

fn assert_snapshot(name: &str, arguments: &[&str]) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let text = shown(&gidcheck(arguments, b""));
    settings.bind(|| insta::assert_snapshot!(format!("plan-{name}"), text));
}

/// What is refused must be so with this exit code and these words.
fn assert_refused(arguments: &[&str], input: &[u8], words: &[&str]) {
    let output = gidcheck(arguments, input);
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is missing in: {text}");
    }
}

#[test]
fn kubelets_before_runtimes_are_kept_safe_by_labels() {
    assert_snapshot("kubelets-only", &["kubernetes-1.32.json", "--kubernetes", "1.33"]);
}

#[test]
fn runtimes_with_kubelets_need_no_labels() {
    let arguments = ["kubernetes-1.32.json", "--kubernetes", "1.33", "--runtime", "containerd-2.1"];
    assert_snapshot("runtimes-and-kubelets", &arguments);
}

#[test]
fn a_runtime_without_support_leaves_stale_features() {
    assert_snapshot("runtime-back", &["kubernetes-1.33.json", "--runtime", "containerd-1.7"]);
}

#[test]
fn clusters_without_strict_pods_just_upgrade() {
    assert_snapshot("no-strict", &["kubernetes-1.30.json", "--kubernetes", "1.33"]);
}

#[test]
fn what_is_stale_already_is_told_apart_from_what_the_change_does() {
    let arguments = ["kubernetes-1.36-stale.json", "--kubernetes", "1.36", "--output", "markdown"];
    assert_snapshot("stale", &arguments);
}

#[test]
fn the_document_has_the_same_for_programs() {
    let arguments = ["kubernetes-1.32.json", "--kubernetes", "1.33", "--output", "json"];
    assert_snapshot("json", &arguments);
}

#[test]
fn broken_json_names_the_line_and_what_was_understood() {
    let dump = include_str!("data/plan/kubernetes-1.32.json");
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
        &["kubernetes-1.36-stale.json", "--feature-gate", "SupplementalGroupsPolicy=false"],
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
    let output = gidcheck(&["-", "--kubernetes", "1.33"], dump);
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for words in ["2 nodes", "1 Secret", "Pod default/odd is left out"] {
        assert!(text.contains(words), "{words:?} is missing in: {text}");
    }
    let yaml = b"apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n---\nkind: List\nitems: null\n";
    let text = shown(&gidcheck(&["-", "--kubernetes", "1.33"], yaml));
    assert!(text.contains("1 node"), "{text}");
}

#[test]
fn an_order_that_no_version_skew_allows_is_not_called_safe() {
    let node = |minor: u8| {
        format!(
            "{{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{{\"name\":\"n\"}},\"status\":\
             {{\"nodeInfo\":{{\"kubeletVersion\":\"v1.{minor}.0\",\
             \"containerRuntimeVersion\":\"containerd://2.1.9\"}}}}}}"
        )
    };
    let output = gidcheck(&["-", "--kubernetes", "1.36"], node(32).as_bytes());
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("plan --kubernetes 1.35 and do that first"), "{text}");
    let output = gidcheck(&["-", "--kubernetes", "1.35"], node(32).as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    let back = shown(&gidcheck(&["-", "--kubernetes", "1.33"], node(34).as_bytes()));
    let (kubelet, server) = (back.find("the kubelet"), back.find("Change the API server"));
    assert!(kubelet < server && kubelet.is_some(), "kubelets go back first: {back}");
}
