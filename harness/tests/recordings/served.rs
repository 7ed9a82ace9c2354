//! A fake runtime behind a socket, recorded by the program as a real one is.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

type TestResult = Result<(), Box<dyn Error>>;

fn gidcheck(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gidcheck"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1");
    command
}

/// A served fake runtime, ended when it is dropped.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves a profile, with the images of all archives in the folder `images`.
fn serve(folder: &Path, profile: &str) -> Result<Served, Box<dyn Error>> {
    let mut command = gidcheck(folder, &["fake-cri", "--profile", profile]);
    command.arg("--listen").arg(format!("unix://{}", folder.join("socket").display()));
    for archive in fs::read_dir(folder.join("images"))? {
        command.arg("--image-archive").arg(archive?.path());
    }
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let out = child.stdout.take().ok_or("the output is piped")?;
    let served = Served(child);
    for line in BufReader::new(out).lines() {
        if line?.contains("listens on") {
            return Ok(served);
        }
    }
    Err("it ended before it listened".into())
}

fn shown(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}{}", text(&output.stdout), text(&output.stderr), output.status)
}

#[test]
fn recording_a_served_fake_gives_its_profiles_answers() -> TestResult {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let exported = gidcheck(folder, &["images", "export", "--recorded", "images"]).output()?;
    assert!(exported.status.success(), "{}", shown(&exported));
    for profile in ["containerd-2.1", "cri-o-1.37"] {
        let served = serve(folder, profile)?;
        let socket = format!("unix://{}", folder.join("socket").display());
        let arguments = ["--runtime-endpoint", &socket, "--image-prefix", "localhost"];
        let recorded =
            gidcheck(folder, &["record", "--out", "r.jsonl"]).args(arguments).output()?;
        assert!(recorded.status.success(), "{}", shown(&recorded));
        let replayed = gidcheck(folder, &["replay", "r.jsonl", "--profile", profile]).output()?;
        assert!(replayed.status.success(), "{}", shown(&replayed));
        assert!(shown(&replayed).contains("agree 376 of 376"), "{}", shown(&replayed));
        let again = gidcheck(folder, &["replay", "r.jsonl"]).args(arguments).output()?;
        assert!(again.status.success(), "{}", shown(&again));
        drop(served);
        fs::remove_file(folder.join("socket"))?;
    }
    let files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    assert_eq!(files.len(), 2, "images and the recording, nothing else: {files:?}");
    Ok(())
}

#[test]
fn each_way_to_end_has_its_exit_code() -> TestResult {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let recordings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recordings");
    let recording = recordings.join("containerd-1.7.24.jsonl").display().to_string();
    let head = r#"{"runtime": "\u001b[2J", "version": "1"}"#;
    fs::write(folder.join("wrong.jsonl"), format!("{head}\n{{}}\n"))?;
    let hostile =
        r#"{"id": "\u001b[31m", "image": "groups", "ok": true, "id_output": "\u001b]0;x\u0007"}"#;
    fs::write(folder.join("hostile.jsonl"), format!("{head}\n{hostile}\n"))?;
    let unknown = "{\"runtime\": \"x\", \"version\": \"1\"}\n\
                   {\"id\": \"a\", \"image\": \"b\", \"ok\": true, \"id_output\": \"\"}\n";
    fs::write(folder.join("unknown.jsonl"), unknown)?;
    let socket = format!("unix://{}/none", folder.display());
    for (arguments, code, part) in [
        (vec!["replay", &recording, "--profile", "containerd-1.7"], 0, "agree 376 of 376"),
        (vec!["replay", &recording, "--profile", "cri-o-1.30"], 1, "failing call"),
        (vec!["replay", &recording, "--profile", "containerd-1.6", "--json"], 1, "\"agree\""),
        (vec!["replay", &recording], 2, "required"),
        (vec!["replay", &recording, "--profile", "containerd-9"], 2, "known: containerd-1.6"),
        (vec!["replay", "none.jsonl", "--profile", "cri-o-1.31"], 2, "none.jsonl"),
        (vec!["replay", "wrong.jsonl", "--profile", "cri-o-1.31"], 2, "wrong.jsonl:2: column 2"),
        (vec!["replay", "hostile.jsonl", "--profile", "cri-o-1.31"], 1, "agree 0 of 1"),
        (vec!["replay", "unknown.jsonl", "--profile", "cri-o-1.31"], 2, "--images"),
        (vec!["replay", &recording, "--runtime-endpoint", &socket], 3, "cannot connect"),
        (vec!["record", "--runtime-endpoint", &socket, "--out", "out"], 3, "cannot connect"),
        (vec!["record", "--runtime-endpoint", &socket, "--out", "none/out"], 3, "none/out"),
    ] {
        let output = gidcheck(folder, &arguments).output()?;
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", shown(&output));
        assert!(shown(&output).contains(part), "{arguments:?}: {}", shown(&output));
        assert!(!shown(&output).contains('\u{1b}'), "{arguments:?}");
    }
    Ok(())
}
