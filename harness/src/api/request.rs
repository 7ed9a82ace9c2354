//! From a request to whoever answers it.

use std::sync::Arc;

use fake_kubelet::version::KubernetesVersion;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, USER_AGENT};
use hyper::{HeaderMap, Method, Request, StatusCode};
use kubernetes_objects::release::Release;
use kubernetes_objects::{Status, discovery, openapi};

use super::answer::{self, Answer};
use super::authorization::{Action, User};
use super::driven::DrivenCluster;
use super::path::{Route, Target, index, route};
use super::query::Query;
use super::token::Token;
use super::{
    exec, health, logs, negotiation, node_proxy, objects, reviews, steps, version, watching,
};
use crate::cluster::quoted;

/// What every request needs.
pub(super) struct Context {
    pub(super) cluster: DrivenCluster,
    pub(super) token: Token,
    pub(super) port: u16,
}

impl Context {
    pub(super) fn version(&self) -> KubernetesVersion {
        self.cluster.api.gates().version()
    }
}

/// The head of a request.
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) query: Query,
    pub(super) user: User,
    /// The release whose fields the server knows.
    pub(super) release: Release,
    headers: HeaderMap,
}

impl Head {
    /// A header's text; empty where there is none.
    pub(super) fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn user_agent(&self) -> &str {
        self.header(&USER_AGENT)
    }

    pub(super) fn content_type(&self) -> &str {
        self.header(&CONTENT_TYPE).split(';').next().unwrap_or_default().trim()
    }

    /// The form of an answer with objects.
    ///
    /// # Errors
    /// [`Status`] when there is no such form.
    pub(super) fn form(&self) -> Result<negotiation::Form, Status> {
        negotiation::form(self.header(&ACCEPT), &self.query, self.user_agent())
    }
}

/// Answers a request.
pub(super) async fn answer(context: Arc<Context>, request: Request<Incoming>) -> Answer {
    let authorization = request.headers().get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    if !context.token.is_in(authorization) {
        return answer::unauthorized();
    }
    match routed(&context, request).await {
        Ok(answer) => answer,
        Err(status) => answer::refusal(&status),
    }
}

async fn routed(context: &Arc<Context>, request: Request<Incoming>) -> Result<Answer, Status> {
    let query = Query::parse(request.uri().query().unwrap_or_default())?;
    let path = request.uri().path().to_owned();
    let route = route(&path);
    let user = match User::of(request.headers()) {
        Ok(user) => user,
        Err(why) => {
            let message = format!("Internal Server Error: {}: {why}\n", quoted(&path));
            return Ok(answer::text(StatusCode::INTERNAL_SERVER_ERROR, message));
        }
    };
    let head = Head {
        method: request.method().clone(),
        query,
        user,
        release: Release::new(context.version().minor()),
        headers: request.headers().clone(),
    };
    let action = action_of(&route, &head, &path);
    if !head.user.may(&action, &context.cluster.api) {
        return Err(head.user.forbidden(&action));
    }
    match route {
        Route::Objects(target) => return of_objects(context, target, head, request).await,
        Route::Steps if head.method == Method::POST => {
            return steps::take(context, &head, request.into_body()).await;
        }
        Route::Steps => return Ok(answer::not_allowed("POST")),
        Route::Unknown => return Ok(answer::unknown_path()),
        Route::UnknownResource => return Err(answer::unknown_resource()),
        _ => {}
    }
    if head.method != Method::GET && head.method != Method::HEAD {
        return Ok(answer::not_allowed("GET"));
    }
    let accept = head.header(&ACCEPT);
    Ok(match route {
        Route::Objects(_) | Route::Steps | Route::Unknown | Route::UnknownResource => {
            answer::unknown_path()
        }
        Route::Index => {
            let form = negotiation::Form { pretty: true, ..negotiation::Form::default() };
            answer::object(StatusCode::OK, &index(), form)
        }
        Route::Version => answer::object(
            StatusCode::OK,
            &version::version(context.version()),
            head.form().unwrap_or_default(),
        ),
        Route::Health(check, part) => health::health(check, &part, &head.query),
        Route::Metrics => {
            let metrics = context
                .cluster
                .look(|cluster| Box::pin(async { cluster.metrics() + &cluster.kubelet_metrics() }));
            answer::metrics(metrics.await.map_err(|_| ended())?)
        }
        Route::CoreVersions | Route::Groups if wants_aggregated(accept) => {
            let groups = discovery::aggregated(matches!(route, Route::CoreVersions));
            let mut answer = answer::json(&groups);
            answer
                .headers_mut()
                .insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(AGGREGATED));
            answer
        }
        Route::CoreVersions => {
            answer::json(&discovery::core_versions(&format!("127.0.0.1:{}", context.port)))
        }
        Route::Groups => answer::json(&discovery::groups()),
        Route::Group(group) => match discovery::group(&group) {
            Some(group) => answer::json(&group),
            None => answer::unknown_path(),
        },
        Route::Resources(group, version) => match discovery::resources(&group, &version) {
            Some(resources) => answer::json(&resources),
            None => answer::unknown_path(),
        },
        Route::OpenApiV2 if accept.contains(openapi::V2_PROTOBUF) => answer::of_type(
            StatusCode::OK,
            openapi::V2_PROTOBUF_SENT,
            openapi::v2_protobuf().into(),
        ),
        Route::OpenApiV2 => answer::json(&openapi::v2()),
        Route::OpenApiV3(path) if path.is_empty() => answer::json(&openapi::index()),
        Route::OpenApiV3(path) => match openapi::document(&path) {
            Some(document) => answer::json(&document),
            None => answer::unknown_path(),
        },
    })
}

/// The media type of discovery in one piece.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Whether a client wants discovery in one piece more than in many.
fn wants_aggregated(accept: &str) -> bool {
    negotiation::accepted(accept).iter().find_map(|range| {
        let is_json = matches!(range.media_type, "application/json" | "application/*" | "*/*");
        match range.parameter("as") {
            None if is_json => Some(false),
            Some("APIGroupDiscoveryList")
                if is_json
                    && range.parameter("g") == Some("apidiscovery.k8s.io")
                    && range.parameter("v") == Some("v2") =>
            {
                Some(true)
            }
            _ => None,
        }
    }) == Some(true)
}

/// What a request does, as roles name it.
fn action_of(route: &Route, head: &Head, path: &str) -> Action {
    let method = head.method.as_str().to_lowercase();
    let Route::Objects(target) = route else {
        return Action::OnPath { verb: method, path: path.to_owned() };
    };
    let verb = target.verb(&head.method, watches(target, head)).map_or(method, str::to_owned);
    Action::OnObjects {
        verb,
        group: target.resource.group.to_owned(),
        resource: target.resource.plural.to_owned(),
        subresource: target.below().to_owned(),
        namespace: target.namespace.clone(),
        name: target.name.clone(),
    }
}

fn watches(target: &Target, head: &Head) -> bool {
    head.method == Method::GET
        && target.subresource.is_none()
        && (target.says_watch || head.query.flag("watch"))
}

async fn of_objects(
    context: &Arc<Context>,
    target: Target,
    head: Head,
    request: Request<Incoming>,
) -> Result<Answer, Status> {
    let watches = watches(&target, &head);
    let Some(verb) = target.verb(&head.method, watches) else {
        return Ok(answer::not_allowed(&target.methods()));
    };
    match (target.resource.plural, target.below()) {
        ("pods", "log") => return logs::log(context, &target, &head).await,
        ("pods", "exec" | "attach") => {
            return exec::connect(context, &target, &head, request).await;
        }
        ("pods", "portforward") => {
            return Err(answer::not_implemented(
                "gidcheck does not serve portforward: nothing listens in a simulated container; \
                 use kubectl exec and kubectl logs",
            ));
        }
        ("nodes", "proxy") => return node_proxy::pass_on(context, &target, &head).await,
        (_, "proxy") => {
            return Err(answer::not_implemented("nothing listens in a simulated cluster"));
        }
        (_, "token") => {
            return Err(answer::not_implemented("a simulated cluster issues no tokens"));
        }
        _ => {}
    }
    if target.subresource.is_none() && !target.resource.is_stored() {
        return not_stored(context, &target, &head, request.into_body()).await;
    }
    match verb {
        "get" => objects::get(context, &target, &head),
        "list" => objects::list(context, &target, &head),
        "watch" => watching::watch(context, &target, &head),
        "create" => objects::create(context, &target, &head, request.into_body()).await,
        "update" => objects::update(context, &target, &head, request.into_body()).await,
        "patch" => objects::patch(context, &target, &head, request.into_body()).await,
        "delete" => objects::delete(context, &target, &head, request.into_body()).await,
        _ => objects::delete_collection(context, &target, &head, request.into_body()).await,
    }
}

/// Kinds of which nothing is kept: questions, and what is computed.
async fn not_stored(
    context: &Arc<Context>,
    target: &Target,
    head: &Head,
    body: Incoming,
) -> Result<Answer, Status> {
    if target.resource.plural == "bindings" {
        return objects::create(context, target, head, body).await;
    }
    if head.method != Method::POST {
        return objects::list_nothing(target, head);
    }
    let (question, _) = objects::decoded(target, head, body).await?;
    let answered = reviews::review(target.resource, question, &head.user, context)?;
    Ok(answer::object(StatusCode::CREATED, &answered, head.form()?))
}

/// 500: the cluster's thread is gone, which happens only at the end.
pub(super) fn ended() -> Status {
    Status::new(500, "InternalError", "the cluster has ended")
}
