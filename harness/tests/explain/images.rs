//! Images: where they are found, by which names, and what is wrong with them.

use std::fs;
use std::process::Output;

use serde_json::{Value as Json, json};

use crate::program::{assert_refused, shown};
use crate::saved::{GROUPS, Saved};
use crate::{explain, gidcheck, rules, strict};

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
