//! Runs of the program that write reports.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::Failed;
use tempfile::TempDir;

/// A run of `gidcheck run` and what it wrote.
pub(crate) struct Run {
    folder: TempDir,
    pub(crate) output: Output,
}

impl Run {
    /// Runs scenarios of the test data, or with no paths the built-in suite.
    pub(crate) fn of(paths: &[&str], forms: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
        let reports = forms.iter().map(|form| {
            format!("--{form}={}", folder.path().join(format!("run.{form}")).display())
        });
        let output = gidcheck(&["run"].iter().chain(paths).copied().collect::<Vec<_>>(), reports);
        Self { folder, output }
    }

    pub(crate) fn file(&self, form: &str) -> PathBuf {
        self.folder.path().join(format!("run.{form}"))
    }

    pub(crate) fn text(&self, form: &str) -> String {
        std::fs::read_to_string(self.file(form)).expect("the run has written its report")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text("json")).expect("a report in JSON is JSON")
    }
}

/// Runs the program in the folder of the test data.
pub(crate) fn gidcheck(arguments: &[&str], more: impl IntoIterator<Item = String>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gidcheck"))
        .args(arguments)
        .args(more)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"))
        .output()
        .expect("the program was built with this test")
}

/// A failure with these words where something does not hold.
pub(crate) fn must(holds: bool, words: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(words().into()) }
}
