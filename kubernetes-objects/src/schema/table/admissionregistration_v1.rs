//! The types of `admissionregistration/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, Bytes, Int32, Int64, List, Text};
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, ATOMIC, KIND, SET, field, merged_by, structure};

const PACKAGE: &str = "io.k8s.api.admissionregistration.v1";

/// `admissionregistration/v1` `ApplyConfiguration`.
pub static APPLY_CONFIGURATION: Struct =
    structure(PACKAGE, "ApplyConfiguration", &[field("expression", Text("string")).omit_empty()]);

/// `admissionregistration/v1` `AuditAnnotation`.
pub static AUDIT_ANNOTATION: Struct = structure(
    PACKAGE,
    "AuditAnnotation",
    &[field("key", Text("string")).required(), field("valueExpression", Text("string")).required()],
);

/// `admissionregistration/v1` `ExpressionWarning`.
pub static EXPRESSION_WARNING: Struct = structure(
    PACKAGE,
    "ExpressionWarning",
    &[field("fieldRef", Text("string")).required(), field("warning", Text("string")).required()],
);

/// `admissionregistration/v1` `JSONPatch`.
pub static JSON_PATCH: Struct =
    structure(PACKAGE, "JSONPatch", &[field("expression", Text("string")).omit_empty()]);

/// `admissionregistration/v1` `MatchCondition`.
pub static MATCH_CONDITION: Struct = structure(
    PACKAGE,
    "MatchCondition",
    &[field("name", Text("string")).required(), field("expression", Text("string")).required()],
);

/// `admissionregistration/v1` `MatchResources`.
pub static MATCH_RESOURCES: Struct = structure(
    PACKAGE,
    "MatchResources",
    &[
        field("namespaceSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("objectSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("resourceRules", List(&Type::Struct(&NAMED_RULE_WITH_OPERATIONS), ATOMIC))
            .omit_empty(),
        field("excludeResourceRules", List(&Type::Struct(&NAMED_RULE_WITH_OPERATIONS), ATOMIC))
            .omit_empty(),
        field("matchPolicy", Text("v1.MatchPolicyType")).pointer().omit_empty(),
    ],
)
.atomic();

/// `admissionregistration/v1` `MutatingAdmissionPolicy`.
pub static MUTATING_ADMISSION_POLICY: Struct = structure(
    PACKAGE,
    "MutatingAdmissionPolicy",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&MUTATING_ADMISSION_POLICY_SPEC)).omit_empty(),
    ],
);

/// `admissionregistration/v1` `MutatingAdmissionPolicyBinding`.
pub static MUTATING_ADMISSION_POLICY_BINDING: Struct = structure(
    PACKAGE,
    "MutatingAdmissionPolicyBinding",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&MUTATING_ADMISSION_POLICY_BINDING_SPEC)).omit_empty(),
    ],
);

/// `admissionregistration/v1` `MutatingAdmissionPolicyBindingSpec`.
pub static MUTATING_ADMISSION_POLICY_BINDING_SPEC: Struct = structure(
    PACKAGE,
    "MutatingAdmissionPolicyBindingSpec",
    &[
        field("policyName", Text("string")).omit_empty(),
        field("paramRef", Type::Struct(&PARAM_REF)).pointer().omit_empty(),
        field("matchResources", Type::Struct(&MATCH_RESOURCES)).pointer().omit_empty(),
    ],
);

/// `admissionregistration/v1` `MutatingAdmissionPolicySpec`.
pub static MUTATING_ADMISSION_POLICY_SPEC: Struct = structure(
    PACKAGE,
    "MutatingAdmissionPolicySpec",
    &[
        field("paramKind", Type::Struct(&PARAM_KIND)).pointer().omit_empty(),
        field("matchConstraints", Type::Struct(&MATCH_RESOURCES)).pointer().omit_empty(),
        field("variables", List(&Type::Struct(&VARIABLE), ATOMIC)).omit_empty(),
        field("mutations", List(&Type::Struct(&MUTATION), ATOMIC)).omit_empty(),
        field("failurePolicy", Text("v1.FailurePolicyType")).pointer().omit_empty(),
        field(
            "matchConditions",
            List(&Type::Struct(&MATCH_CONDITION), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
        field("reinvocationPolicy", Text("v1.ReinvocationPolicyType")).omit_empty(),
    ],
);

/// `admissionregistration/v1` `MutatingWebhook`.
pub static MUTATING_WEBHOOK: Struct = structure(
    PACKAGE,
    "MutatingWebhook",
    &[
        field("name", Text("string")).required(),
        field("clientConfig", Type::Struct(&WEBHOOK_CLIENT_CONFIG)).required(),
        field("rules", List(&Type::Struct(&RULE_WITH_OPERATIONS), ATOMIC)).omit_empty(),
        field("failurePolicy", Text("v1.FailurePolicyType")).pointer().omit_empty(),
        field("matchPolicy", Text("v1.MatchPolicyType")).pointer().omit_empty(),
        field("namespaceSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("objectSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("sideEffects", Text("v1.SideEffectClass")).pointer().required(),
        field("timeoutSeconds", Int32).pointer().omit_empty(),
        field("admissionReviewVersions", List(&Text("string"), ATOMIC)).required(),
        field("reinvocationPolicy", Text("v1.ReinvocationPolicyType")).pointer().omit_empty(),
        field(
            "matchConditions",
            List(&Type::Struct(&MATCH_CONDITION), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
    ],
);

/// `admissionregistration/v1` `MutatingWebhookConfiguration`.
pub static MUTATING_WEBHOOK_CONFIGURATION: Struct = structure(
    PACKAGE,
    "MutatingWebhookConfiguration",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field(
            "webhooks",
            List(&Type::Struct(&MUTATING_WEBHOOK), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
    ],
);

/// `admissionregistration/v1` `Mutation`.
pub static MUTATION: Struct = structure(
    PACKAGE,
    "Mutation",
    &[
        field("patchType", Text("v1.PatchType")).required(),
        field("applyConfiguration", Type::Struct(&APPLY_CONFIGURATION)).pointer().omit_empty(),
        field("jsonPatch", Type::Struct(&JSON_PATCH)).go_name("JSONPatch").pointer().omit_empty(),
    ],
);

/// `admissionregistration/v1` `NamedRuleWithOperations`.
pub static NAMED_RULE_WITH_OPERATIONS: Struct = structure(
    PACKAGE,
    "NamedRuleWithOperations",
    &[
        field("resourceNames", List(&Text("string"), ATOMIC)).omit_empty(),
        field("operations", List(&Text("v1.OperationType"), ATOMIC)).omit_empty(),
        field("apiGroups", List(&Text("string"), ATOMIC)).go_name("APIGroups").omit_empty(),
        field("apiVersions", List(&Text("string"), ATOMIC)).go_name("APIVersions").omit_empty(),
        field("resources", List(&Text("string"), ATOMIC)).omit_empty(),
        field("scope", Text("v1.ScopeType")).pointer().omit_empty(),
    ],
)
.atomic();

/// `admissionregistration/v1` `ParamKind`.
pub static PARAM_KIND: Struct = structure(
    PACKAGE,
    "ParamKind",
    &[
        field("apiVersion", Text("string")).go_name("APIVersion").omit_empty(),
        field("kind", Text("string")).omit_empty(),
    ],
)
.atomic();

/// `admissionregistration/v1` `ParamRef`.
pub static PARAM_REF: Struct = structure(
    PACKAGE,
    "ParamRef",
    &[
        field("name", Text("string")).omit_empty(),
        field("namespace", Text("string")).omit_empty(),
        field("selector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("parameterNotFoundAction", Text("v1.ParameterNotFoundActionType"))
            .pointer()
            .omit_empty(),
    ],
)
.atomic();

/// `admissionregistration/v1` `RuleWithOperations`.
pub static RULE_WITH_OPERATIONS: Struct = structure(
    PACKAGE,
    "RuleWithOperations",
    &[
        field("operations", List(&Text("v1.OperationType"), ATOMIC)).omit_empty(),
        field("apiGroups", List(&Text("string"), ATOMIC)).go_name("APIGroups").omit_empty(),
        field("apiVersions", List(&Text("string"), ATOMIC)).go_name("APIVersions").omit_empty(),
        field("resources", List(&Text("string"), ATOMIC)).omit_empty(),
        field("scope", Text("v1.ScopeType")).pointer().omit_empty(),
    ],
);

/// `admissionregistration/v1` `ServiceReference`.
pub static SERVICE_REFERENCE: Struct = structure(
    PACKAGE,
    "ServiceReference",
    &[
        field("namespace", Text("string")).required(),
        field("name", Text("string")).required(),
        field("path", Text("string")).pointer().omit_empty(),
        field("port", Int32).pointer().omit_empty(),
    ],
);

/// `admissionregistration/v1` `TypeChecking`.
pub static TYPE_CHECKING: Struct = structure(
    PACKAGE,
    "TypeChecking",
    &[field("expressionWarnings", List(&Type::Struct(&EXPRESSION_WARNING), ATOMIC)).omit_empty()],
);

/// `admissionregistration/v1` `ValidatingAdmissionPolicy`.
pub static VALIDATING_ADMISSION_POLICY: Struct = structure(
    PACKAGE,
    "ValidatingAdmissionPolicy",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&VALIDATING_ADMISSION_POLICY_SPEC)).omit_empty(),
        field("status", Type::Struct(&VALIDATING_ADMISSION_POLICY_STATUS)).omit_empty(),
    ],
);

/// `admissionregistration/v1` `ValidatingAdmissionPolicyBinding`.
pub static VALIDATING_ADMISSION_POLICY_BINDING: Struct = structure(
    PACKAGE,
    "ValidatingAdmissionPolicyBinding",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&VALIDATING_ADMISSION_POLICY_BINDING_SPEC)).omit_empty(),
    ],
);

/// `admissionregistration/v1` `ValidatingAdmissionPolicyBindingSpec`.
pub static VALIDATING_ADMISSION_POLICY_BINDING_SPEC: Struct = structure(
    PACKAGE,
    "ValidatingAdmissionPolicyBindingSpec",
    &[
        field("policyName", Text("string")).omit_empty(),
        field("paramRef", Type::Struct(&PARAM_REF)).pointer().omit_empty(),
        field("matchResources", Type::Struct(&MATCH_RESOURCES)).pointer().omit_empty(),
        field("validationActions", List(&Text("v1.ValidationAction"), SET)).omit_empty(),
    ],
);

/// `admissionregistration/v1` `ValidatingAdmissionPolicySpec`.
pub static VALIDATING_ADMISSION_POLICY_SPEC: Struct = structure(
    PACKAGE,
    "ValidatingAdmissionPolicySpec",
    &[
        field("paramKind", Type::Struct(&PARAM_KIND)).pointer().omit_empty(),
        field("matchConstraints", Type::Struct(&MATCH_RESOURCES)).pointer().omit_empty(),
        field("validations", List(&Type::Struct(&VALIDATION), ATOMIC)).omit_empty(),
        field("failurePolicy", Text("v1.FailurePolicyType")).pointer().omit_empty(),
        field("auditAnnotations", List(&Type::Struct(&AUDIT_ANNOTATION), ATOMIC)).omit_empty(),
        field(
            "matchConditions",
            List(&Type::Struct(&MATCH_CONDITION), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
        field("variables", List(&Type::Struct(&VARIABLE), merged_by(&["name"]).patched_by("name")))
            .omit_empty(),
    ],
);

/// `admissionregistration/v1` `ValidatingAdmissionPolicyStatus`.
pub static VALIDATING_ADMISSION_POLICY_STATUS: Struct = structure(
    PACKAGE,
    "ValidatingAdmissionPolicyStatus",
    &[
        field("observedGeneration", Int64).omit_empty(),
        field("typeChecking", Type::Struct(&TYPE_CHECKING)).pointer().omit_empty(),
        field("conditions", List(&Type::Struct(&meta_v1::CONDITION), merged_by(&["type"])))
            .omit_empty(),
    ],
);

/// `admissionregistration/v1` `ValidatingWebhook`.
pub static VALIDATING_WEBHOOK: Struct = structure(
    PACKAGE,
    "ValidatingWebhook",
    &[
        field("name", Text("string")).required(),
        field("clientConfig", Type::Struct(&WEBHOOK_CLIENT_CONFIG)).required(),
        field("rules", List(&Type::Struct(&RULE_WITH_OPERATIONS), ATOMIC)).omit_empty(),
        field("failurePolicy", Text("v1.FailurePolicyType")).pointer().omit_empty(),
        field("matchPolicy", Text("v1.MatchPolicyType")).pointer().omit_empty(),
        field("namespaceSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("objectSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("sideEffects", Text("v1.SideEffectClass")).pointer().required(),
        field("timeoutSeconds", Int32).pointer().omit_empty(),
        field("admissionReviewVersions", List(&Text("string"), ATOMIC)).required(),
        field(
            "matchConditions",
            List(&Type::Struct(&MATCH_CONDITION), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
    ],
);

/// `admissionregistration/v1` `ValidatingWebhookConfiguration`.
pub static VALIDATING_WEBHOOK_CONFIGURATION: Struct = structure(
    PACKAGE,
    "ValidatingWebhookConfiguration",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field(
            "webhooks",
            List(&Type::Struct(&VALIDATING_WEBHOOK), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
    ],
);

/// `admissionregistration/v1` `Validation`.
pub static VALIDATION: Struct = structure(
    PACKAGE,
    "Validation",
    &[
        field("expression", Text("string")).required(),
        field("message", Text("string")).omit_empty(),
        field("reason", Text("v1.StatusReason")).pointer().omit_empty(),
        field("messageExpression", Text("string")).omit_empty(),
    ],
);

/// `admissionregistration/v1` `Variable`.
pub static VARIABLE: Struct = structure(
    PACKAGE,
    "Variable",
    &[field("name", Text("string")).required(), field("expression", Text("string")).required()],
)
.atomic();

/// `admissionregistration/v1` `WebhookClientConfig`.
pub static WEBHOOK_CLIENT_CONFIG: Struct = structure(
    PACKAGE,
    "WebhookClientConfig",
    &[
        field("url", Text("string")).go_name("URL").pointer().omit_empty(),
        field("service", Type::Struct(&SERVICE_REFERENCE)).pointer().omit_empty(),
        field("caBundle", Bytes).go_name("CABundle").omit_empty(),
    ],
);
