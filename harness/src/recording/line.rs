//! A case as a line of a recording, field by field.

use serde::{Deserialize, Serialize};

use super::model::{Call, LinuxUser, Outcome, RecordedCase, Request};

/// What a line lacks to be a recorded case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// No outcome at all.
    #[error("the case has no \"ok\", which says whether its container ran")]
    Outcome,
    /// It ran, but nothing was printed.
    #[error("the case is ok but has no \"id_output\"")]
    IdOutput,
    /// It failed, but how is not said.
    #[error("the case is not ok and needs \"stage\", \"code\" and \"error\"")]
    Failure,
}

/// A line, in the order in which its fields are written.
///
/// Unknown fields are refused: one that says more of the request would be lost, and the
/// outcome held against another request.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseLine {
    id: String,
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_as_user: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_as_group: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_as_username: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    supplemental_groups: Vec<i64>,
    #[serde(default)]
    policy: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox_policy: Option<i32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sandbox_supplemental_groups: Vec<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<Call>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_output: Option<String>,
    /// Written as `null` where a container ran and nobody was reported.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    user: Option<Option<ReportedUser>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportedUser {
    linux: Option<LinuxUser>,
}

/// Keeps `null` and a missing field apart.
mod nullable {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::ReportedUser;

    #[allow(clippy::ref_option, reason = "the signature that serde calls")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Option<ReportedUser>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<ReportedUser>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

impl CaseLine {
    /// What was asked; whatever the line says of the outcome is left.
    pub(super) fn into_request(self) -> Request {
        Request {
            id: self.id,
            image: self.image,
            run_as_user: self.run_as_user,
            run_as_group: self.run_as_group,
            run_as_username: self.run_as_username,
            supplemental_groups: self.supplemental_groups,
            policy: self.policy,
            sandbox_policy: self.sandbox_policy,
            sandbox_supplemental_groups: self.sandbox_supplemental_groups,
        }
    }

    /// The whole case.
    pub(super) fn into_case(mut self) -> Result<RecordedCase, Incomplete> {
        let user = self.user.take().flatten().and_then(|user| user.linux);
        let (stage, code, error) = (self.stage.take(), self.code.take(), self.error.take());
        let outcome = match (self.ok, self.id_output.take()) {
            (None, _) => return Err(Incomplete::Outcome),
            (Some(true), None) => return Err(Incomplete::IdOutput),
            (Some(true), Some(id_output)) => Outcome::Ran { id_output, user },
            (Some(false), _) => match (stage, code, error) {
                (Some(call), Some(code), Some(message)) => Outcome::Refused { call, code, message },
                _ => return Err(Incomplete::Failure),
            },
        };
        Ok(RecordedCase { request: self.into_request(), outcome })
    }
}

impl From<&Request> for CaseLine {
    fn from(request: &Request) -> Self {
        let Request {
            id,
            image,
            run_as_user,
            run_as_group,
            run_as_username,
            supplemental_groups,
            policy,
            sandbox_policy,
            sandbox_supplemental_groups,
        } = request.clone();
        Self {
            id,
            image,
            run_as_user,
            run_as_group,
            run_as_username,
            supplemental_groups,
            policy,
            sandbox_policy,
            sandbox_supplemental_groups,
            ..Self::default()
        }
    }
}

impl From<&RecordedCase> for CaseLine {
    fn from(case: &RecordedCase) -> Self {
        let line = Self::from(&case.request);
        match case.outcome.clone() {
            Outcome::Ran { id_output, user } => Self {
                ok: Some(true),
                id_output: Some(id_output),
                user: Some(user.map(|linux| ReportedUser { linux: Some(linux) })),
                ..line
            },
            Outcome::Refused { call, code, message } => Self {
                ok: Some(false),
                stage: Some(call),
                code: Some(code),
                error: Some(message),
                ..line
            },
        }
    }
}
