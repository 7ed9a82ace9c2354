//! Images straight from a registry: from hostile ones, and from a real one, that of Debian's
//! package `docker-registry`.
//!
//! Where it is not on the PATH, `GIDCHECK_REQUIRE_REGISTRY=1` makes that a failure; otherwise
//! every trial with the real one is ignored, and its name says why.

mod hostile;
mod server;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use oci_client::client::Config;
use serde_json::{Value as Json, json};
use server::{PASSWORD, Registry, USER, gzip, layer};

type Test = (&'static str, fn() -> Result<(), Failed>);

const TESTS: &[Test] = &[
    ("an_image_is_pulled_and_its_layers_are_named", an_image_is_pulled_and_its_layers_are_named),
    ("credentials_are_those_of_the_docker_configuration", credentials_are_those_of_docker),
    ("without_credentials_it_says_how_to_log_in", without_credentials_it_says_how_to_log_in),
    ("an_image_that_is_not_there_is_named", an_image_that_is_not_there_is_named),
    ("of_an_index_the_image_for_this_machine_is_taken", of_an_index_one_image_is_taken),
    ("what_is_no_image_for_linux_is_refused", what_is_no_image_for_linux_is_refused),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let is_there = Registry::is_installed();
    if !is_there && std::env::var("GIDCHECK_REQUIRE_REGISTRY").is_ok_and(|it| it == "1") {
        eprintln!("GIDCHECK_REQUIRE_REGISTRY is set, and there is no docker-registry on the PATH");
        return ExitCode::FAILURE;
    }
    let trials = TESTS.iter().map(|(name, test)| {
        if is_there {
            Trial::test(*name, *test)
        } else {
            let name = format!("{name} (there is no docker-registry on the PATH)");
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
    });
    let hostile = hostile::TESTS.iter().map(|(name, test)| Trial::test(*name, *test));
    libtest_mimic::run(&arguments, trials.chain(hostile).collect()).exit_code()
}

const PASSWD: &str = "root:x:0:0::/:/bin/sh\nweb:x:1000:1000::/:/bin/sh\n";

/// The config of an image with two layers, by the architecture and system that it is for.
fn config(architecture: &str, os: &str) -> Config {
    let config = json!({
        "architecture": architecture, "os": os, "config": {"User": "web"},
        "rootfs": {"type": "layers", "diff_ids": []},
        "history": [{"created_by": "ADD base"}, {"created_by": "RUN usermod -aG staff web"}],
    });
    Config::oci_v1(config.to_string(), None)
}

/// The layers of an image in which `web` is in a group of this number.
fn layers(gid: u32) -> Vec<Vec<u8>> {
    let group = format!("web:x:1000:\nstaff:x:{gid}:web\n");
    vec![
        gzip(&layer(&[("etc/passwd", PASSWD), ("etc/group", "web:x:1000:\n")])),
        gzip(&layer(&[("etc/group", &group)])),
    ]
}

fn pod_named(name: &str, image: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("pod-{name}")},
        "spec": {"containers": [{"name": "one", "image": image}]},
    })
    .to_string()
}

/// The program, with the docker configuration of a folder.
fn command(arguments: &[&str], docker: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gidcheck"));
    command
        .args(arguments)
        .env("DOCKER_CONFIG", docker)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn gidcheck(arguments: &[&str], docker: &Path, input: &str) -> Output {
    output(command(arguments, docker), input)
}

fn output(mut command: Command, input: &str) -> Output {
    let mut child = command.spawn().expect("the program was built with this test");
    let mut stdin = child.stdin.take().expect("the input is a pipe");
    stdin.write_all(input.as_bytes()).expect("the program reads its input");
    drop(stdin);
    child.wait_with_output().expect("the program ends by itself")
}

/// Explains a pod of an image, with the docker configuration of a folder.
fn explain(image: &str, docker: &Path) -> Output {
    explain_with(image, docker, &[])
}

fn explain_with(image: &str, docker: &Path, options: &[&str]) -> Output {
    let arguments = [&["explain", "-", "--output", "json"], options].concat();
    gidcheck(&arguments, docker, &pod_named("one", image))
}

/// The container of an explanation, with Merge.
fn container(output: &Output) -> Result<Json, Failed> {
    let document: Json = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok(document["pods"][0]["merge"]["containers"][0].clone())
}

fn groups(container: &Json) -> Vec<u64> {
    let groups = container["identity"]["groups"].as_array().into_iter().flatten();
    groups.filter_map(|group| group["id"].as_u64()).collect()
}

fn an_image_is_pulled_and_its_layers_are_named() -> Result<(), Failed> {
    let registry = Registry::start(None)?;
    let layers = layers(50_000);
    registry.push("team/web:1", config("amd64", "linux"), &layers)?;
    let output = explain(&registry.reference("team/web:1"), registry.folder());
    let container = container(&output)?;
    assert_eq!(groups(&container), [1000, 50_000]);
    let origin = &container["identity"]["groups"][1]["origins"][0];
    assert_eq!(origin["layer"]["digest"], server::digest(&layers[1]));
    assert_eq!(origin["layer"]["createdBy"], "RUN usermod -aG staff web");
    assert_eq!(container["knownImage"]["archive"], Json::Null);
    Ok(())
}

fn credentials_are_those_of_docker() -> Result<(), Failed> {
    let registry = Registry::start(Some((USER, PASSWORD)))?;
    registry.push("team/web:1", config("amd64", "linux"), &layers(50_000))?;
    let docker = tempfile::tempdir()?;
    let auth = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("{USER}:{PASSWORD}"),
    );
    let auths = json!({"auths": {registry.address(): {"auth": auth}}});
    fs::write(docker.path().join("config.json"), auths.to_string())?;
    let output = explain(&registry.reference("team/web:1"), docker.path());
    assert_eq!(groups(&container(&output)?), [1000, 50_000]);
    Ok(())
}

/// What is not had ends with exit code 3, these words, and no half of a report.
fn assert_not_had(output: &Output, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(output.stdout.is_empty());
    for word in words {
        assert!(text.contains(word), "{word:?} is missing in: {text}");
    }
}

fn without_credentials_it_says_how_to_log_in() -> Result<(), Failed> {
    let registry = Registry::start(Some((USER, PASSWORD)))?;
    let docker = tempfile::tempdir()?;
    let image = registry.reference("team/web:1");
    let log_in = format!("docker login {}", registry.address());
    assert_not_had(&explain(&image, docker.path()), &[&image, &log_in]);
    Ok(())
}

fn an_image_that_is_not_there_is_named() -> Result<(), Failed> {
    let registry = Registry::start(None)?;
    registry.push("team/web:1", config("amd64", "linux"), &layers(50_000))?;
    for name in ["team/web:2", "team/other:1"] {
        let image = registry.reference(name);
        let output = explain(&image, registry.folder());
        assert_not_had(&output, &[&image, "has no such image"]);
    }
    Ok(())
}

fn of_an_index_one_image_is_taken() -> Result<(), Failed> {
    let registry = Registry::start(None)?;
    let here = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let other = if here == "arm64" { "amd64" } else { "arm64" };
    registry.push("team/web:other", config(other, "linux"), &layers(1))?;
    registry.push("team/web:here", config(here, "linux"), &layers(50_000))?;
    let entries = [("team/web:other", other), ("team/web:here", here)];
    registry.push_index("team/web:all", &entries)?;
    let output = explain(&registry.reference("team/web:all"), registry.folder());
    assert_eq!(groups(&container(&output)?), [1000, 50_000]);
    Ok(())
}

fn what_is_no_image_for_linux_is_refused() -> Result<(), Failed> {
    let registry = Registry::start(None)?;
    registry.push("team/web:1", config("amd64", "windows"), &layers(50_000))?;
    let output = explain(&registry.reference("team/web:1"), registry.folder());
    assert_not_had(&output, &["windows", "linux"]);
    Ok(())
}
