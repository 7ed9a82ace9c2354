//! What it costs to say who owns what, and what the owners of many pods hold in memory:
//! `cargo run --release -p kubernetes-objects --example ownership_cost`.

use std::time::Instant;

use kubernetes_objects::ownership::{Interner, Managers, Writer, on_update};
use kubernetes_objects::resource;
use serde_json::Value as Json;

const ROUNDS: u32 = 20_000;
const PODS: u32 = 100_000;
const RECORDED: &str = include_str!("../tests/recorded/writes-1.36.2.json");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pods = resource::find("", "v1", "pods").ok_or("no pods")?;
    let all: Vec<Json> = serde_json::from_str(RECORDED)?;
    let answered = |name: &str| -> Result<(Json, Managers), Box<dyn std::error::Error>> {
        let one = all.iter().find(|one| one["name"] == name).ok_or("not recorded")?;
        let mut object = one["body"].clone();
        let managers = object["metadata"]["managedFields"].take();
        Ok((object, Managers::from_json(&managers).ok_or("no managers")?))
    };
    let (created, creator) = answered("create implicit-groups")?;
    let (running, owners) = answered("get running")?;
    let mut ready_again = running.clone();
    ready_again["status"]["conditions"][0]["lastTransitionTime"] = "2030-01-01T00:00:00Z".into();
    let kubelet =
        Writer { manager: "kubelet", subresource: "status", time: "2030-01-01T00:00:00Z" };
    let user = Writer { manager: "kubectl", subresource: "", ..kubelet };
    let mut interner = Interner::default();
    let mut measure = |what: &str, before: Option<&Json>, after: &Json, known: &Managers, by| {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            drop(interner.share(on_update(pods, before, after, known.clone(), by)));
        }
        println!("{what}: {:?}", start.elapsed() / ROUNDS);
    };
    measure("create", None, &created, &Managers::default(), user);
    measure("first status", Some(&created), &running, &creator, kubelet);
    measure("one condition", Some(&running), &ready_again, &owners, kubelet);
    measure("no change", Some(&running), &running, &owners, kubelet);

    let before = resident_kibibytes()?;
    let mut kept = Vec::new();
    for number in 0..PODS {
        let address = format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
        let mut pod = running.clone();
        pod["status"]["podIP"] = address.as_str().into();
        pod["status"]["podIPs"][0]["ip"] = address.into();
        let managers = on_update(pods, Some(&created), &pod, creator.clone(), kubelet);
        kept.push(interner.share(managers));
    }
    let held = (resident_kibibytes()? - before) * 1024 / u64::from(PODS);
    println!("each of {} pods with an address of its own: {held} B", kept.len());
    Ok(())
}

fn resident_kibibytes() -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
