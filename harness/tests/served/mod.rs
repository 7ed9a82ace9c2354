//! A served cluster for tests, with a client of kube-rs.

#![allow(dead_code, reason = "each suite uses what it needs")]

use std::sync::Arc;

use gidcheck::api::{Access, Kubeconfig, ServeOptions, Server};
use gidcheck::images;
use gidcheck::scenario::{ClusterSpec, KubernetesName, NodeSpec};
use kube::Api;
use kube::api::PostParams;
use kube::config::{KubeConfigOptions, Kubeconfig as ClientConfig};
use kube::core::{DynamicObject, GroupVersionKind};
use kube::discovery::ApiResource;
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A cluster that is served until this is dropped or [`stop`](Served::stop)ped.
pub(crate) struct Served {
    pub(crate) access: Access,
    pub(crate) folder: TempDir,
    kubeconfig: Kubeconfig,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// A node of a name, version and runtime.
pub(crate) fn node(name: &str, kubernetes: &str, runtime: &str) -> NodeSpec {
    NodeSpec {
        name: name.to_owned(),
        kubernetes: Some(version(kubernetes)),
        feature_gates: None,
        runtime: Some(runtime.parse().expect("the runtime is known")),
        labels: std::collections::BTreeMap::new(),
    }
}

pub(crate) fn version(text: &str) -> KubernetesName {
    KubernetesName(text.parse().expect("the version is known"))
}

impl Served {
    /// Serves a cluster of these nodes, whose time passes so many times as fast as real time.
    pub(crate) async fn start(nodes: Vec<NodeSpec>, speed: f64) -> Self {
        Self::of_version("1.36.2", nodes, speed).await
    }

    /// The same with an API server of this version.
    pub(crate) async fn of_version(kubernetes: &str, nodes: Vec<NodeSpec>, speed: f64) -> Self {
        // kube-rs and the server share the process; both use ring.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let cluster =
            ClusterSpec { kubernetes: Some(version(kubernetes)), nodes, ..ClusterSpec::default() };
        let images = Arc::new(images::store_of(&[]));
        let options = ServeOptions { cluster, speed, port: 0 };
        let server = Server::start(options, images).await.expect("the cluster is served");
        let access = server.access().clone();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kubeconfig");
        let kubeconfig = Kubeconfig::write(&path, &access).expect("nothing is there");
        let (stop, stops) = oneshot::channel::<()>();
        let task = tokio::spawn(server.serve(async {
            // Whoever drops the other end wants it to end, too.
            let _ = stops.await;
        }));
        Self { access, folder, kubeconfig, stop: Some(stop), task }
    }

    /// Where the kubeconfig is.
    pub(crate) fn kubeconfig(&self) -> &std::path::Path {
        self.kubeconfig.path()
    }

    /// A client that carries this token, or none.
    pub(crate) async fn client(&self, token: Option<&str>) -> kube::Client {
        let config = ClientConfig::read_from(self.kubeconfig()).expect("it is well-formed");
        let options = KubeConfigOptions::default();
        let mut config = kube::Config::from_custom_kubeconfig(config, &options)
            .await
            .expect("it leads to a cluster");
        config.auth_info.token = token.map(|token| token.to_owned().into());
        kube::Client::try_from(config).expect("the client can be made")
    }

    /// A client of the cluster's administrator.
    pub(crate) async fn admin(&self) -> kube::Client {
        let token = self.access.token.text().to_owned();
        self.client(Some(&token)).await
    }

    /// Creates an object in the default namespace, as a client does.
    pub(crate) async fn create(&self, group: &str, version: &str, kind: &str, object: Json) {
        let kind = GroupVersionKind::gvk(group, version, kind);
        let objects: Api<DynamicObject> =
            Api::namespaced_with(self.admin().await, "default", &ApiResource::from_gvk(&kind));
        let object = serde_json::from_value(object).expect("an object");
        objects.create(&PostParams::default(), &object).await.expect("it is created");
    }

    /// Ends the server; nothing is left of it.
    pub(crate) async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.task.await.expect("the server ends by itself");
    }
}
