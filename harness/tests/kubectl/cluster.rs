//! A cluster for one test, and a kubectl that talks to it.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use tokio::runtime::Runtime;

use super::served::{Served, node};

/// Servers need a runtime as long as they run.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("a runtime can be made"));

/// A kubectl, and the cluster that its kubeconfig leads to: nodes `n21`, which supports the
/// policy, and `n17`, which does not and is cordoned.
pub(crate) struct Kubectl {
    program: PathBuf,
    served: Served,
}

impl Kubectl {
    pub(crate) fn start(program: PathBuf) -> Self {
        let nodes =
            vec![node("n17", "1.36.2", "containerd-1.7"), node("n21", "1.36.2", "containerd-2.1")];
        let served = RUNTIME.block_on(Served::start(nodes, 1.0));
        let kubectl = Self { program, served };
        kubectl.says("kubectl cordon n17");
        kubectl
    }

    /// Puts a file into the folder that commands run in.
    pub(crate) fn file(&self, name: &str, text: &str) {
        // kubectl takes what begins with a brace for JSON.
        let text = format!("---\n{text}\n");
        std::fs::write(self.served.folder.path().join(name), text).expect("a file can be written");
    }

    /// Runs a command line in a shell.
    pub(crate) fn run(&self, command: &str) -> Output {
        // What fails fails within a minute.
        Command::new("timeout")
            .args(["60", "sh", "-c", command])
            .current_dir(self.served.folder.path())
            .env("PATH", self.path())
            .env("KUBECONFIG", self.served.kubeconfig())
            .env("HOME", self.served.folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("a shell runs")
    }

    /// The PATH, on which `kubectl` is this one.
    fn path(&self) -> String {
        let folder = self.served.folder.path().join("bin");
        let link = folder.join("kubectl");
        if !link.exists() && self.program.is_absolute() {
            std::fs::create_dir_all(&folder).expect("a folder can be made");
            std::os::unix::fs::symlink(&self.program, &link).expect("a link can be made");
        }
        format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
    }

    /// What a command that succeeds prints.
    pub(crate) fn says(&self, command: &str) -> String {
        let output = self.run(command);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{command}: {}\n{}{}",
            output.status,
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout).trim_end().to_owned()
    }

    /// What a command that fails says, and its exit code.
    pub(crate) fn fails(&self, command: &str) -> (i32, String) {
        let output = self.run(command);
        let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
        assert!(!output.status.success(), "{command} succeeds");
        (output.status.code().unwrap_or(-1), said)
    }

    /// Applies one of the two published manifests, and waits until it runs.
    pub(crate) fn run_example(&self, name: &str) {
        let manifest = match name {
            "implicit-groups" => include_str!("../../../scenarios/examples/implicit-groups.yaml"),
            _ => include_str!("../../../scenarios/examples/strict-supplementalgroups-policy.yaml"),
        };
        self.file(&format!("{name}.yaml"), manifest);
        self.says(&format!("kubectl apply -f {name}.yaml"));
        self.says(&format!("kubectl wait --for=condition=Ready pod/{name} --timeout=30s"));
    }
}

/// Fails unless a text has all these parts.
pub(crate) fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

/// A table's cells, line by line.
pub(crate) fn cells(table: &str) -> Vec<Vec<&str>> {
    table.lines().map(|line| line.split_whitespace().collect()).collect()
}
