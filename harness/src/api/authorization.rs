//! Who asks, and what they may do: whoever has the token may do everything, also in the name of
//! others, who may do what roles in the cluster say.
//!
//! Rules and words: `apiserver/pkg/endpoints/filters/impersonation` and
//! `plugin/pkg/auth/authorizer/rbac`, 1.36.

use hyper::header::HeaderMap;
use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};
use kubernetes_objects::resource;
use kubernetes_objects::{Details, Status};
use serde_json::{Value as Json, json};

use crate::cluster::{ApiServer, Typed, quoted};

/// Who the bearer of the token is.
pub(super) const ADMIN: &str = "gidcheck-admin";
/// The group whose members may do everything.
pub(super) const MASTERS: &str = "system:masters";
const AUTHENTICATED: &str = "system:authenticated";
const UNAUTHENTICATED: &str = "system:unauthenticated";
const ANONYMOUS: &str = "system:anonymous";
const RBAC: &str = "rbac.authorization.k8s.io";

/// What everybody may read (`system:discovery`, `system:public-info-viewer`).
const PUBLIC: &[&str] = &[
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
];

/// What everybody may ask about themselves (`system:basic-user`).
const ABOUT_ONESELF: &[&str] =
    &["selfsubjectaccessreviews", "selfsubjectreviews", "selfsubjectrulesreviews"];

/// A user, as requests are made by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) groups: Vec<String>,
    extra: Vec<(String, Vec<String>)>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Something with objects.
    OnObjects {
        verb: String,
        group: String,
        resource: String,
        subresource: String,
        namespace: String,
        name: String,
    },
    /// A request for another path.
    OnPath { verb: String, path: String },
}

impl User {
    /// The bearer of the token.
    pub(super) fn admin() -> Self {
        Self {
            name: ADMIN.to_owned(),
            uid: String::new(),
            groups: vec![MASTERS.to_owned(), AUTHENTICATED.to_owned()],
            extra: Vec::new(),
        }
    }

    /// A user of these groups, as a question about somebody names them.
    pub(super) fn named(name: &str, groups: Vec<String>) -> Self {
        Self { name: name.to_owned(), uid: String::new(), groups, extra: Vec::new() }
    }

    /// The user in whose name a request is made: the bearer, or the one that its headers name.
    ///
    /// # Errors
    /// What is missing, in the server's words.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, String> {
        const EXTRA: &str = "impersonate-extra-";
        let all = |name: &str| -> Vec<String> {
            let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            values.map(str::to_owned).collect()
        };
        let [name, uid] = ["impersonate-user", "impersonate-uid"]
            .map(|header| all(header).into_iter().next().unwrap_or_default());
        let groups = all("impersonate-group");
        let mut extra = Vec::new();
        for header in headers.keys() {
            if let Some(key) = header.as_str().strip_prefix(EXTRA) {
                extra.push((key.to_owned(), all(header.as_str())));
            }
        }
        if name.is_empty() {
            return match groups.is_empty() && uid.is_empty() && extra.is_empty() {
                true => Ok(Self::admin()),
                false => Err("requested to impersonate without impersonating a user name".into()),
            };
        }
        Ok(Self { groups: with_own_groups(&name, groups), name, uid, extra })
    }

    /// The user as questions about users are answered.
    pub(super) fn to_json(&self) -> Json {
        let mut user = json!({"username": self.name, "groups": self.groups});
        if !self.uid.is_empty() {
            user["uid"] = self.uid.clone().into();
        }
        for (key, values) in &self.extra {
            user["extra"][key] = values.clone().into();
        }
        user
    }

    /// Whether the user may do something.
    pub(super) fn may(&self, action: &Action, api: &ApiServer) -> bool {
        if self.groups.iter().any(|group| group == MASTERS) {
            return true;
        }
        let is_known = self.groups.iter().any(|group| group == AUTHENTICATED);
        match action {
            Action::OnPath { verb, path } if verb == "get" => {
                PUBLIC.iter().any(|known| covers(known, path)) || self.has_rule(action, api)
            }
            Action::OnObjects { verb, resource, .. }
                if is_known && verb == "create" && ABOUT_ONESELF.contains(&resource.as_str()) =>
            {
                true
            }
            _ => self.has_rule(action, api),
        }
    }

    /// Whether a role that the user is bound to allows something.
    fn has_rule(&self, action: &Action, api: &ApiServer) -> bool {
        let everywhere = all::<ClusterRoleBinding>(api, "clusterrolebindings", "");
        let of_cluster = everywhere
            .into_iter()
            .filter(|binding| self.is_among(binding.subjects.as_deref(), ""))
            .any(|binding| allowed(api, &binding.role_ref, "", action));
        let Action::OnObjects { namespace, .. } = action else { return of_cluster };
        of_cluster
            || (!namespace.is_empty()
                && all::<RoleBinding>(api, "rolebindings", namespace)
                    .into_iter()
                    .filter(|binding| self.is_among(binding.subjects.as_deref(), namespace))
                    .any(|binding| allowed(api, &binding.role_ref, namespace, action)))
    }

    fn is_among(&self, subjects: Option<&[Subject]>, namespace: &str) -> bool {
        subjects.into_iter().flatten().any(|subject| match subject.kind.as_str() {
            "User" => subject.name == self.name,
            "Group" => self.groups.contains(&subject.name),
            "ServiceAccount" => {
                let namespace = subject.namespace.as_deref().unwrap_or(namespace);
                self.name == format!("system:serviceaccount:{namespace}:{}", subject.name)
            }
            _ => false,
        })
    }

    /// 403, in the server's words.
    pub(super) fn forbidden(&self, action: &Action) -> Status {
        let user = quoted(&self.name);
        match action {
            Action::OnPath { verb, path } => {
                let message = format!("forbidden: User {user} cannot {verb} path {}", quoted(path));
                Status::new(403, "Forbidden", message).with_details(Details::default())
            }
            Action::OnObjects { verb, group, resource, subresource, namespace, name } => {
                let slash = if subresource.is_empty() { "" } else { "/" };
                let whole = quoted(&format!("{resource}{slash}{subresource}"));
                let place = match namespace.as_str() {
                    "" => "at the cluster scope".to_owned(),
                    namespace => format!("in the namespace {}", quoted(namespace)),
                };
                let why = format!(
                    "User {user} cannot {verb} resource {whole} in API group {} {place}",
                    quoted(group)
                );
                let dot = if group.is_empty() { "" } else { "." };
                let qualified = format!("{resource}{dot}{group}");
                let shown = if name.is_empty() { String::new() } else { quoted(name) + " " };
                let message = format!("{qualified} {shown}is forbidden: {why}");
                Status::new(403, "Forbidden", message).with_details(Status::about(&qualified, name))
            }
        }
    }
}

/// The groups of a user in whose name somebody asks.
fn with_own_groups(name: &str, mut groups: Vec<String>) -> Vec<String> {
    let account = name.strip_prefix("system:serviceaccount:").and_then(|it| it.split_once(':'));
    if let Some((namespace, _)) = account.filter(|_| groups.is_empty()) {
        groups.push("system:serviceaccounts".to_owned());
        groups.push(format!("system:serviceaccounts:{namespace}"));
    }
    let own = if name == ANONYMOUS { UNAUTHENTICATED } else { AUTHENTICATED };
    let is_said = |group: &String| group == own || group == UNAUTHENTICATED;
    if !groups.iter().any(is_said) {
        groups.push(own.to_owned());
    }
    groups
}

/// The objects of a kind of roles or bindings; of a namespace, or of none.
fn all<T: Typed>(api: &ApiServer, plural: &str, namespace: &str) -> Vec<T> {
    let Some(kind) = resource::find(RBAC, "v1", plural) else { return Vec::new() };
    let own = api
        .objects(kind)
        .into_iter()
        .filter(|object| object.metadata().namespace.as_deref().unwrap_or_default() == namespace);
    own.filter_map(|object| object.other()?.read().ok()).collect()
}

/// Whether the role that a binding names allows something.
fn allowed(api: &ApiServer, role: &RoleRef, namespace: &str, action: &Action) -> bool {
    let find = |plural| resource::find(RBAC, "v1", plural);
    let rules = match role.kind.as_str() {
        "ClusterRole" if role.name == "cluster-admin" => return true,
        "ClusterRole" => find("clusterroles")
            .and_then(|kind| api.object(kind, "", &role.name))
            .and_then(|object| object.other()?.read::<ClusterRole>().ok()?.rules),
        _ => find("roles")
            .and_then(|kind| api.object(kind, namespace, &role.name))
            .and_then(|object| object.other()?.read::<Role>().ok()?.rules),
    };
    rules.iter().flatten().any(|rule| allows(rule, action))
}

fn allows(rule: &PolicyRule, action: &Action) -> bool {
    let has = |list: &Option<Vec<String>>, wanted: &str| {
        list.iter().flatten().any(|one| one == "*" || one == wanted)
    };
    match action {
        Action::OnPath { verb, path } => {
            let paths = rule.non_resource_urls.iter().flatten();
            rule.verbs.iter().any(|one| one == "*" || one == verb)
                && paths.into_iter().any(|known| covers(known, path))
        }
        Action::OnObjects { verb, group, resource, subresource, name, .. } => {
            let whole = match subresource.as_str() {
                "" => resource.clone(),
                below => format!("{resource}/{below}"),
            };
            let any_below = format!("*/{subresource}");
            let names = rule.resource_names.as_deref().unwrap_or_default();
            rule.verbs.iter().any(|one| one == "*" || one == verb)
                && has(&rule.api_groups, group)
                && (has(&rule.resources, &whole)
                    || (!subresource.is_empty() && has(&rule.resources, &any_below)))
                && (names.is_empty() || names.contains(name))
        }
    }
}

/// Whether a path is the known one, or below it where that ends in a star.
fn covers(known: &str, path: &str) -> bool {
    known == path || known.strip_suffix('*').is_some_and(|start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(headers: &[(&'static str, &'static str)]) -> Result<User, String> {
        let headers = headers.iter().map(|(name, value)| {
            (
                hyper::header::HeaderName::from_static(name),
                hyper::header::HeaderValue::from_static(value),
            )
        });
        User::of(&headers.collect())
    }

    #[test]
    fn a_request_is_made_by_the_bearer_or_in_the_name_of_another() {
        assert_eq!(user(&[]), Ok(User::admin()));
        let other = user(&[("impersonate-user", "jo"), ("impersonate-group", "staff")]);
        let other = other.expect("there is a user");
        assert_eq!(
            (&*other.name, other.groups),
            ("jo", vec!["staff".into(), AUTHENTICATED.into()])
        );
        let account = user(&[("impersonate-user", "system:serviceaccount:x:y")]);
        let groups = account.expect("there is a user").groups;
        assert!(groups.contains(&"system:serviceaccounts:x".to_owned()), "{groups:?}");
        assert!(user(&[("impersonate-group", "staff")]).is_err(), "a group is no user");
    }

    #[test]
    fn a_rule_allows_what_it_names() {
        let rule = PolicyRule {
            api_groups: Some(vec![String::new()]),
            resources: Some(vec!["pods".into(), "pods/log".into()]),
            verbs: vec!["get".into()],
            ..PolicyRule::default()
        };
        let action = |verb: &str, resource: &str, subresource: &str| Action::OnObjects {
            verb: verb.into(),
            group: String::new(),
            resource: resource.into(),
            subresource: subresource.into(),
            namespace: "x".into(),
            name: "p".into(),
        };
        assert!(allows(&rule, &action("get", "pods", "")));
        assert!(allows(&rule, &action("get", "pods", "log")));
        assert!(!allows(&rule, &action("get", "pods", "exec")));
        assert!(!allows(&rule, &action("list", "pods", "")));
        assert_eq!(
            User { name: "jo".into(), ..User::admin() }
                .forbidden(&action("get", "pods", "exec"))
                .message,
            "pods \"p\" is forbidden: User \"jo\" cannot get resource \"pods/exec\" in API group \
             \"\" in the namespace \"x\""
        );
    }
}
