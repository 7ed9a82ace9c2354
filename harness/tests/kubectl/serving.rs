//! `gidcheck serve` and `gidcheck control` as programs.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::Test;
use super::cluster::{Kubectl, has};

pub(crate) const TESTS: &[Test] = &[
    ("a cluster is served until it is told to end", lifecycle),
    ("a cluster is upgraded while it runs", upgraded),
];

const GIDCHECK: &str = env!("CARGO_BIN_EXE_gidcheck");

/// `gidcheck serve`, which answers by now.
pub(crate) struct Serving {
    child: Child,
    folder: tempfile::TempDir,
}

impl Serving {
    pub(crate) fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(GIDCHECK)
            .arg("serve")
            .args(options)
            .arg("--write-kubeconfig")
            .arg(folder.path().join("kc"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("gidcheck runs");
        let out = BufReader::new(child.stdout.take().expect("its output is ours"));
        let mut lines = out.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.starts_with("kubeconfig: ")), "it says where it is");
        Self { child, folder }
    }

    /// Runs a command with the kubeconfig of this cluster.
    fn run(&self, kubectl: &Kubectl, command: &str) -> std::process::Output {
        let kubeconfig = self.folder.path().join("kc");
        kubectl.run(&format!(
            "export KUBECONFIG={}; gidcheck() {{ {GIDCHECK} \"$@\"; }}; {command}",
            kubeconfig.display()
        ))
    }

    pub(crate) fn says(&self, kubectl: &Kubectl, command: &str) -> String {
        let output = self.run(kubectl, command);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{command}: {}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// Ends it as a person or an init system would; its exit code.
    fn end(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        let killed = Command::new("kill").args([signal, &id]).status().expect("kill runs");
        assert!(killed.success());
        let code = self.child.wait().expect("it ends").code();
        let left = std::fs::read_dir(self.folder.path()).expect("the folder").count();
        assert_eq!(left, 0, "it leaves nothing");
        code
    }
}

impl Drop for Serving {
    /// A test that fails leaves no server.
    fn drop(&mut self) {
        // One that has ended cannot be ended again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lifecycle(kubectl: &Kubectl) {
    for signal in ["-TERM", "-INT"] {
        let serving = Serving::start(&["--nodes", "3"]);
        let nodes = serving.says(kubectl, "kubectl get nodes -o name");
        assert_eq!(nodes, "node/node-1\nnode/node-2\nnode/node-3\n");
        assert_eq!(serving.end(signal), Some(0));
    }
}

fn upgraded(kubectl: &Kubectl) {
    let options = ["--node", "n=1.32,containerd-1.7", "--api-server", "1.35", "--speed", "20"];
    let serving = Serving::start(&options);
    let features = "kubectl get node n -o jsonpath='{.status.nodeInfo.kubeletVersion} \
                    {.status.features.supplementalGroupsPolicy}'";
    assert_eq!(serving.says(kubectl, features), "v1.32.0 ");
    let control = format!(
        "{GIDCHECK} control 'upgrade: {{node: n, runtime: containerd-2.1}}' \
         'upgrade: {{node: n, kubernetes: \"1.35\"}}' 'advance: 1m'"
    );
    has(
        &serving.says(kubectl, &control),
        &["1. upgrade: done", "2. upgrade: done", "3. advance: done"],
    );
    assert_eq!(serving.says(kubectl, features), "v1.35.0 true");
    let newer = format!("{GIDCHECK} control 'upgrade: {{node: n, kubernetes: \"1.36\"");
    let output = serving.run(kubectl, &format!("{newer}}}'"));
    assert_eq!(output.status.code(), Some(1));
    has(
        &String::from_utf8_lossy(&output.stdout),
        &["kubelet 1.36 is newer than API server 1.35", "upgrade the API server", "skew: allowed"],
    );
    assert_eq!(serving.says(kubectl, features), "v1.35.0 true");
    has(&serving.says(kubectl, &format!("{newer}, skew: allowed}}'")), &["1. upgrade: done"]);
    assert_eq!(serving.says(kubectl, features), "v1.36.0 true");
    let output = serving.run(
        kubectl,
        &format!(
            "{GIDCHECK} control 'expect: [{{node: n, spec: {{unschedulable: true}}}}]\nwithin: 1s'"
        ),
    );
    assert_eq!(output.status.code(), Some(1));
    has(&String::from_utf8_lossy(&output.stdout), &["spec.unschedulable"]);
    let output = serving.run(kubectl, &format!("{GIDCHECK} control 'expct: []'"));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(serving.end("-TERM"), Some(0));
}
