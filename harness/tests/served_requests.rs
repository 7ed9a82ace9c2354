//! What the API server answers over HTTPS to requests that real ones refuse, or answer otherwise
//! than one might think.

mod served;

use http_body_util::BodyExt;
use hyper::Request;
use kube::client::Body;
use serde_json::{Value as Json, json};
use served::{Served, node};

const PODS: &str = "/api/v1/namespaces/default/pods";
const MERGE: &str = "application/merge-patch+json";

/// A served cluster and its administrator's client.
struct Server {
    served: Served,
    client: kube::Client,
}

impl Server {
    async fn start() -> Self {
        let nodes = vec![node("n", "1.36.2", "containerd-2.1")];
        Self::of(Served::start(nodes, 1.0).await).await
    }

    async fn of(served: Served) -> Self {
        let client = served.admin().await;
        Self { served, client }
    }

    async fn ask(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &Json,
    ) -> (u16, Json) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = request.body(Body::from(body)).expect("the request is well-formed");
        let answer = self.client.send(request).await.expect("the server answers");
        let code = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("the answer ends").to_bytes();
        (code, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Asks with a body of this type, and expects a refusal.
    async fn refused(
        &self,
        request: (&str, &str),
        content_type: &str,
        body: &Json,
        code: u16,
        says: &str,
    ) {
        let (seen, status) = self.ask(request, &[("content-type", content_type)], body).await;
        assert_eq!((seen, status["message"].as_str()), (code, Some(says)), "{request:?} {body}");
    }

    async fn text(&self, path: &str) -> (u16, String) {
        let request = Request::get(path).body(Body::empty()).expect("the request is well-formed");
        let answer = self.client.send(request).await.expect("the server answers");
        let code = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("the answer ends").to_bytes();
        (code, String::from_utf8_lossy(&body).into_owned())
    }

    async fn create(&self, path: &str, object: &Json) -> Json {
        let json = [("content-type", "application/json")];
        let (code, made) = self.ask(("POST", path), &json, object).await;
        assert_eq!(code, 201, "{made}");
        made
    }
}

fn pod(name: &str) -> Json {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"nodeSelector": {"no": "where"}, "containers": [{"name": "c", "image": "i"}]},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_make_no_sense_are_refused_in_the_servers_words() {
    let server = Server::start().await;
    server.create(PODS, &pod("p")).await;
    let one = format!("{PODS}/p");
    let (one, json) = (one.as_str(), "application/json");
    let nothing = Json::Null;
    let with = |metadata: Json| json!({"metadata": metadata});
    for (request, content_type, body, code, says) in [
        (("PATCH", one), json, json!({}), 415, "415: Unsupported Media Type"),
        (
            ("POST", "/api/v1/pods"),
            json,
            pod("q"),
            405,
            "the server does not allow this method on the requested resource",
        ),
        (
            ("POST", "/apis/apps/v1/namespaces/default/unknowns"),
            json,
            json!({}),
            404,
            "the server could not find the requested resource",
        ),
        (
            ("DELETE", "/api/v1/pods"),
            json,
            nothing.clone(),
            405,
            "the server does not allow this method on the requested resource",
        ),
        (
            ("DELETE", one),
            json,
            json!({"gracePeriodSeconds": "soon"}),
            400,
            "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds \
             of type int64",
        ),
        (
            ("PATCH", one),
            MERGE,
            with(json!({"uid": "another"})),
            422,
            "Pod \"p\" is invalid: metadata.uid: Invalid value: \"another\": field is immutable",
        ),
        (
            ("PATCH", one),
            MERGE,
            with(json!({"resourceVersion": "new"})),
            500,
            "strconv.ParseUint: parsing \"new\": invalid syntax",
        ),
        (
            ("PATCH", one),
            MERGE,
            with(json!({"name": null})),
            400,
            "the name of the object (p based on URL) was undeterminable: name must be provided",
        ),
        (
            ("PATCH", &format!("{PODS}/new?fieldManager=m")),
            "application/apply-patch+yaml",
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "new", "uid": "u"}}),
            409,
            "Operation cannot be fulfilled on pods \"new\": uid mismatch: the provided object \
             specified uid u, and no existing object was found",
        ),
        (
            ("POST", PODS),
            json,
            {
                let mut pod = pod("q");
                pod["metadata"]["resourceVersion"] = "5".into();
                pod
            },
            500,
            "resourceVersion should not be set on objects to be created",
        ),
        (
            ("POST", PODS),
            json,
            {
                let mut pod = pod("q");
                pod["spec"]["priorityClassName"] = "high".into();
                pod
            },
            403,
            "pods \"q\" is forbidden: no PriorityClass with name high was found",
        ),
        (
            ("GET", &format!("{PODS}?continue=eyJ2IjoiMiJ9")),
            json,
            nothing.clone(),
            400,
            "invalid continue token: continue key is not valid: server does not recognize this \
             encoded version 2",
        ),
    ] {
        server.refused(request, content_type, &body, code, says).await;
    }
    server.served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_replaced_only_by_who_knows_its_version() {
    let server = Server::start().await;
    let leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    let made = server.create(leases, &json!({"metadata": {"name": "l"}, "spec": {}})).await;
    let one = format!("{leases}/l");
    let blind = json!({"metadata": {"name": "l"}, "spec": {}});
    let says = "leases.coordination.k8s.io \"l\" is invalid: metadata.resourceVersion: Invalid \
                value: 0: must be specified for an update";
    server.refused(("PUT", &one), "application/json", &blind, 422, says).await;
    let headers = [("content-type", "application/json")];
    assert_eq!(server.ask(("PUT", &one), &headers, &made).await.0, 200);
    server.served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_rights_are_those_of_the_roles_in_the_cluster() {
    let server = Server::start().await;
    let jo = [("impersonate-user", "jo"), ("content-type", "application/json")];
    let (code, status) = server.ask(("GET", PODS), &jo, &Json::Null).await;
    assert_eq!(code, 403);
    assert_eq!(
        status["message"],
        "pods is forbidden: User \"jo\" cannot list resource \"pods\" in API group \"\" in the \
         namespace \"default\""
    );
    let group = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]);
    server
        .create(&format!("{group}/roles"), &json!({"metadata": {"name": "r"}, "rules": rules}))
        .await;
    let binding = json!({
        "metadata": {"name": "r"},
        "subjects": [{"kind": "User", "name": "jo", "apiGroup": "rbac.authorization.k8s.io"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
    });
    server.create(&format!("{group}/rolebindings"), &binding).await;
    assert_eq!(server.ask(("GET", PODS), &jo, &Json::Null).await.0, 200);
    assert_eq!(server.ask(("GET", &format!("{PODS}/p")), &jo, &Json::Null).await.0, 403);
    let question = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let (_, answer) = server.ask(("POST", path), &jo, &question).await;
    assert_eq!(answer["status"]["userInfo"]["username"], "jo");
    server.served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_knows_no_field_that_is_newer_than_it_is() {
    let nodes = vec![node("n", "1.30", "containerd-2.1")];
    let server = Server::of(Served::of_version("1.30", nodes, 1.0).await).await;
    let mut strict = pod("p");
    strict["spec"]["securityContext"] = json!({"supplementalGroupsPolicy": "Strict"});
    let says = "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown \
                field \"spec.securityContext.supplementalGroupsPolicy\"";
    let path = format!("{PODS}?fieldValidation=Strict");
    server.refused(("POST", &path), "application/json", &strict, 400, says).await;
    let applied = "application/apply-patch+yaml";
    let path = format!("{PODS}/p?fieldManager=m");
    let says = "failed to create typed patch object (/p; /v1, Kind=Pod): \
                .spec.securityContext.supplementalGroupsPolicy: field not declared in schema";
    server.refused(("PATCH", &path), applied, &strict, 500, says).await;
    let made = server.create(PODS, &strict).await;
    assert_eq!(made["spec"]["securityContext"], json!({}));
    server.served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kubelets_rejections_are_in_their_own_metrics_and_in_the_clusters() {
    let nodes =
        vec![node("n17", "1.36.2", "containerd-1.7"), node("n21", "1.36.2", "containerd-2.1")];
    let server = Server::of(Served::start(nodes, 1.0).await).await;
    let mut strict = pod("strict");
    strict["spec"]["nodeName"] = json!("n17");
    strict["spec"]["nodeSelector"] = Json::Null;
    strict["spec"]["securityContext"] = json!({"supplementalGroupsPolicy": "Strict"});
    server.create(PODS, &strict).await;
    let own =
        "kubelet_admission_rejections_total{reason=\"SupplementalGroupsPolicyNotSupported\"} 1\n";
    let in_all = "kubelet_admission_rejections_total\
        {reason=\"SupplementalGroupsPolicyNotSupported\",node=\"n17\"} 1\n";
    let mut looks = 0;
    while !server.text("/metrics").await.1.contains(in_all) {
        looks += 1;
        assert!(looks < 100, "the kubelet rejects the pod and counts that");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let (code, text) = server.text("/api/v1/nodes/n17/proxy/metrics").await;
    assert_eq!(code, 200);
    assert!(text.contains(own), "{text}");
    let (_, text) = server.text("/api/v1/nodes/n21/proxy/metrics").await;
    assert!(text.contains("kubelet_started_pods_total 0\n") && !text.contains(own), "{text}");
    let (code, text) = server.text("/metrics").await;
    assert_eq!(code, 200);
    assert_eq!(text.matches("# TYPE kubelet_running_pods gauge\n").count(), 1, "{text}");
    assert!(text.contains("kubelet_running_pods{node=\"n21\"} 0\n"), "{text}");
    for (path, code, says) in [
        ("/api/v1/nodes/n17/proxy/healthz", 200, "ok"),
        ("/api/v1/nodes/n17/proxy/nothing", 404, "404 page not found\n"),
    ] {
        assert_eq!(server.text(path).await, (code, says.to_owned()), "{path}");
    }
    let (code, status) =
        server.ask(("GET", "/api/v1/nodes/x/proxy/metrics"), &[], &Json::Null).await;
    assert_eq!((code, status["message"].as_str()), (404, Some("nodes \"x\" not found")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_own_service_comes_back_with_its_address() {
    let nodes = vec![node("n", "1.36.2", "containerd-2.1")];
    let server = Server::of(Served::start(nodes, 100.0).await).await;
    let path = "/api/v1/namespaces/default/services/kubernetes";
    let (_, before) = server.ask(("GET", path), &[], &Json::Null).await;
    let (code, _) = server.ask(("DELETE", path), &[], &Json::Null).await;
    assert_eq!(code, 200);
    let mut looks = 0;
    let after = loop {
        let (code, after) = server.ask(("GET", path), &[], &Json::Null).await;
        if code == 200 {
            break after;
        }
        looks += 1;
        assert!(looks < 200, "the server makes it again");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_ne!(before["metadata"]["uid"], after["metadata"]["uid"]);
    assert_eq!(before["spec"], after["spec"]);
}
