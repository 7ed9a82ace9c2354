//! What `gidcheck audit` finds in folders of manifests and in clusters, and what it says of input
//! that is none.

mod program;
mod saved;
mod served;

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output};

use program::{assert_refused, shown};
use saved::Saved;
use serde_json::{Value as Json, json};
use served::{Served, node};

/// The groups of `web.tar` with one that opens something on a host.
const WITH_DISK: &str = "root:x:0:\nadm:x:4:root\ndisk:x:6:web\nweb:x:1000:\nstaff:x:50000:web\n";

fn audit(saved: &Saved, arguments: &[&str], input: &[u8]) -> Output {
    let archive = saved.path("web.tar").display().to_string();
    let all = ["audit", "--pull", "never", "--image-archive", &archive];
    program::gidcheck("audit", &[&all, arguments].concat(), input)
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
    let text = saved.without_place(&shown(&audit(&saved, &["deploy"], b"")));
    program::assert_snapshot("audit-folder", &text);
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
fn manifests_are_named_as_for_kubectl() {
    let saved = with_disk();
    let by_place = shown(&audit(&saved, &["deploy"], b""));
    assert_eq!(shown(&audit(&saved, &["-f", "deploy"], b"")), by_place);
    assert_eq!(shown(&audit(&saved, &["--filename", "deploy"], b"")), by_place);
}

#[test]
fn an_audit_is_of_the_images_that_the_manifests_name() {
    let saved = with_disk();
    let output = audit(&saved, &["deploy", "--image", "example.test/web:2"], b"");
    let words = ["--image example.test/web:2=FILE", "gidcheck explain --image example.test/web:2"];
    assert_refused(&output, 2, &words);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"},
        "spec": {"containers": [{"name": "one", "image": "example.test/web:2"}]},
    });
    let found = document(&audit(&saved, &["-", "--output", "json"], pod.to_string().as_bytes()));
    assert_eq!(found["findings"][0]["rule"], "unknown-image", "nothing is taken in its place");
    let text = found["findings"][0]["text"].as_str().expect("a text");
    assert!(text.contains("the archives have example.test/web:1"), "{text}");
}

#[test]
fn code_review_gets_sarif() {
    let log = document(&audit(&with_disk(), &["deploy", "--output", "sarif"], b""));
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let result = &run["results"][0];
    assert_eq!(result["ruleId"], "implicit-groups");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"], json!({"uri": "deploy/web.yaml"}));
    assert_eq!(place["region"]["startLine"], 11);
    let logical = &result["locations"][0]["logicalLocations"][0];
    assert_eq!(logical["fullyQualifiedName"], "shop/Deployment/web/web");
    assert!(run.get("originalUriBaseIds").is_none());
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
        let output = audit(&saved, &["deploy/web.yaml", "--fail-on", fail_on], b"");
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
fn a_path_that_leads_to_nothing_is_not_called_clean() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("notes.yaml"), "just: values\n").expect("it can be written");
    let path = folder.path().display().to_string();
    for (arguments, input) in [([path.as_str()], &b""[..]), (["-"], b"")] {
        let output = audit(&Saved::new(), &arguments, input);
        assert_refused(&output, 2, &["there is no pod in the input"]);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_not_called_clean() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let good = fs::read("tests/data/audit/deploy/careful.json").expect("it is there");
    fs::write(folder.path().join("careful.json"), good).expect("it can be written");
    fs::write(folder.path().join("broken.yaml"), "a: {{ b }}\n").expect("it can be written");
    let path = folder.path().display().to_string();
    for (fail_on, code) in [("warning", 1), ("error", 1), ("never", 0)] {
        let output = audit(&Saved::new(), &[&path, "--fail-on", fail_on], b"");
        assert_eq!(output.status.code(), Some(code), "{fail_on}: {}", shown(&output));
    }
}

/// Whoever misspells what makes pods must not read that there is nothing to find.
#[test]
fn what_is_nearly_a_workload_is_not_passed_over_in_folders() {
    for (manifest, words) in [
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n\
             spec: {selector: {matchLabels: {a: b}}, tmplate: {spec: {containers: []}}}\n",
            "unknown field \"spec.tmplate\"",
        ),
        ("apiVersion: v1\nkind: pod\nmetadata: {name: web}\n", "did you mean Pod?"),
        ("kind: Pod\nmetadata: {name: web}\n", "it has no apiVersion"),
    ] {
        let folder = tempfile::tempdir().expect("a folder can be made");
        fs::write(folder.path().join("web.yaml"), manifest).expect("it can be written");
        let path = folder.path().display().to_string();
        let output = audit(&Saved::new(), &[&path], b"");
        let text = shown(&output);
        assert!(output.status.code() == Some(1) && text.contains(words), "{words}: {text}");
    }
    // What only says how a workload is to be changed makes none.
    let folder = tempfile::tempdir().expect("a folder can be made");
    let patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n\
                 spec: {replicas: 3, template: {spec: {$patch: merge}}}\n";
    fs::write(folder.path().join("patch.yaml"), patch).expect("it can be written");
    let good = fs::read("tests/data/audit/deploy/careful.json").expect("it is there");
    fs::write(folder.path().join("careful.json"), good).expect("it can be written");
    let path = folder.path().display().to_string();
    let output = audit(&Saved::new(), &[&path], b"");
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

#[test]
fn typed_lists_are_read_whose_objects_do_not_say_their_kind() {
    let list = json!({"apiVersion": "v1", "kind": "PodList", "items": [
        {"metadata": {"name": "one"}, "spec": {
            "securityContext": {"runAsUser": 1000, "runAsGroup": 3000},
            "containers": [{"name": "one", "image": "example.test/web:1"}]}},
    ]});
    let output = audit(&Saved::new(), &["-", "--output", "json"], list.to_string().as_bytes());
    assert_eq!(titles(&output), ["Pod/one"]);
}

#[test]
fn a_file_that_is_named_must_be_right() {
    let saved = Saved::new();
    let chart = audit(&saved, &["deploy/chart/templates/pod.yaml"], b"");
    assert_refused(&chart, 2, &["deploy/chart/templates/pod.yaml:4"]);
    assert_refused(&audit(&saved, &["deploy/values.yml"], b""), 2, &["no kind"]);
    assert_refused(&audit(&saved, &["nowhere"], b""), 2, &["nowhere", "No such file"]);
    assert_refused(&audit(&saved, &["-"], b"\xff"), 2, &["<stdin>:1:1", "not UTF-8"]);
}

/// A pod of a ReplicaSet of a Deployment, as a cluster has them.
fn owned(count: usize) -> Vec<Json> {
    let spec = json!({
        "securityContext": {"runAsUser": 1000, "runAsGroup": 3000},
        "containers": [{"name": "web", "image": "example.test/web:1"}],
    });
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": spec});
    let owner = |kind: &str, uid: &str| {
        json!([{"apiVersion": "apps/v1", "kind": kind, "name": "web", "uid": uid,
            "controller": true}])
    };
    let mut items = vec![
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "uid": "d"},
            "spec": {"template": template}}),
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": "web-1", "namespace": "shop", "uid": "r",
                "ownerReferences": owner("Deployment", "d")},
            "spec": {"template": template}}),
    ];
    items.extend((0..count).map(|at| {
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("web-1-{at}"), "namespace": "shop", "uid": format!("p{at}"),
                "annotations": {"text": "x".repeat(1000)},
                "ownerReferences": owner("ReplicaSet", "r")},
            "spec": spec})
    }));
    items
}

/// The titles of what was found.
fn titles(output: &Output) -> Vec<String> {
    let found = document(output);
    let findings = found["findings"].as_array().expect("findings").clone();
    let title = |finding: &Json| format!("{}/{}", finding["kind"], finding["name"]);
    findings.iter().map(|finding| title(finding).replace('"', "")).collect()
}

#[test]
fn what_a_controller_has_made_counts_once() {
    let saved = Saved::new();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": owned(3)});
    let output = audit(&saved, &["-", "--output", "json"], list.to_string().as_bytes());
    assert_eq!(titles(&output), ["Deployment/web"]);
    // Pods alone, without what made them, stand for themselves.
    let pods = json!({"apiVersion": "v1", "kind": "List", "items": owned(3)[2..]});
    let output = audit(&saved, &["-", "--output", "json"], pods.to_string().as_bytes());
    assert_eq!(titles(&output), ["Pod/web-1-0"]);
}

#[test]
fn what_kubectl_prints_of_a_large_cluster_is_read_object_by_object() {
    let saved = Saved::new();
    let mut items = owned(4000);
    // One that is no object does not spoil the rest.
    items.push(json!({"apiVersion": "v1"}));
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let output = audit(&saved, &["-", "--output", "json"], list.to_string().as_bytes());
    assert_eq!(titles(&output), ["Deployment/web"]);
    let found = document(&output);
    assert_eq!(found["notRead"][0]["why"], "an object is left out: it has no kind");
    let text = list.to_string();
    let cut = &text.as_bytes()[..text.len() - 100];
    assert_refused(&audit(&saved, &["-"], cut), 2, &["standard input:1:", "not valid JSON"]);
}

/// A deployment with two replicas.
fn deployment() -> Json {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "securityContext": {"runAsUser": 1000, "runAsGroup": 3000},
                    "containers": [{"name": "web", "image": "example.test/web:1"}],
                },
            },
        },
    })
}

fn audit_live(saved: &Saved, kubeconfig: &Path) -> Output {
    audit_live_as(saved, kubeconfig, "json")
}

fn audit_live_as(saved: &Saved, kubeconfig: &Path, form: &str) -> Output {
    let (archive, kubeconfig) =
        (saved.path("web.tar").display().to_string(), kubeconfig.display().to_string());
    let arguments = ["audit", "--kubeconfig", &kubeconfig, "--image-archive", &archive];
    let how = ["--pull", "never", "--output", form];
    program::gidcheck("audit", &[&arguments[..], &how].concat(), b"")
}

#[test]
fn a_live_cluster_is_read_and_what_a_deployment_makes_counts_once() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let nodes = vec![node("only", "1.36", "containerd-2.1")];
    let served = runtime.block_on(Served::start(nodes, 100.0));
    runtime.block_on(served.create("apps", "v1", "Deployment", deployment()));
    let saved = Saved::new();
    let output = audit_live(&saved, served.kubeconfig());
    let found = document(&output);
    assert_eq!(output.status.code(), Some(1), "{found}");
    assert_eq!(found["pods"], 1, "{found}");
    assert_eq!(found["findings"][0]["kind"], "Deployment");
    assert_eq!(found["findings"][0]["groups"][0]["id"], 50_000);
    let log = document(&audit_live_as(&saved, served.kubeconfig(), "sarif"));
    let location = &log["runs"][0]["results"][0]["locations"][0];
    let object = json!({"uri": "apis/apps/v1/namespaces/default/deployments/web", "uriBaseId": "API_SERVER"});
    assert_eq!(location["physicalLocation"]["artifactLocation"], object);
    assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], "default/Deployment/web/web");
    assert!(log["runs"][0]["originalUriBaseIds"]["API_SERVER"]["description"].is_object());
    runtime.block_on(served.stop());
}

#[test]
fn a_cluster_that_cannot_be_reached_is_named() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("config");
    let kubeconfig = "apiVersion: v1\nkind: Config\ncurrent-context: a\n\
        clusters: [{name: a, cluster: {server: 'https://127.0.0.1:9'}}]\n\
        users: [{name: a, user: {token: t}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n";
    fs::write(&path, kubeconfig).expect("it can be written");
    let output = audit_live(&Saved::new(), &path);
    assert_refused(&output, 3, &["the cluster cannot be read", "cannot be reached"]);
    let nowhere = audit_live(&Saved::new(), &folder.path().join("nowhere"));
    assert_refused(&nowhere, 2, &["nowhere", "cannot be used"]);
}

/// Why files were not read, by their names.
fn not_read(output: &Output) -> Vec<(String, String)> {
    let found = document(output);
    let all = found["notRead"].as_array().expect("a list").clone();
    let name =
        |file: &Json| file.as_str().unwrap_or_default().rsplit('/').next().map(str::to_owned);
    all.iter().map(|one| (name(&one["file"]).unwrap_or_default(), one["why"].to_string())).collect()
}

#[test]
fn what_is_no_file_is_named_in_folders_and_links_that_hide_nothing_are_not() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let elsewhere = tempfile::tempdir().expect("a folder can be made");
    let good = fs::read("tests/data/audit/deploy/careful.json").expect("it is there");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("careful.json"), &good).expect("it can be written");
    fs::write(elsewhere.path().join("other.json"), &good).expect("it can be written");
    fs::create_dir(path("in")).expect("it can be made");
    fs::write(path("in/latin.yaml"), b"a: b\nc: caf\xe9\n").expect("it can be written");
    let link = |to: &Path, name: &str| symlink(to, path(name)).expect("a link can be made");
    link(&elsewhere.path().join("other.json"), "other.json");
    link(elsewhere.path(), "folder");
    link(Path::new("nothing.yaml"), "dangling.yaml");
    link(Path::new("round.yaml"), "round.yaml");
    // What these lead to is read by itself, or by nobody.
    link(Path::new("careful.json"), "again.json");
    link(Path::new("in"), "within");
    link(Path::new("/dev/null"), "notes.txt");
    let made = Command::new("mkfifo").arg(path("pipe.yaml")).status().expect("mkfifo runs");
    assert!(made.success());
    let _socket = UnixListener::bind(path("socket.yaml")).expect("a socket can be made");
    let shown = folder.path().display().to_string();
    let output = audit(&Saved::new(), &[&shown, "--output", "json"], b"");
    let mut all = not_read(&output);
    all.sort();
    let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "dangling.yaml",
        "folder",
        "latin.yaml",
        "other.json",
        "pipe.yaml",
        "round.yaml",
        "socket.yaml",
    ];
    assert_eq!(names, expected, "{all:#?}");
    for (at, words) in [
        (0, "a link to nothing.yaml, which does not exist"),
        (1, "name the folder itself"),
        (2, "iconv -f latin1"),
        (3, "name the file itself"),
        (4, "a FIFO"),
        (5, "a link that cannot be followed"),
        (6, "a socket"),
    ] {
        assert!(all[at].1.contains(words), "{words}: {all:#?}");
    }
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_fifo_that_is_named_is_read_as_shells_make_them() {
    let saved = Saved::new();
    let line = format!(
        "{} audit --pull never -f <(cat deploy/careful.json) {} --output json",
        env!("CARGO_BIN_EXE_gidcheck"),
        "<(cat deploy/web.yaml)"
    );
    let output = Command::new("bash")
        .args(["-c", &line])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/audit"))
        .output()
        .expect("bash runs");
    assert_eq!(document(&output)["pods"], 2, "{}", shown(&output));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let _socket = UnixListener::bind(path("socket.yaml")).expect("a socket can be made");
    symlink("nothing.yaml", path("dangling.yaml")).expect("a link can be made");
    assert_refused(&audit(&saved, &[&path("socket.yaml")], b""), 2, &["it is a socket"]);
    let words = ["dangling.yaml", "a link to nothing.yaml, which does not exist"];
    assert_refused(&audit(&saved, &[&path("dangling.yaml")], b""), 2, &words);
}

#[test]
fn what_cluster_info_dump_prints_is_read_with_its_logs() {
    let saved = Saved::new();
    let pods = |name: &str, filler: usize| {
        let items: Vec<_> = (0..6)
            .map(|at| {
                let filler = "x".repeat(filler);
                json!({"metadata": {"name": format!("{name}{at}"), "annotations": {"a": filler}},
                    "spec": {"containers": [{"name": "one", "image": "example.test/web:1"}]}})
            })
            .collect();
        let list = json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items});
        format!("{list:#}\n")
    };
    let logs = "==== START logs for container one of pod default/p0 ====\n\
        {\"no\": json\n==== END logs for container two of pod default/p0 ====\n\
        ==== END logs for container one of pod default/p0 ====\n";
    // What is larger than manifests are is read as a stream.
    for filler in [0, 900_000] {
        let dump = format!("{}{logs}{}", pods("a", filler), pods("b", 0));
        let output = audit(&saved, &["-", "--output", "json"], dump.as_bytes());
        assert_eq!(document(&output)["pods"], 12, "{}", shown(&output));
        let cut = format!("{}{}", pods("a", filler), &logs[..logs.len() - 20]);
        assert_refused(&audit(&saved, &["-"], cut.as_bytes()), 2, &["logs that begin here"]);
    }
    let other = format!("{}==== logs ====\n", pods("a", 0));
    assert_refused(&audit(&saved, &["-"], other.as_bytes()), 2, &["<stdin>:"]);
}

#[test]
fn patches_in_folders_are_no_workloads() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, spec: &str| {
        let patch = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {spec}\n"
        );
        fs::write(folder.path().join(name), patch).expect("it can be written");
    };
    write("replicas.yaml", "{replicas: 3}");
    write(
        "policy.yaml",
        "{template: {spec: {securityContext: {supplementalGroupsPolicy: Strict}}}}",
    );
    write(
        "image.yaml",
        "{template: {spec: {containers: [{name: web, image: \"example.test/web:2\"}]}}}",
    );
    let path = folder.path().display().to_string();
    let output = audit(&Saved::new(), &[&path, "--output", "json"], b"");
    let found = document(&output);
    assert_eq!((&found["pods"], &found["passedOver"]), (&json!(1), &json!(2)), "{found}");
    let text = found["findings"][0]["text"].to_string();
    assert!(text.contains("if this is a patch, give what `kubectl kustomize` makes"), "{text}");
}

#[test]
fn nodes_in_folders_are_the_nodes_of_the_cluster() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let node = json!({"metadata": {"name": "old"}, "status": {"nodeInfo": {
        "kubeletVersion": "v1.33.2", "containerRuntimeVersion": "containerd://1.7.24"}}});
    let list = json!({"apiVersion": "v1", "kind": "NodeList", "items": [node]});
    fs::write(folder.path().join("nodes.json"), list.to_string()).expect("it can be written");
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": {
        "securityContext": {"supplementalGroupsPolicy": "Strict"},
        "containers": [{"name": "one", "image": "example.test/web:1"}]}});
    fs::write(folder.path().join("pod.json"), pod.to_string()).expect("it can be written");
    let path = folder.path().display().to_string();
    let found = document(&audit(&Saved::new(), &[&path, "--output", "json"], b""));
    assert_eq!(found["findings"][0]["rule"], "strict-rejected", "{found}");
}

#[test]
fn an_item_of_a_list_that_is_no_object_is_named_also_in_large_texts() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "one", "annotations": {"a": "x".repeat(5 * 1024 * 1024)}},
        "spec": {"containers": [{"name": "one", "image": "example.test/web:1"}]}});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [null, 5, pod]}).to_string();
    // The same as YAML.
    for text in [list.clone(), format!("---\n{list}")] {
        let output = audit(&Saved::new(), &["-", "--output", "json"], text.as_bytes());
        let whys = not_read(&output).into_iter().map(|(_, why)| why).collect::<Vec<_>>();
        assert_eq!(whys.len(), 2, "{whys:?}");
        assert!(whys[0].contains("null is no object") && whys[1].contains("5 is no object"));
    }
}

#[test]
fn a_large_text_is_read_as_a_small_one_is() {
    let saved = Saved::new();
    let pod = |name: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  \
             securityContext: {{runAsUser: 1000, runAsGroup: 0100}}\n  containers:\n  - name: one\n    \
             image: example.test/web:1\n"
        )
    };
    let filler = format!("# {}\n", "x".repeat(5 * 1024 * 1024));
    let small = document(&audit(&saved, &["-", "--output", "json"], pod("a").as_bytes()));
    let text = filler + &pod("a");
    let large = document(&audit(&saved, &["-", "--output", "json"], text.as_bytes()));
    assert_eq!(large["findings"][0]["groups"], small["findings"][0]["groups"]);
    assert_eq!(large["findings"][0]["line"], 3);
    let broken = text + "---\na:\n\tb: c\n";
    let words = ["standard input:14:2: this is not valid YAML: a tab indents this line"];
    assert_refused(&audit(&saved, &["-"], broken.as_bytes()), 2, &words);
}
