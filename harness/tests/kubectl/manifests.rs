//! How kubectl reads manifests: what `gidcheck explain` takes from it.

use serde_json::Value as Json;

use super::Test;
use super::cluster::Kubectl;

pub(crate) const TESTS: &[Test] = &[
    ("scalars of YAML are what explain takes them for", scalars),
    ("of fields that merges bring, the last one counts", merges),
];

/// What kubectl makes of scalars; `kubernetes-objects/tests/yaml.rs` holds our own reading to it.
const SCALARS: &str = include_str!("../../../kubernetes-objects/tests/data/scalars.tsv");

const READ: &str = "kubectl create --dry-run=client --validate=false -o json -f read.yaml";

/// A manifest of a kind that may have any field.
fn manifest(fields: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: read}}\n{fields}\n")
}

fn scalars(kubectl: &Kubectl) {
    let rows = SCALARS.lines().filter(|line| !line.starts_with('#'));
    let rows: Vec<_> = rows.filter_map(|row| row.split_once('\t')).collect();
    let (refused, read): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|(_, kubectl)| kubectl.starts_with("refused: "));
    let items: String = read.iter().map(|(written, _)| format!("- {written}\n")).collect();
    kubectl.file("read.yaml", &manifest(&format!("list:\n{items}")));
    let object: Json = serde_json::from_str(&kubectl.says(READ)).expect("JSON");
    let list = object["list"].as_array().expect("the list");
    assert_eq!(list.len(), read.len());
    for ((written, expected), got) in read.iter().zip(list) {
        let expected: Json = serde_json::from_str(expected).expect("JSON");
        let same = expected == *got || expected.is_number() && expected.as_f64() == got.as_f64();
        assert!(same, "{written} is {got}, not {expected}");
    }
    for (written, words) in refused {
        kubectl.file("read.yaml", &manifest(&format!("field: {written}")));
        let (_, said) = kubectl.fails(READ);
        assert!(said.contains(words.trim_start_matches("refused: ")), "{written}: {said}");
    }
}

fn merges(kubectl: &Kubectl) {
    let fields = "base: &base {a: 1, b: 1}\nmerged: {a: 2, <<: *base, b: 3}";
    kubectl.file("read.yaml", &manifest(fields));
    let object: Json = serde_json::from_str(&kubectl.says(READ)).expect("JSON");
    assert_eq!(object["merged"], serde_json::json!({"a": 1, "b": 3}));
}
