//! Plays recorded requests against a served cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Request;
use kube::Client;
use kube::client::Body;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::differences::{Difference, differences};
use super::lab::DIFFERENCES;
use super::served::{Served, node};

/// A request and its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Recorded {
    name: String,
    request: RecordedRequest,
    status: u16,
    content_type: String,
    #[serde(default)]
    warning: Option<String>,
    body: Json,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordedRequest {
    method: String,
    path: String,
    accept: String,
    #[serde(default)]
    content_type: Option<String>,
    #[serde(default)]
    body: Option<Json>,
}

/// The image that every simulated node has, for the lab's own.
const IMAGES: (&str, &str) =
    ("localhost/groups:v1", "registry.k8s.io/e2e-test-images/agnhost:2.45");

/// The address of every node there, which were one machine.
const ADDRESS: &str = "192.0.2.10";

/// The addresses of the nodes here.
const ADDRESSES: [&str; 2] = ["192.0.2.1", "192.0.2.2"];

/// The recording, with what the lab had in the place of ours.
pub(crate) fn recording() -> Vec<Recorded> {
    let text = include_str!("../../../recordings/api-1.36.2.json");
    let text = text.replace(IMAGES.0, IMAGES.1);
    serde_json::from_str(&text).expect("the recording is well-formed")
}

/// An answer as it would be if all nodes had the one address that the lab had.
fn as_one_machine(answer: &str) -> String {
    let mut answer = answer.to_owned();
    for address in ADDRESSES {
        // In the owners' keys quotes are quoted.
        for end in ["\"", "\\\""] {
            answer = answer.replace(&format!("{address}{end}"), &format!("{ADDRESS}{end}"));
        }
    }
    answer
}

impl Recorded {
    /// Whether the answer depends on nothing and nothing depends on the request.
    pub(crate) fn changes_nothing(&self) -> bool {
        let refused = matches!(self.status, 400 | 401 | 405 | 406 | 415 | 422);
        (refused && !self.request.path.contains("strict-ok")) || self.name.starts_with("discovery")
    }
}

/// How often something is read that is not as recorded.
const READS: usize = 200;

/// A replay under way.
pub(crate) struct Replay {
    served: Served,
    admin: Client,
    /// What goes by another name here than in the recording: uids, tokens, generated names.
    aliases: BTreeMap<String, String>,
    found: Vec<(String, Difference)>,
    seen: BTreeSet<usize>,
}

impl Replay {
    /// A cluster like the lab's: two nodes that pods keep away from.
    pub(crate) async fn start(namespace: &str, nodes: &[&str; 2]) -> Self {
        let runtime = |name: &str| match name {
            "n17" | "first" => "containerd-1.7",
            _ => "containerd-2.1",
        };
        let specs = nodes.iter().map(|name| node(name, "1.36.2", runtime(name))).collect();
        let served = Served::start(specs, 5.0).await;
        let admin = served.admin().await;
        let mut replay = Self {
            served,
            admin,
            aliases: BTreeMap::new(),
            found: Vec::new(),
            seen: BTreeSet::new(),
        };
        // The lab's own taint is taken away where controllers run.
        let taint = json!({"key": "example.com/lab", "effect": "NoSchedule"});
        for name in nodes {
            let body = json!({"spec": {"taints": [taint]}});
            replay.prepare("PATCH", &format!("/api/v1/nodes/{name}"), body).await;
        }
        if namespace != "default" {
            let body =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            replay.prepare("POST", "/api/v1/namespaces", body).await;
        }
        replay
    }

    async fn prepare(&mut self, method: &str, path: &str, body: Json) {
        let media_type =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", media_type)
            .body(Body::from(body.to_string().into_bytes()))
            .expect("the request is well-formed");
        let answer = self.admin.send(request).await.expect("the server answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    /// Makes requests and compares the answers.
    pub(crate) async fn play(&mut self, requests: &[Recorded]) {
        for recorded in requests {
            self.play_one(recorded).await;
        }
    }

    /// Plays a request; one that reads is made again while it finds what is about to change.
    async fn play_one(&mut self, recorded: &Recorded) {
        let reads = recorded.request.method == "GET";
        let before = self.found.len();
        for _ in 0..READS {
            self.found.truncate(before);
            self.ask(recorded).await;
            if !reads || self.found.len() == before {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn ask(&mut self, recorded: &Recorded) {
        let recorded: Recorded = {
            let mut text = serde_json::to_string(recorded).expect("it is JSON");
            for (there, here) in &self.aliases {
                text = text.replace(there, here);
            }
            serde_json::from_str(&text).expect("it is still JSON")
        };
        let client = match recorded.name.as_str() {
            "no token" => self.served.client(None).await,
            "wrong token" => self.served.client(Some("wrong")).await,
            _ => self.admin.clone(),
        };
        let request = &recorded.request;
        let mut built = Request::builder()
            .method(request.method.as_str())
            .uri(&request.path)
            .header("accept", &request.accept);
        if let Some(media_type) = &request.content_type {
            built = built.header("content-type", media_type);
        }
        let body = match &request.body {
            None => Vec::new(),
            Some(Json::String(text)) => text.clone().into_bytes(),
            Some(body) => body.to_string().into_bytes(),
        };
        let sent = built.body(Body::from(body)).expect("the request is well-formed");
        let answer = client.send(sent).await.expect("the server answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.into_body().collect().await.expect("the answer ends").to_bytes();
        let body = as_one_machine(&String::from_utf8_lossy(&body));
        let body = serde_json::from_str(&body).unwrap_or(Json::String(body));
        let header = |name| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let head = |status: u16, media_type: &str, warning: &str| json!({"status": status, "contentType": media_type, "warning": warning});
        let warning = recorded.warning.clone().unwrap_or_default();
        let heads = (
            head(recorded.status, &recorded.content_type, &warning),
            head(status, header("content-type"), header("warning")),
        );
        let mut found = differences(&heads.0, &heads.1);
        found.extend(differences(&recorded.body, &body));
        self.learn(&recorded.body, &body);
        for difference in found {
            match excused(&recorded.name, &difference) {
                Some(index) => {
                    self.seen.insert(index);
                }
                None => self.found.push((recorded.name.clone(), difference)),
            }
        }
    }

    /// Learns which uids, tokens and generated names here stand for those of the recording.
    fn learn(&mut self, recorded: &Json, observed: &Json) {
        match (recorded, observed) {
            (Json::Object(one), Json::Object(other)) => {
                for (key, value) in one {
                    let Some(seen) = other.get(key) else { continue };
                    let generated = key == "name" && one.contains_key("generateName");
                    match (value, seen) {
                        (Json::String(there), Json::String(here))
                            if there != here
                                && (key == "uid" || key == "continue" || generated) =>
                        {
                            self.aliases.insert(there.clone(), here.clone());
                        }
                        _ => self.learn(value, seen),
                    }
                }
            }
            (Json::Array(one), Json::Array(other)) if one.len() == other.len() => {
                one.iter().zip(other).for_each(|(one, other)| self.learn(one, other));
            }
            _ => {}
        }
    }

    /// Fails with every difference that the lab does not explain.
    pub(crate) fn assert_same(&self) {
        let said: Vec<_> = self.found.iter().map(|(name, it)| said(name, it)).collect();
        assert!(said.is_empty(), "{} differences:\n{}", said.len(), said.join("\n"));
    }

    /// Fails when the table has a difference that there is not.
    pub(crate) fn assert_every_difference_of_the_lab_is_seen(&self) {
        let unseen: Vec<_> = DIFFERENCES
            .iter()
            .enumerate()
            .filter(|(index, _)| !self.seen.contains(index))
            .map(|(_, it)| format!("{} {}: {}", it.request, it.path, it.reason))
            .collect();
        assert!(unseen.is_empty(), "these differences are not there:\n{}", unseen.join("\n"));
    }
}

fn excused(request: &str, difference: &Difference) -> Option<usize> {
    DIFFERENCES
        .iter()
        .position(|it| request.contains(it.request) && difference.path.contains(it.path))
}

fn said(name: &str, difference: &Difference) -> String {
    let short = |json: &Json| json.to_string().chars().take(300).collect::<String>();
    let (recorded, observed) = (short(&difference.recorded), short(&difference.observed));
    format!("{name} {}\n    recorded {recorded}\n    observed {observed}", difference.path)
}
