//! How long a large cluster takes until every pod runs, and how much memory: 1,000 nodes with as
//! many pods as the command line says (100,000 when it says nothing).
//!
//! ```text
//! cargo run --release --example large_cluster -- 10000 50000 100000
//! ```

#![allow(clippy::print_stdout, reason = "an example prints what it measures")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gidcheck::cluster::Cluster;
use gidcheck::scenario::ClusterSpec;
use gidcheck::target::Simulation;
use k8s_openapi::api::core::v1::Pod;
use mimalloc::MiMalloc;
use serde_json::json;

/// The one of the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const NODES: usize = 1_000;
/// Between two looks at how far it is, in the cluster's time.
const LOOK: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let mut sizes =
        std::env::args().skip(1).map(|size| size.parse()).collect::<Result<Vec<usize>, _>>()?;
    if sizes.is_empty() {
        sizes.push(100_000);
    }
    for pods in sizes {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()?;
        runtime.block_on(measure(pods))?;
    }
    Ok(())
}

async fn measure(pods: usize) -> Result<(), Box<dyn Error>> {
    let nodes: Vec<_> =
        (0..NODES).map(|number| json!({"name": format!("node-{number}")})).collect();
    let spec: ClusterSpec = serde_json::from_value(json!({"nodes": nodes}))?;
    let images = Arc::new(gidcheck::images::store_of(&[]));
    let start = Instant::now();
    let cluster = Cluster::start(&spec, &images, &Simulation).await?;
    let started = start.elapsed();
    let begin = tokio::time::Instant::now();
    let start = Instant::now();
    for number in 0..pods {
        let manifest = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": format!("pod-{number}")},
            "spec": {"containers": [{
                "name": "ctr",
                "image": "registry.k8s.io/e2e-test-images/agnhost:2.45",
                "command": ["sh", "-c", "sleep 1h"],
            }]},
        });
        cluster.api.apply(&manifest)?;
    }
    let applied = start.elapsed();
    // The pods are placed in turn: while the last one does not run, the others need no look.
    let last = format!("pod-{}", pods.saturating_sub(1));
    while !cluster.api.pod("default", &last).is_none_or(|pod| runs(&pod))
        || running(&cluster) < pods
    {
        tokio::time::sleep(LOOK).await;
    }
    let took = start.elapsed();
    let each = took.as_secs_f64() * 1e6 / pods as f64;
    println!(
        "{pods} pods on {NODES} nodes: {:.2} s for the nodes, {:.2} s until all pods ran ({:.2} s to \
         apply them, {each:.1} µs a pod, {:.0} s in the cluster), peak memory {} MiB",
        started.as_secs_f64(),
        took.as_secs_f64(),
        applied.as_secs_f64(),
        begin.elapsed().as_secs_f64(),
        peak_memory().unwrap_or(0) / 1024,
    );
    cluster.stop().await;
    Ok(())
}

fn running(cluster: &Cluster) -> usize {
    cluster.api.pods().iter().filter(|pod| runs(pod)).count()
}

fn runs(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    phase == Some("Running")
}

/// The most memory that the process has had so far, in KiB.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
