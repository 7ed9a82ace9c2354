//! Manifests as texts: what is read, what is refused, and with which words.

use std::process::Output;

use serde_json::{Value as Json, json};

use crate::program::{assert_refused, shown};
use crate::saved::Saved;
use crate::workloads::workload;
use crate::{explain, pod, rules, strict};

#[test]
fn manifests_are_named_as_for_kubectl() {
    let saved = Saved::new();
    let by_place = explain(&saved, &["-"], &strict());
    for named in [&["-f", "-"][..], &["--filename", "-"], &["--filename=-"]] {
        assert_eq!(shown(&explain(&saved, named, &strict())), shown(&by_place));
    }
    let both = shown(&explain(&saved, &["web.yaml", "-f", "careful.yaml"], b""));
    assert!(both.contains("web.yaml:") && both.contains("careful.yaml:"), "{both}");
    assert_refused(&explain(&saved, &[], b""), 2, &["<FILE>"]);
}

#[test]
fn bad_input_is_refused_with_its_place_and_nothing_is_printed() {
    let saved = Saved::new();
    let tabs = b"kind: Pod\nspec:\n\tcontainers: []\n";
    assert_refused(&explain(&saved, &["-"], tabs), 2, &["<stdin>:3"]);
    assert_refused(&explain(&saved, &["-"], b"\xff\xfe\x00"), 2, &["UTF-16"]);
    assert_refused(&explain(&saved, &["-"], b""), 2, &["no pod in the input"]);
    assert_refused(&explain(&saved, &["-"], b"just: text\n"), 2, &["it has no kind"]);
    assert_refused(&explain(&saved, &["nothing.yaml"], b""), 2, &["nothing.yaml", "No such file"]);
    assert_refused(&explain(&saved, &["."], b""), 2, &["a folder", "gidcheck audit"]);
    let version = explain(&saved, &["-", "--kubernetes", "1.99"], &strict());
    assert_refused(&version, 2, &["1.99", "1.30 to 1.36"]);
    let runtime = explain(&saved, &["-", "--runtime", "docker"], &strict());
    assert_refused(&runtime, 2, &["docker", "containerd-2.1"]);
    let near = explain(&saved, &["-", "--runtime", "crio-1.31"], &strict());
    assert_refused(&near, 2, &["did you mean \"cri-o-1.31\"?"]);
    let archive = explain(&saved, &["/dev/zero"], b"");
    assert_refused(&archive, 2, &["/dev/zero is no text"]);
    let gate = explain(&saved, &["-", "--feature-gate", "Nothing=true"], &strict());
    assert_refused(&gate, 2, &["Nothing"]);
}

#[test]
fn a_key_that_stands_twice_is_refused_since_readers_differ_in_which_counts() {
    let text = b"apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec:\n  \
        securityContext: {supplementalGroupsPolicy: Strict}\n  \
        securityContext: {runAsUser: 1000}\n  \
        containers: [{name: one, image: \"example.test/web:1\"}]\n";
    let output = explain(&Saved::new(), &["-"], text);
    assert_refused(&output, 2, &["<stdin>:6", "\"securityContext\" stands here a second time"]);
}

/// A pod of `example.test/web:1` in YAML, with these lines in its security context.
fn yaml(security: &str) -> Vec<u8> {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: one}}\nspec:\n  securityContext: \
         {security}\n  containers: [{{name: one, image: \"example.test/web:1\"}}]\n"
    )
    .into_bytes()
}

/// The numbers of the groups of the first container, as it is written.
fn groups(output: &Output) -> Vec<u64> {
    let document: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    let groups = &document["pods"][0]["merge"]["containers"][0]["identity"]["groups"];
    let groups = groups.as_array().expect("groups");
    groups.iter().map(|group| group["id"].as_u64().expect("a number")).collect()
}

#[test]
fn numbers_are_what_kubectl_takes_them_for() {
    let saved = Saved::new();
    let security = "{runAsUser: 0o100, runAsGroup: 0100, supplementalGroups: [0x1F, 1_000, 1e3]}";
    let output = explain(&saved, &["-", "--output", "json"], &yaml(security));
    assert_eq!(groups(&output), [31, 64, 1000]);
    let text = yaml("{runAsUser: 1000, runAsNonRoot: yes}");
    let output = explain(&saved, &["-", "--output", "json"], &text);
    assert_eq!(rules(&output), ["implicit-groups", "implicit-primary-group"]);
}

#[test]
fn a_text_that_yaml_takes_for_something_else_is_refused_with_what_to_do() {
    for (name, hint) in [("y", "are booleans: put a text into quotes"), ("1.0", "like a number")] {
        let text = String::from_utf8(yaml("{runAsUser: 1000}")).expect("text");
        let text = text.replace("{name: one, image", &format!("{{name: {name}, image"));
        let said = shown(&explain(&Saved::new(), &["-"], text.as_bytes()));
        assert!(said.contains("the API server refuses it") && said.contains(hint), "{said}");
    }
}

#[test]
fn what_merges_bring_is_overruled_by_what_comes_later() {
    let text = "base: &base {runAsUser: 7, runAsGroup: 8}\napiVersion: v1\nkind: Pod\n\
        metadata: {name: one}\nspec:\n  securityContext: {runAsUser: 1, <<: *base, runAsGroup: 9}\n  \
        containers: [{name: one, image: \"example.test/web:1\"}]\n";
    let output = explain(&Saved::new(), &["-"], text.as_bytes());
    let text = shown(&output);
    assert!(text.contains("uid     7") && text.contains("gid     9"), "{text}");
}

#[test]
fn json_documents_may_follow_each_other() {
    let saved = Saved::new();
    let one = String::from_utf8(strict()).expect("text");
    let other = one.replace("\"name\":\"one\"", "\"name\":\"other\"");
    for text in [
        format!("{one}\n{other}\n"),
        format!("{one}{other}"),
        format!("\u{feff}{one}\r\n{other}\r\n"),
        format!("{one}\n---\n{other}\n"),
    ] {
        let output = explain(&saved, &["-"], text.as_bytes());
        let said = shown(&output);
        assert!(said.contains("2 pod manifests"), "{text}: {said}");
    }
    let cut = format!("{one}\n{}", &other[..other.len() - 5]);
    assert_refused(
        &explain(&saved, &["-"], cut.as_bytes()),
        2,
        &["<stdin>:2", "not valid JSON", "cut off"],
    );
}

#[test]
fn texts_of_windows_are_read() {
    let saved = Saved::new();
    let text = String::from_utf8(yaml("{runAsUser: 1000}")).expect("text");
    let plain = shown(&explain(&saved, &["-"], text.as_bytes()));
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(shown(&explain(&saved, &["-"], windows.as_bytes())), plain);
    let broken = shown(&explain(&saved, &["-"], b"kind: Pod\r\nspec:\r\n\ta: b\r\nc: d\r\n"));
    assert!(broken.contains("replace the tabs") && !broken.contains("u{d}"), "{broken}");
    // Python writes characters beyond the first 65,536 as two.
    let json = String::from_utf8(pod(&json!({"runAsUser": 1000}))).expect("text");
    let json =
        json.replace("\"metadata\":{", r#""metadata":{"annotations":{"a":"\ud83d\ude00\/"},"#);
    let output = explain(&saved, &["-"], json.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

#[test]
fn what_is_wrong_with_a_text_is_said_with_its_place_and_what_to_do() {
    let saved = Saved::new();
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let utf_16: Vec<u8> = "kind: Pod".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xff, 0xfe][..], &utf_16].concat();
    let sites: [(&[u8], &[&str]); 13] = [
        (b"kind: Pod\nspec:\n\tcontainers: []\n", &["<stdin>:3:2", "tab", "replace the tabs"]),
        (deep.as_bytes(), &["<stdin>:1:65", "more than 64 deep"]),
        (&utf_16, &["UTF-16", "Out-File -Encoding utf8"]),
        (&marked, &["UTF-16", "Out-File -Encoding utf8"]),
        (b"a: b\nc: caf\xe9\n", &["<stdin>:2:7", "not UTF-8", "iconv"]),
        (b"\x1f\x8b\x08", &["compressed"]),
        (b"kind: List\nitems: [5]\n", &["<stdin>:2:9", "item 1 of the list"]),
        (b"kind: List\nitems:\n- null\n", &["<stdin>:3:3", "item 1 of the list"]),
        (b"kind: List\nitems: 5\n", &["<stdin>:2:8", "items"]),
        (b"kind: PodList\nitems: null\n", &["no pod in the input"]),
        (b"[1]", &["<stdin>:1:1", "it is a list"]),
        (b"kind: 5\n", &["<stdin>:1:7", "kind"]),
        (b"a: .inf\n", &["<stdin>:1:4", "+Inf"]),
    ];
    for (text, words) in sites {
        assert_refused(&explain(&saved, &["-"], text), 2, words);
    }
}

#[test]
fn objects_of_typed_lists_are_those_of_the_list() {
    let spec = json!({"containers": [{"name": "one", "image": "example.test/web:1"}]});
    let item = |kind: &str| {
        let text = workload(kind, &json!({"app": "web"}), &spec);
        let mut item: Json = serde_json::from_slice(&text).expect("JSON");
        let fields = item.as_object_mut().expect("an object");
        fields.remove("kind");
        fields.remove("apiVersion");
        item
    };
    let list = |version: &str, kind: &str, item: Json| {
        json!({"apiVersion": version, "kind": format!("{kind}List"), "items": [item]}).to_string()
    };
    let saved = Saved::new();
    let sound = list("apps/v1", "Deployment", item("Deployment"));
    let output = explain(&saved, &["-"], sound.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    assert!(shown(&output).contains("Deployment shop/web"), "{}", shown(&output));
    let without_policy = item("Job");
    let refused = list("batch/v1", "Job", without_policy);
    let said = shown(&explain(&saved, &["-"], refused.as_bytes()));
    assert!(said.contains("restartPolicy: Required value"), "{said}");
}
