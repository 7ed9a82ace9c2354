//! What `gidcheck audit` finds in folders of manifests, and what it says of input that is none.

mod saved;

use std::fs;
use std::process::Output;

use saved::{Saved, assert_refused, shown};
use serde_json::{Value as Json, json};

/// The groups of `web.tar` with one that opens something on a host.
const WITH_DISK: &str = "root:x:0:\nadm:x:4:root\ndisk:x:6:web\nweb:x:1000:\nstaff:x:50000:web\n";

fn audit(saved: &Saved, arguments: &[&str], input: &[u8]) -> Output {
    let archive = saved.path("web.tar").display().to_string();
    let all = ["audit", "--pull", "never", "--image-archive", &archive];
    saved::gidcheck("audit", &[&all, arguments].concat(), input)
}

fn with_disk() -> Saved {
    let saved = Saved::new();
    saved.write("web.tar", "example.test/web:1", "amd64", WITH_DISK);
    saved
}

fn document(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout).expect("the output is JSON")
}

#[test]
fn a_folder_is_searched_and_the_heaviest_comes_first() {
    let saved = with_disk();
    saved.assert_snapshot("audit-folder", &audit(&saved, &["deploy"], b""));
}

#[test]
fn the_document_has_the_same_for_programs() {
    let found = document(&audit(&with_disk(), &["deploy", "--output", "json"], b""));
    assert_eq!(found["schema"], "gidcheck.dev/audit/v1");
    assert_eq!(found["containers"], 3);
    assert_eq!(found["withImplicitGroups"], 2);
    let first = &found["findings"][0];
    assert_eq!(first["rule"], "implicit-groups");
    assert_eq!(first["container"]["name"], "web");
    assert_eq!(first["groups"][0]["id"], 6);
    assert_eq!(first["line"], 11);
    // A template of a chart is no YAML; nothing else is wrong with the folder.
    assert_eq!(found["notRead"][0]["file"], "deploy/chart/templates/pod.yaml");
    assert_eq!(found["notRead"].as_array().map(Vec::len), Some(1));
}

#[test]
fn code_review_gets_sarif() {
    let log = document(&audit(&with_disk(), &["deploy", "--output", "sarif"], b""));
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let result = &run["results"][0];
    assert_eq!(result["ruleId"], "implicit-groups");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "deploy/web.yaml");
    assert_eq!(place["region"]["startLine"], 11);
    let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small");
    assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "implicit-groups");
    let levels = ["error", "warning", "note"];
    let results = run["results"].as_array().expect("results");
    assert!(results.iter().all(|result| {
        result["level"].as_str().is_some_and(|level| levels.contains(&level))
            && result["message"]["text"].is_string()
            && result["partialFingerprints"]["gidcheck/v1"].is_string()
    }));
}

#[test]
fn the_exit_code_follows_the_severity_that_fails() {
    let saved = Saved::new();
    for (fail_on, code) in [("note", 1), ("warning", 1), ("error", 0), ("never", 0)] {
        let output = audit(&saved, &["deploy", "--fail-on", fail_on], b"");
        assert_eq!(output.status.code(), Some(code), "{fail_on}: {}", shown(&output));
    }
    let careful = audit(&saved, &["deploy/careful.json"], b"");
    assert_eq!(careful.status.code(), Some(0), "{}", shown(&careful));
}

#[test]
fn an_image_that_is_not_known_is_a_finding() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"},
        "spec": {"containers": [{"name": "one", "image": "example.test/other:1"}]}});
    let output = audit(&Saved::new(), &["-", "--output", "json"], pod.to_string().as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(document(&output)["findings"][0]["rule"], "unknown-image");
}

#[test]
fn a_folder_without_manifests_is_clean() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("notes.yaml"), "just: values\n").expect("it can be written");
    let path = folder.path().display().to_string();
    let output = audit(&Saved::new(), &[&path], b"");
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

#[test]
fn a_file_that_is_named_must_be_right() {
    let saved = Saved::new();
    let chart = audit(&saved, &["deploy/chart/templates/pod.yaml"], b"");
    assert_refused(&chart, 2, &["deploy/chart/templates/pod.yaml:4"]);
    assert_refused(&audit(&saved, &["deploy/values.yml"], b""), 2, &["no kind"]);
    assert_refused(&audit(&saved, &["nowhere"], b""), 2, &["nowhere", "No such file"]);
    assert_refused(&audit(&saved, &["-"], b"\xff"), 2, &["not UTF-8"]);
}
