//! `/version`: which Kubernetes the server is.

use fake_kubelet::version::KubernetesVersion;
use serde_json::{Value as Json, json};

/// The first minor version that says which version it emulates (KEP-4330).
const SAYS_EMULATION: u8 = 33;

/// What `/version` answers, as recorded of a server built from Debian's sources.
pub(super) fn version(version: KubernetesVersion) -> Json {
    let minor = version.minor();
    let mut answer = json!({
        "major": "1", "minor": minor.to_string(), "gitVersion": version.to_string(),
        "gitCommit": "$Format:%H$", "gitTreeState": "", "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.26.6", "compiler": "gc", "platform": "linux/amd64",
    });
    if minor >= SAYS_EMULATION {
        answer["emulationMajor"] = "1".into();
        answer["emulationMinor"] = minor.to_string().into();
        answer["minCompatibilityMajor"] = "1".into();
        answer["minCompatibilityMinor"] = (minor - 1).to_string().into();
    }
    answer
}
