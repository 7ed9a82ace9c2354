//! The types of `authentication/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, Bool, Int64, List, Map, Text, Time};
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, ATOMIC, KIND, field, structure};

const PACKAGE: &str = "io.k8s.api.authentication.v1";

/// `authentication/v1` `BoundObjectReference`.
pub static BOUND_OBJECT_REFERENCE: Struct = structure(
    PACKAGE,
    "BoundObjectReference",
    &[
        field("kind", Text("string")).omit_empty(),
        field("apiVersion", Text("string")).go_name("APIVersion").omit_empty(),
        field("name", Text("string")).omit_empty(),
        field("uid", Text("types.UID")).go_name("UID").omit_empty(),
    ],
);

/// `authentication/v1` `SelfSubjectReview`.
pub static SELF_SUBJECT_REVIEW: Struct = structure(
    PACKAGE,
    "SelfSubjectReview",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("status", Type::Struct(&SELF_SUBJECT_REVIEW_STATUS)).omit_empty(),
    ],
);

/// `authentication/v1` `SelfSubjectReviewStatus`.
pub static SELF_SUBJECT_REVIEW_STATUS: Struct = structure(
    PACKAGE,
    "SelfSubjectReviewStatus",
    &[field("userInfo", Type::Struct(&USER_INFO)).omit_empty()],
);

/// `authentication/v1` `TokenRequest`.
pub static TOKEN_REQUEST: Struct = structure(
    PACKAGE,
    "TokenRequest",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&TOKEN_REQUEST_SPEC)),
        field("status", Type::Struct(&TOKEN_REQUEST_STATUS)).omit_empty(),
    ],
);

/// `authentication/v1` `TokenRequestSpec`.
pub static TOKEN_REQUEST_SPEC: Struct = structure(
    PACKAGE,
    "TokenRequestSpec",
    &[
        field("audiences", List(&Text("string"), ATOMIC)),
        field("expirationSeconds", Int64).pointer(),
        field("boundObjectRef", Type::Struct(&BOUND_OBJECT_REFERENCE)).pointer(),
    ],
);

/// `authentication/v1` `TokenRequestStatus`.
pub static TOKEN_REQUEST_STATUS: Struct = structure(
    PACKAGE,
    "TokenRequestStatus",
    &[field("token", Text("string")), field("expirationTimestamp", Time)],
);

/// `authentication/v1` `TokenReview`.
pub static TOKEN_REVIEW: Struct = structure(
    PACKAGE,
    "TokenReview",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&TOKEN_REVIEW_SPEC)).required(),
        field("status", Type::Struct(&TOKEN_REVIEW_STATUS)).omit_empty(),
    ],
);

/// `authentication/v1` `TokenReviewSpec`.
pub static TOKEN_REVIEW_SPEC: Struct = structure(
    PACKAGE,
    "TokenReviewSpec",
    &[
        field("token", Text("string")).omit_empty(),
        field("audiences", List(&Text("string"), ATOMIC)).omit_empty(),
    ],
);

/// `authentication/v1` `TokenReviewStatus`.
pub static TOKEN_REVIEW_STATUS: Struct = structure(
    PACKAGE,
    "TokenReviewStatus",
    &[
        field("authenticated", Bool).omit_empty(),
        field("user", Type::Struct(&USER_INFO)).omit_empty(),
        field("audiences", List(&Text("string"), ATOMIC)).omit_empty(),
        field("error", Text("string")).omit_empty(),
    ],
);

/// `authentication/v1` `UserInfo`.
pub static USER_INFO: Struct = structure(
    PACKAGE,
    "UserInfo",
    &[
        field("username", Text("string")).omit_empty(),
        field("uid", Text("string")).go_name("UID").omit_empty(),
        field("groups", List(&Text("string"), ATOMIC)).omit_empty(),
        field("extra", Map("map[string]v1.ExtraValue", &List(&Text("string"), ATOMIC)))
            .omit_empty(),
    ],
);
