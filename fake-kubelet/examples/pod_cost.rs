//! What a pod costs from bound to Running: `cargo run --release --example pod_cost`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use serde_json::json;

use support::runtime::{Behaviour, ScriptedRuntime};
use support::{TestNode, pod};

const PODS: usize = 100;
const NODES: usize = 50;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let template = pod(
        "pod",
        json!({
            "containers": [{"name": "ctr", "image": "app:1", "command": ["sleep", "1h"]}],
            "securityContext": {
                "runAsUser": 1000,
                "runAsGroup": 3000,
                "supplementalGroups": [4000],
                "supplementalGroupsPolicy": "Strict",
            },
        }),
    );
    let mut spent = Duration::ZERO;
    for _ in 0..NODES {
        let runtime = ScriptedRuntime::containerd_2_1().with_image("app:1", Behaviour::default());
        let node = TestNode::start("1.36", runtime).await;
        let start = Instant::now();
        for index in 0..PODS {
            let mut pod = template.clone();
            pod.metadata.name = Some(format!("pod-{index}"));
            pod.metadata.uid = Some(format!("uid-{index}"));
            node.api.create_pod(pod);
        }
        while node.runtime.running() < PODS {
            tokio::task::yield_now().await;
        }
        spent += start.elapsed();
    }
    let each = spent.as_secs_f64() * 1e6 / f64::from(u32::try_from(PODS * NODES).unwrap_or(1));
    println!("{each:.1} µs a pod, API and runtime of the tests included");
}
