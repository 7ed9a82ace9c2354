//! Questions about who may do what: whoever has the token may do everything.

use kubernetes_objects::resource::Resource;
use serde_json::{Value as Json, json};

use super::answer;
use kubernetes_objects::Status;

/// Who the bearer of the token is.
const USER: &str = "gidcheck-admin";
const GROUPS: &[&str] = &["system:masters", "system:authenticated"];

/// Answers a question that is created and forgotten.
///
/// # Errors
/// [`Status`] for questions that this server has no answer to.
pub(super) fn review(resource: &Resource, mut question: Json, token: &str) -> Result<Json, Status> {
    let user = json!({"username": USER, "groups": GROUPS});
    let status = match resource.plural {
        "selfsubjectaccessreviews" => json!({"allowed": true}),
        "subjectaccessreviews" | "localsubjectaccessreviews" => {
            let spec = &question["spec"];
            let is_admin = spec["user"] == USER
                || spec["groups"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|it| it == GROUPS[0]));
            json!({"allowed": is_admin})
        }
        "selfsubjectrulesreviews" => json!({
            "incomplete": false,
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        }),
        "selfsubjectreviews" => json!({"userInfo": user}),
        "tokenreviews" => {
            let is_known = question["spec"]["token"] == token;
            if is_known {
                json!({"authenticated": true, "user": user})
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
