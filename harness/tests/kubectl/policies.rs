//! The policies of `policies/`, as kubectl applies them and shows what they say.

use super::Test;
use super::cluster::{Kubectl, has};

pub(crate) const TESTS: &[Test] = &[
    ("a policy that demands Strict refuses with what to do", refuses),
    ("a policy that warns lets kubectl print it", warns),
    ("a policy that is no policy is refused", refused),
    ("a policy lets what runs already be scaled and deleted", lets_be),
];

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";

fn policy(kubectl: &Kubectl, name: &str) {
    let path = format!("{}/../policies/{name}", env!("CARGO_MANIFEST_DIR"));
    let said = kubectl.says(&format!("kubectl apply -f {path}"));
    has(&said, &["validatingadmissionpolicybinding.admissionregistration.k8s.io/"]);
}

fn refuses(kubectl: &Kubectl) {
    policy(kubectl, "require-strict.yaml");
    let (code, refusal) = kubectl.fails(&format!("kubectl create deployment web --image={IMAGE}"));
    assert_eq!(code, 1);
    has(
        &refusal,
        &[
            "denied request: set securityContext.supplementalGroupsPolicy to Strict",
            "ValidatingAdmissionPolicy 'require-strict-workloads'",
        ],
    );
    // A dry run by the server is held to it as well.
    kubectl.fails(&format!("kubectl run one --image={IMAGE} --dry-run=server"));
    kubectl.says("kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings");
}

fn warns(kubectl: &Kubectl) {
    policy(kubectl, "warn-merge.yaml");
    let output = kubectl.run(&format!("kubectl run one --image={IMAGE}"));
    let warned = String::from_utf8_lossy(&output.stderr);
    has(&warned, &["Warning: Validation failed for ValidatingAdmissionPolicy 'warn-merge-pods'"]);
    kubectl.says("kubectl wait --for=condition=Ready pod/one");
}

fn refused(kubectl: &Kubectl) {
    kubectl.file(
        "broken.yaml",
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n\
         metadata: {name: broken}\nspec:\n  matchConstraints: {resourceRules: [{apiGroups: [''], \
         apiVersions: [v1], operations: [CREATE], resources: [pods]}]}\n  \
         validations: [{expression: 'object.'}]\n",
    );
    let (_, refusal) = kubectl.fails("kubectl apply -f broken.yaml");
    has(&refusal, &["spec.validations[0].expression: Invalid value", "compilation failed"]);
}

fn lets_be(kubectl: &Kubectl) {
    kubectl.says(&format!("kubectl create deployment web --image={IMAGE}"));
    kubectl.says("kubectl rollout status deployment web");
    policy(kubectl, "require-strict.yaml");
    kubectl.says("kubectl annotate deployment web seen=yes");
    kubectl.says("kubectl scale deployment web --replicas=0");
    kubectl.says("kubectl wait --for=jsonpath='{.status.observedGeneration}'=2 deployment/web");
    kubectl.says("kubectl wait --for=delete pod -l app=web --timeout=30s");
    let (_, refusal) = kubectl.fails("kubectl set env deployment/web A=b");
    has(&refusal, &["ValidatingAdmissionPolicy 'require-strict-workloads'"]);
    kubectl.says("kubectl delete deployment web --cascade=foreground --timeout=30s");
}
