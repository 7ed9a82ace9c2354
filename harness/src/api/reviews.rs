//! Questions about who somebody is and may do what.

use kubernetes_objects::resource::Resource;
use serde_json::{Value as Json, json};

use kubernetes_objects::Status;

use super::answer;
use super::authorization::{Action, MASTERS, User};
use super::request::Context;

/// Answers a question that is created and forgotten.
///
/// # Errors
/// [`Status`] for questions that this server has no answer to.
pub(super) fn review(
    resource: &Resource,
    mut question: Json,
    user: &User,
    context: &Context,
) -> Result<Json, Status> {
    let api = &context.cluster.api;
    let status = match resource.plural {
        "selfsubjectaccessreviews" => {
            json!({"allowed": user.may(&action_of(&question["spec"]), api)})
        }
        "subjectaccessreviews" | "localsubjectaccessreviews" => {
            let spec = &question["spec"];
            json!({"allowed": subject_of(spec).may(&action_of(spec), api)})
        }
        "selfsubjectrulesreviews" if !user.groups.iter().any(|group| group == MASTERS) => json!({
            "incomplete": true, "resourceRules": [], "nonResourceRules": [],
        }),
        "selfsubjectrulesreviews" => json!({
            "incomplete": false,
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        }),
        "selfsubjectreviews" => json!({"userInfo": user.to_json()}),
        "tokenreviews" => {
            let is_known = question["spec"]["token"] == context.token.text();
            if is_known {
                json!({"authenticated": true, "user": User::admin().to_json()})
            } else {
                json!({"user": {}})
            }
        }
        other => return Err(answer::not_implemented(format!("nothing here answers {other}"))),
    };
    question["kind"] = resource.kind.into();
    question["apiVersion"] = resource.api_version().into();
    question["status"] = status;
    Ok(question)
}

/// What a question about access asks for.
fn action_of(spec: &Json) -> Action {
    let text = |part: &str, field: &str| spec[part][field].as_str().unwrap_or_default().to_owned();
    if spec["nonResourceAttributes"].is_object() {
        let part = "nonResourceAttributes";
        return Action::OnPath { verb: text(part, "verb"), path: text(part, "path") };
    }
    let text = |field| text("resourceAttributes", field);
    Action::OnObjects {
        verb: text("verb"),
        group: text("group"),
        resource: text("resource"),
        subresource: text("subresource"),
        namespace: text("namespace"),
        name: text("name"),
    }
}

/// Whom a question about access is about.
fn subject_of(spec: &Json) -> User {
    let groups = spec["groups"].as_array().into_iter().flatten();
    let groups = groups.filter_map(|group| group.as_str().map(str::to_owned)).collect();
    let name = spec["user"].as_str().unwrap_or_default();
    if name == User::admin().name { User::admin() } else { User::named(name, groups) }
}
