//! What `gidcheck explain` says of manifests and their images, and of input that is none.

mod program;
mod saved;

use std::fs;
use std::process::Output;

use program::{assert_refused, shown};
use saved::{GROUPS, Saved};
use serde_json::{Value as Json, json};

fn gidcheck(arguments: &[&str], input: &[u8]) -> Output {
    program::gidcheck("explain", &[&["explain"], arguments].concat(), input)
}

/// Explains with `web.tar` at hand and no registry.
fn explain(saved: &Saved, arguments: &[&str], input: &[u8]) -> Output {
    let archive = saved.path("web.tar").display().to_string();
    let all = [&["--pull", "never", "--image-archive", &archive], arguments].concat();
    gidcheck(&all, input)
}

fn assert_snapshot(name: &str, arguments: &[&str]) {
    let saved = Saved::new();
    let text = saved.without_place(&shown(&explain(&saved, arguments, b"")));
    program::assert_snapshot(&format!("explain-{name}"), &text);
}

/// A pod of `example.test/web:1` with a security context.
fn pod(security: &Json) -> Vec<u8> {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"},
        "spec": {
            "securityContext": security,
            "containers": [{"name": "one", "image": "example.test/web:1"}],
        },
    });
    pod.to_string().into_bytes()
}

fn strict() -> Vec<u8> {
    pod(&json!({"runAsUser": 1000, "supplementalGroupsPolicy": "Strict"}))
}

/// The rules that an explanation warns of, as JSON has them.
fn rules(output: &Output) -> Vec<String> {
    let document: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["schema"], "gidcheck.dev/explanation/v1");
    let pods = document["pods"].as_array().expect("pods");
    let warnings = pods.iter().flat_map(|pod| pod["warnings"].as_array().expect("warnings"));
    warnings.map(|warning| warning["rule"].as_str().expect("a rule").to_owned()).collect()
}

#[test]
fn every_id_has_its_origin_with_merge_and_with_strict() {
    assert_snapshot("web", &["web.yaml"]);
}

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
fn a_runtime_that_cannot_do_it_makes_kubelets_reject_strict() {
    assert_snapshot("rejected", &["web.yaml", "--runtime", "containerd-1.7"]);
}

#[test]
fn the_document_has_the_same_for_programs() {
    assert_snapshot("json", &["careful.yaml", "--output", "json"]);
}

#[test]
fn strict_is_dropped_by_an_api_server_that_does_not_know_it() {
    let saved = Saved::new();
    for setting in [
        &["--kubernetes", "1.30"][..],
        &["--kubernetes", "1.32"],
        &["--kubernetes", "1.34", "--feature-gate", "SupplementalGroupsPolicy=false"],
    ] {
        let output = explain(&saved, &[&["-", "--output", "json"], setting].concat(), &strict());
        assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
        assert!(rules(&output).contains(&"strict-dropped".to_owned()), "{setting:?}");
    }
}

#[test]
fn strict_is_ignored_where_an_alpha_kubelet_meets_an_old_runtime() {
    let setting = ["--kubernetes", "1.32", "--feature-gate", "SupplementalGroupsPolicy=true"];
    let runtime = ["--runtime", "containerd-1.7", "-", "--output", "json"];
    let output = explain(&Saved::new(), &[setting.as_slice(), &runtime].concat(), &strict());
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(rules(&output).contains(&"strict-ignored".to_owned()));
}

#[test]
fn a_group_without_a_user_is_named_also_where_it_runs() {
    let saved = Saved::new();
    let pod = pod(&json!({"runAsGroup": 3000}));
    let refused = explain(&saved, &["-", "--output", "json"], &pod);
    assert_eq!(refused.status.code(), Some(1));
    assert!(rules(&refused).contains(&"group-without-user".to_owned()));
    let runs = explain(&saved, &["-", "--output", "json", "--runtime", "cri-o-1.31"], &pod);
    assert_eq!(runs.status.code(), Some(0), "{}", shown(&runs));
    assert!(rules(&runs).contains(&"group-without-user".to_owned()));
}

#[test]
fn what_runtimes_make_differently_is_named() {
    // runc 1.1 takes a requested 4000 for the group of that name.
    let saved = Saved::new();
    saved.write("web.tar", "example.test/web:1", "amd64", "4000:x:60000:\n");
    let pod = pod(&json!({"runAsUser": 1000, "supplementalGroups": [4000]}));
    let output = explain(&saved, &["-"], &pod);
    let text = shown(&output);
    assert!(text.contains("containerd-1.7"), "{text}");
    assert!(text.contains("groups=1000,60000"), "{text}");
}

#[test]
fn a_misspelt_field_is_named() {
    let pod = pod(&json!({"runAsUser": 1000, "supplementalGroupPolicy": "Strict"}));
    let output = explain(&Saved::new(), &["-"], &pod);
    let text = shown(&output);
    assert!(text.contains("spec.securityContext.supplementalGroupPolicy"), "{text}");
}

#[test]
fn a_policy_that_does_not_exist_is_refused_by_the_api_server() {
    let pod = pod(&json!({"supplementalGroupsPolicy": "strict"}));
    let output = explain(&Saved::new(), &["-"], &pod);
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("Unsupported value: \"strict\""), "{text}");
}

#[test]
fn an_image_of_another_architecture_is_looked_at_and_named() {
    let saved = Saved::new();
    let other = if cfg!(target_arch = "aarch64") { "amd64" } else { "arm64" };
    saved.write("web.tar", "example.test/web:1", other, GROUPS);
    let output = explain(&saved, &["-", "--output", "json"], &strict());
    assert!(rules(&output).contains(&"other-architecture".to_owned()));
}

#[test]
fn an_image_goes_by_the_name_that_it_is_given() {
    let saved = Saved::new();
    saved.write("other.tar", "localhost/build:7", "amd64", GROUPS);
    let image = format!("example.test/web:1={}", saved.path("other.tar").display());
    let output = gidcheck(&["-", "--pull", "never", "--image", &image], &strict());
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

/// Who the first container is with Merge, as JSON has it.
fn first_groups(output: &Output) -> Vec<u64> {
    let document: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    let container = &document["pods"][0]["merge"]["containers"][0];
    let groups = container["identity"]["groups"].as_array().expect("groups");
    groups.iter().map(|group| group["id"].as_u64().expect("a number")).collect()
}

#[test]
fn every_container_is_explained_as_if_it_ran_an_image_of_ones_choice() {
    let saved = Saved::new();
    let other = String::from_utf8(strict()).expect("text").replace("example.test/web:1", "a/b:2");
    let json = ["-", "--image", "example.test/web:1", "--output", "json"];
    let output = explain(&saved, &json, other.as_bytes());
    assert_eq!(first_groups(&output), [1000, 50_000]);
    assert_eq!(rules(&output), ["stand-in", "implicit-primary-group"]);
    let text = shown(&explain(&saved, &json[..3], other.as_bytes()));
    assert!(text.contains("image a/b:2 (in its place, example.test/web:1 of "), "{text}");
    let twice = explain(&saved, &[&json[..3], &["--image", "x"]].concat(), other.as_bytes());
    assert_refused(&twice, 2, &["example.test/web:1", "x", "give one --image without =FILE"]);
    let unknown = explain(&saved, &["-", "--image", "c/d:3"], other.as_bytes());
    let text = shown(&unknown);
    assert!(text.contains("in its place, docker.io/c/d:3: the archives have"), "{text}");
}

#[test]
fn the_only_image_of_the_archives_is_taken_for_the_only_one_that_is_missing_and_named() {
    let saved = Saved::new();
    let pod = String::from_utf8(strict()).expect("text");
    let other = pod.replace("example.test/web:1", "example.test/web:2");
    let output = explain(&saved, &["-", "--output", "json"], other.as_bytes());
    assert_eq!(first_groups(&output), [1000, 50_000]);
    assert!(rules(&output).contains(&"stand-in".to_owned()));
    let text = shown(&explain(&saved, &["-"], other.as_bytes()));
    assert!(text.contains("(in its place, example.test/web:1 of "), "{text}");

    // With two of them nobody can tell.
    saved.write("more.tar", "example.test/more:1", "amd64", "more:x:7:web\n");
    let more = saved.path("more.tar").display().to_string();
    let both = ["-", "--image-archive", &more];
    let text = shown(&explain(&saved, &both, other.as_bytes()));
    assert!(text.contains("example.test/web:2 could not be looked at"), "{text}");
    assert!(text.contains("the archives have example.test/web:1, example.test/more:1"), "{text}");
    assert!(text.contains("--image NAME=FILE says which one it is"), "{text}");
    // What is named is not there to be taken.
    let named = explain(&saved, &[&both[..], &["--output", "json"]].concat(), pod.as_bytes());
    assert!(!rules(&named).contains(&"stand-in".to_owned()));
}

#[test]
fn a_name_that_means_two_images_is_refused_where_it_is_needed() {
    let saved = Saved::new();
    saved.write("again.tar", "example.test/web:1", "amd64", GROUPS);
    saved.write("other.tar", "example.test/web:1", "amd64", "other:x:7:web\n");
    let path = |file: &str| saved.path(file).display().to_string();
    let same = explain(&saved, &["-", "--image-archive", &path("again.tar")], &strict());
    assert_eq!(same.status.code(), Some(0), "{}", shown(&same));
    let other = ["-", "--image-archive", &path("other.tar")];
    let refused = explain(&saved, &other, &strict());
    let words = ["web.tar together with", "other.tar", "--image example.test/web:1=FILE"];
    assert_refused(&refused, 2, &words);
    let chosen = format!("example.test/web:1={}", path("other.tar"));
    let json = ["--image", &chosen, "--output", "json"];
    let decided = explain(&saved, &[&other[..], &json].concat(), &strict());
    assert_eq!(first_groups(&decided), [7, 1000]);
    let again = format!("example.test/web:1={}", path("web.tar"));
    let both = explain(&saved, &["-", "--image", &chosen, "--image", &again], &strict());
    assert_refused(&both, 2, &["other.tar and", "web.tar; give one --image for it"]);
    let elsewhere = String::from_utf8(strict()).expect("text").replace("web:1", "else:1");
    assert_eq!(explain(&saved, &other, elsewhere.as_bytes()).status.code(), Some(0));
}

#[test]
fn a_reference_may_be_written_as_short_or_as_long_as_runtimes_allow() {
    let saved = Saved::new();
    saved.write("hub.tar", "nginx:latest", "amd64", GROUPS);
    let hub = saved.path("hub.tar").display().to_string();
    for name in
        ["nginx", "docker.io/nginx", "index.docker.io/library/nginx", "library/nginx:latest"]
    {
        let pod = String::from_utf8(strict()).expect("text").replace("example.test/web:1", name);
        let arguments = ["-", "--pull", "never", "--image-archive", &hub, "--output", "json"];
        let output = gidcheck(&arguments, pod.as_bytes());
        assert_eq!(rules(&output), ["implicit-primary-group"], "{name}");
    }
}

#[test]
fn the_image_of_the_published_manifests_is_built_in() {
    let agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.45";
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "implicit-groups"},
        "spec": {
            "securityContext":
                {"runAsUser": 1000, "runAsGroup": 3000, "supplementalGroups": [4000]},
            "containers": [{"name": "ctr", "image": agnhost}],
        },
    });
    let pod = pod.to_string();
    let output = gidcheck(&["-", "--output", "json"], pod.as_bytes());
    assert_eq!(first_groups(&output), [3000, 4000, 50_000]);
    let text = shown(&gidcheck(&["-"], pod.as_bytes()));
    assert!(text.contains("agnhost:2.45 (built into gidcheck)"), "{text}");
    // An archive of that name goes before it.
    let saved = Saved::new();
    saved.write("agnhost.tar", agnhost, "amd64", "mine:x:7:web\n");
    let archive = saved.path("agnhost.tar").display().to_string();
    let text = shown(&gidcheck(&["-", "--image-archive", &archive], pod.as_bytes()));
    assert!(text.contains("agnhost.tar)") && !text.contains("built into"), "{text}");
}

#[test]
fn an_image_that_is_not_known_is_said_to_be_so() {
    let output = gidcheck(&["-", "--pull", "never", "--output", "json"], &strict());
    assert_eq!(rules(&output), ["unknown-image"]);
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
fn broken_archives_are_refused_with_their_names() {
    let saved = Saved::new();
    let whole = fs::read(saved.path("web.tar")).expect("it was written");
    fs::write(saved.path("cut.tar"), &whole[..1500]).expect("the folder can be written");
    fs::write(saved.path("text.tar"), "no archive").expect("the folder can be written");
    fs::write(saved.path("junk.tar"), b"\x1b[31m\xff".repeat(512)).expect("it can be written");
    fs::write(saved.path("empty.tar"), "").expect("it can be written");
    fs::write(saved.path("cut.tar.gz"), [0x1f, 0x8b, 8, 0]).expect("it can be written");
    let expected = "give an OCI image layout, or what `docker save` writes";
    for (file, words) in [
        ("cut.tar", "ends in the middle of a file"),
        ("cut.tar.gz", "ends in the middle of a file"),
        ("text.tar", expected),
        ("junk.tar", expected),
        ("empty.tar", "the file is empty"),
        ("missing.tar", "No such file"),
    ] {
        let path = saved.path(file).display().to_string();
        let output = explain(&saved, &["-", "--image-archive", &path], &strict());
        assert_refused(&output, 2, &[file, words]);
        assert!(!shown(&output).contains('\u{1b}'), "{file}");
    }
}

#[test]
fn of_a_user_file_that_is_a_fifo_nothing_is_made_up() {
    let saved = Saved::new();
    let mut layer = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Fifo);
    header.set_size(0);
    layer.append_data(&mut header, "etc/group", &b""[..]).expect("memory can be written");
    let layer = layer.into_inner().expect("memory can be written");
    let manifest = json!([{
        "Config": "config.json", "RepoTags": ["example.test/web:1"], "Layers": ["layer.tar"],
    }]);
    saved.write_archive(
        "fifo.tar",
        &[
            ("manifest.json", manifest.to_string().as_bytes()),
            ("config.json", b"{}"),
            ("layer.tar", &layer),
        ],
    );
    let archive = saved.path("fifo.tar").display().to_string();
    let output = gidcheck(&["-", "--image-archive", &archive, "--output", "json"], &strict());
    assert_eq!(rules(&output), ["unknown-image"]);
    let text = shown(&gidcheck(&["-", "--image-archive", &archive], &strict()));
    assert!(text.contains("its /etc/group is a FIFO"), "{text}");
}

#[test]
fn an_archive_may_come_through_a_pipe() {
    let saved = Saved::new();
    let archive = fs::read(saved.path("web.tar")).expect("it was written");
    let pod = saved.path("pod.json");
    fs::write(&pod, strict()).expect("the folder can be written");
    let pod = pod.display().to_string();
    let arguments = [&pod, "--pull", "never", "--image-archive", "/dev/stdin", "--output", "json"];
    assert_eq!(first_groups(&gidcheck(&arguments, &archive)), [1000, 50_000]);
}

#[test]
fn a_registry_that_cannot_be_reached_is_named_with_what_to_do() {
    let pod = String::from_utf8(strict()).expect("text");
    // Nothing listens on the discard port of this machine.
    let pod = pod.replace("example.test/web:1", "127.0.0.1:9/web:1");
    let output = gidcheck(&["-"], pod.as_bytes());
    assert_refused(&output, 3, &["127.0.0.1:9/web:1", "--image-archive", "--pull never"]);
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

#[test]
fn a_policy_in_the_wrong_place_of_a_workload_is_named() {
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "securityContext": {"supplementalGroupsPolicy": "Strict"},
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "example.test/web:1"}]},
            },
        },
    });
    let text = shown(&explain(&Saved::new(), &["-"], deployment.to_string().as_bytes()));
    assert!(text.contains("unknown field \"spec.securityContext\""), "{text}");
}

#[test]
fn strict_is_not_called_a_remedy_where_it_is_none() {
    let pod = pod(&json!({"runAsUser": 1000, "runAsGroup": 3000}));
    let here =
        |arguments: &[&str]| shown(&explain(&Saved::new(), &[&["-"], arguments].concat(), &pod));
    let remedy = "in this cluster Strict would not keep them out";
    let old = here(&["--kubernetes", "1.30"]);
    assert!(old.contains(remedy), "{old}");
    assert!(!old.contains("unknown field"), "{old}");
    assert!(!here(&[]).contains(remedy));
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

/// What makes pods of a spec, whose labels it selects.
fn workload(kind: &str, selector: &Json, spec: &Json) -> Vec<u8> {
    let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": spec});
    let mut object = json!({
        "apiVersion": version, "kind": kind, "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": template},
    });
    if !selector.is_null() {
        object["spec"]["selector"] = json!({"matchLabels": selector});
    }
    object.to_string().into_bytes()
}

#[test]
fn a_workload_that_the_api_server_refuses_is_refused_in_its_words() {
    let saved = Saved::new();
    let spec = json!({"containers": [{"name": "one", "image": "example.test/web:1"}]});
    let once = json!({"restartPolicy": "Never", "containers": spec["containers"]});
    let (own, other) = (json!({"app": "web"}), json!({"app": "other"}));
    for (text, words) in [
        (workload("Job", &Json::Null, &spec), "spec.template.spec.restartPolicy: Required value"),
        (workload("Deployment", &other, &spec), "`selector` does not match template `labels`"),
        (workload("Deployment", &Json::Null, &spec), "spec.selector: Required value"),
        (workload("DaemonSet", &own, &once), "Unsupported value: \"Never\""),
        (workload("Deployment", &own, &json!({})), "spec.template.spec.containers: Required value"),
        (b"{apiVersion: v1, kind: Pod, metadata: {name: p}}".to_vec(), "spec.containers: Required"),
        (
            b"{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}}".to_vec(),
            "spec.schedule: Required value",
        ),
    ] {
        let output = explain(&saved, &["-"], &text);
        let said = shown(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("the API server refuses it") && said.contains(words), "{said}");
        assert_eq!(said.matches("the API server refuses it").count(), 1, "{said}");
        let output = explain(&saved, &["-", "--output", "json"], &text);
        assert_eq!(rules(&output), ["refused"]);
    }
    let generated = String::from_utf8(workload("Job", &Json::Null, &once)).expect("text");
    let generated = generated.replace("\"name\":\"web\"", "\"generateName\":\"web-\"");
    for sound in [
        workload("Job", &Json::Null, &once),
        workload("Deployment", &own, &spec),
        generated.into_bytes(),
    ] {
        let output = explain(&saved, &["-"], &sound);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    }
}

#[test]
fn a_version_that_a_kind_does_not_have_is_refused_and_kinds_of_others_are_taken() {
    let saved = Saved::new();
    let spec = json!({"containers": [{"name": "one", "image": "example.test/web:1"}]});
    let text = String::from_utf8(workload("Deployment", &json!({"app": "web"}), &spec));
    let text = text.expect("text");
    let old = text.replace("apps/v1", "apps/v1beta1");
    let said = shown(&explain(&saved, &["-"], old.as_bytes()));
    assert!(
        said.contains("no matches for kind \"Deployment\" in version \"apps/v1beta1\""),
        "{said}"
    );
    let foreign = text.replace("apps/v1", "example.test/v1");
    let output = explain(&saved, &["-"], foreign.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    let without = text.replace("\"apiVersion\":\"apps/v1\",", "");
    assert_refused(&explain(&saved, &["-"], without.as_bytes()), 2, &["it has no apiVersion"]);
}

#[test]
fn what_a_cluster_has_was_taken_by_its_api_server() {
    let spec = json!({"restartPolicy": "Never", "containers": [{"name": "one", "image": "example.test/web:1"}]});
    let text = String::from_utf8(workload("Job", &json!({"controller-uid": "u"}), &spec));
    let text = text.expect("text");
    let from_cluster = text.replace("\"name\":\"web\",", "\"name\":\"web\",\"uid\":\"u\",");
    assert_ne!(from_cluster, text);
    let output = explain(&Saved::new(), &["-"], from_cluster.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

#[test]
fn a_word_that_is_no_policy_is_shown_as_it_is_written() {
    let saved = Saved::new();
    let off = ["--kubernetes", "1.34", "--feature-gate", "SupplementalGroupsPolicy=false"];
    for (word, shown_as) in [(json!("Loose"), "\"Loose\""), (json!(""), "\"\""), (json!(5), "5")] {
        let pod = pod(&json!({"runAsUser": 1000, "supplementalGroupsPolicy": word}));
        let output = explain(&saved, &["-"], &pod);
        let said = shown(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let asks = format!("asks for {shown_as}, which is no policy");
        assert!(said.contains(&asks) && said.contains("the API server refuses it"), "{said}");
        if word.is_string() {
            let dropped = explain(&saved, &[&["-", "--output", "json"], &off[..]].concat(), &pod);
            assert!(rules(&dropped).contains(&"unknown-policy".to_owned()), "{}", shown(&dropped));
        }
    }
}

#[test]
fn a_group_of_a_container_for_which_nobody_names_a_user_is_roots() {
    let saved = Saved::new();
    saved.write_with_user("plain.tar", "example.test/plain:1", "amd64", GROUPS, "");
    let archive = saved.path("plain.tar").display().to_string();
    let container = |image: &str, security: &Json| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": {
            "containers": [{"name": "one", "image": image, "securityContext": security}]}})
        .to_string()
        .into_bytes()
    };
    let said = |image: &str, security: &Json| {
        let arguments = ["-", "--output", "json", "--image-archive", &archive];
        rules(&explain(&saved, &arguments, &container(image, security)))
    };
    let group = json!({"runAsGroup": 3000});
    let rule = "root-with-group".to_owned();
    assert!(said("example.test/plain:1", &group).contains(&rule));
    assert!(!said("example.test/web:1", &group).contains(&rule));
    let both = json!({"runAsUser": 0, "runAsGroup": 3000});
    assert!(!said("example.test/plain:1", &both).contains(&rule));
}

#[test]
fn an_id_has_one_row_with_everything_that_names_it() {
    let security = json!({"runAsUser": 1000, "supplementalGroups": [50000, 1000, 50000]});
    let said = shown(&explain(&Saved::new(), &["-"], &pod(&security)));
    let row = |id: &str| {
        let of_id: Vec<_> = said.lines().filter(|line| line.contains(&format!(" {id} "))).collect();
        assert_eq!(of_id.len(), 1, "{said}");
        of_id[0].to_owned()
    };
    let staff = row("50000");
    assert!(staff.contains("yes    yes"), "{staff}");
    for origin in ["/etc/group line 4", "supplementalGroups[0]", "supplementalGroups[2]"] {
        assert!(staff.contains(origin), "{origin}: {staff}");
    }
    assert!(!staff.contains("not in the manifest"), "{staff}");
    let gid: Vec<_> = said.lines().filter(|line| line.trim_start().starts_with("gid ")).collect();
    assert!(gid.len() == 1 && gid[0].contains("supplementalGroups[1]"), "{said}");
    assert!(!said.contains(" group   1000"), "{said}");
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

/// Nothing is invented for pods for Windows, to which a policy is forbidden.
#[test]
fn pods_for_windows_are_passed_over() {
    let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: win}\n\
        spec: {os: {name: windows}, containers: [{name: c, image: example.test/web:1}]}\n";
    let output = explain(&Saved::new(), &["-"], manifest.as_bytes());
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("passed over: 1 object without pods, or with pods for Windows"),
        "{text}"
    );
}

#[test]
fn the_architecture_of_the_nodes_can_be_said() {
    let saved = Saved::new();
    let output = explain(&saved, &["web.yaml", "--architecture", "s390x"], b"");
    assert!(shown(&output).contains("[other-architecture]"), "{}", shown(&output));
}

/// The config of an image says what its layers unpack to, also where their names do not.
#[test]
fn a_layer_that_is_not_what_its_image_says_is_refused() {
    let saved = Saved::new();
    let path = saved.path("web.tar");
    let mut archive = fs::read(&path).expect("it was written");
    let (text, other) = (b"staff:x:50000:web", b"staff:x:50001:web");
    let at = archive.windows(text.len()).rposition(|window| window == text).expect("it is there");
    archive[at..at + text.len()].copy_from_slice(other);
    fs::write(&path, archive).expect("it can be written");
    let output = explain(&saved, &["web.yaml"], b"");
    assert_refused(&output, 2, &["web.tar", "staff.tar", "another content"]);
}

/// A volume of this name whose annotation demands a group, bound to a claim.
fn volume(name: &str, group: &str, claim: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolume\n\
         metadata: {{name: {name}, annotations: {{pv.beta.kubernetes.io/gid: '{group}'}}}}\n\
         spec: {{claimRef: {{namespace: default, name: {claim}}}}}\n---\n"
    )
}

/// A kubelet adds them to every container, whatever the policy (behaviour.md §5).
#[test]
fn groups_that_volumes_demand_are_told_with_their_claims() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: office}\nspec:\n  \
        securityContext: {runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000], \
        supplementalGroupsPolicy: Strict}\n  \
        volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]\n  \
        containers: [{name: web, image: 'example.test/web:1'}]\n";
    let manifests = volume("one", "1234", "data") + pod;
    let output = explain(&Saved::new(), &["-", "--output", "json"], manifests.as_bytes());
    let document: Json = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    for policy in ["merge", "strict"] {
        let groups = &document["pods"][0][policy]["containers"][0]["identity"]["groups"];
        let all = groups.as_array().expect("groups");
        let of_volume = all.iter().find(|group| group["id"] == 1234);
        let origins = of_volume.map(|group| &group["origins"]);
        assert_eq!(origins, Some(&json!([{"kind": "volume", "claim": "data"}])), "{groups}");
    }
    assert_eq!(document["pods"][0]["warnings"][0]["rule"], "volume-groups");
    // What is written, is no number, or is of another claim, adds nothing.
    for other in [
        volume("one", "4000", "data"),
        volume("one", "many", "data"),
        volume("one", "1234", "other"),
    ] {
        let text = shown(&explain(&Saved::new(), &["-"], (other + pod).as_bytes()));
        assert!(text.contains("0 errors, 0 warnings"), "{text}");
    }
}

#[test]
fn claims_of_stateful_sets_are_found_by_their_names() {
    let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  \
        serviceName: db\n  selector: {matchLabels: {app: db}}\n  \
        volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], \
        resources: {requests: {storage: 1Gi}}}}]\n  \
        template:\n    metadata: {labels: {app: db}}\n    spec:\n      \
        securityContext: {runAsUser: 1000, runAsGroup: 3000, supplementalGroupsPolicy: Strict}\n      \
        containers: [{name: web, image: 'example.test/web:1'}]\n";
    for (claim, is_its) in [("data-db-0", true), ("data-db-12", true), ("data-dbx-0", false)] {
        let manifests = volume("one", "1234", claim) + set;
        let text = shown(&explain(&Saved::new(), &["-"], manifests.as_bytes()));
        assert_eq!(text.contains("[volume-groups]"), is_its, "{claim}: {text}");
    }
}
