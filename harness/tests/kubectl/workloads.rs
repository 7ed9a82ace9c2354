//! Deployments and what they own.

use super::Test;
use super::cluster::{Kubectl, cells, has};

pub(crate) const TESTS: &[Test] = &[
    ("a deployment is rolled out, back and scaled", rollouts),
    ("what owns something is deleted with it or without", cascades),
    ("a stateful set is rolled out and back", stateful),
    ("a job runs to its end", job),
    ("a strict deployment without a node that takes it is pending", pending),
];

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";

fn rollouts(kubectl: &Kubectl) {
    kubectl.says(&format!("kubectl create deployment web --image={IMAGE} --replicas=2"));
    has(
        &kubectl.says("kubectl rollout status deployment/web --timeout=30s"),
        &["successfully rolled out"],
    );
    let web = kubectl.says("kubectl get deployment web");
    assert_eq!(cells(&web)[1][..4], ["web", "2/2", "2", "2"]);
    kubectl.says("kubectl scale deployment/web --replicas=3");
    kubectl.says("kubectl rollout status deployment/web --timeout=30s");
    kubectl.says("kubectl rollout restart deployment/web");
    kubectl.says("kubectl rollout status deployment/web --timeout=30s");
    let history = kubectl.says("kubectl rollout history deployment/web");
    assert_eq!(
        cells(&history).iter().filter(|line| line.len() == 2 && line[0] != "REVISION").count(),
        2
    );
    kubectl.says("kubectl rollout undo deployment/web");
    kubectl.says("kubectl rollout status deployment/web --timeout=30s");
    // Going back is going to what was there before, not to something new.
    assert_eq!(kubectl.says("kubectl get rs -o name").lines().count(), 2);
    has(&kubectl.says("kubectl describe deployment web"), &["ScalingReplicaSet", "3 available"]);
    has(&kubectl.says("kubectl get rs -o wide"), &["pod-template-hash=", "agnhost"]);
}

fn cascades(kubectl: &Kubectl) {
    kubectl.says(&format!("kubectl create deployment web --image={IMAGE} --replicas=1"));
    kubectl.says("kubectl rollout status deployment/web --timeout=30s");
    kubectl.says("kubectl delete deployment web --cascade=orphan");
    let sets = kubectl.says("kubectl get rs -o name");
    assert_eq!(sets.lines().count(), 1);
    kubectl.says(&format!("kubectl delete {sets} --cascade=foreground --timeout=50s"));
    assert_eq!(kubectl.says("kubectl get rs -o name"), "");
    kubectl.says(&format!("kubectl create deployment api --image={IMAGE} --replicas=1"));
    kubectl.says("kubectl rollout status deployment/api --timeout=30s");
    kubectl.says("kubectl delete deployment api");
    kubectl.says("kubectl wait --for=delete rs -l app=api --timeout=30s");
}

/// The seed's second recommendation: a label for nodes that support it, and a selector.
fn pending(kubectl: &Kubectl) {
    kubectl.file(
        "web.yaml",
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {selector: \
         {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: \
         {nodeSelector: {strict: 'yes'}, securityContext: {supplementalGroupsPolicy: Strict}, \
         containers: [{name: c, image: 'registry.k8s.io/e2e-test-images/agnhost:2.45', command: \
         [sleep, 1h]}]}}}}",
    );
    kubectl.says("kubectl apply -f web.yaml");
    kubectl.says("kubectl wait --for=condition=PodScheduled=false pod -l app=web --timeout=20s");
    let events = kubectl.says("kubectl get events --field-selector reason=FailedScheduling");
    has(&events, &["0/2 nodes are available", "node(s) didn't match Pod's node affinity/selector"]);
    kubectl.says("kubectl label node n21 strict=yes");
    kubectl.says("kubectl rollout status deployment/web --timeout=30s");
}

fn stateful(kubectl: &Kubectl) {
    kubectl.file(
        "db.yaml",
        "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {replicas: 2, \
         serviceName: db, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: \
         db}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: \
         'registry.k8s.io/e2e-test-images/agnhost:2.45', command: [sleep, 1h]}]}}}}",
    );
    kubectl.says("kubectl apply -f db.yaml");
    has(
        &kubectl.says("kubectl rollout status statefulset/db --timeout=40s"),
        &["partitioned roll out complete: 2 new pods have been updated"],
    );
    assert_eq!(cells(&kubectl.says("kubectl get sts db"))[1][..2], ["db", "2/2"]);
    kubectl.says("kubectl set env statefulset/db A=1");
    kubectl.says("kubectl rollout status statefulset/db --timeout=50s");
    let revision = "kubectl get sts db -o jsonpath='{.status.currentRevision}'";
    let second = kubectl.says(revision);
    assert_eq!(kubectl.says("kubectl get controllerrevisions -o name").lines().count(), 2);
    kubectl.says("kubectl rollout undo statefulset/db");
    kubectl.says("kubectl rollout status statefulset/db --timeout=50s");
    assert_ne!(kubectl.says(revision), second);
    // Going back is going to what was there before, not to something new.
    assert_eq!(kubectl.says("kubectl get controllerrevisions -o name").lines().count(), 2);
    has(
        &kubectl.says("kubectl describe sts db"),
        &["create Pod db-1 in StatefulSet db successful", "2 Running / 0 Waiting"],
    );
}

fn job(kubectl: &Kubectl) {
    kubectl.says(&format!("kubectl create job report --image={IMAGE} -- sleep 2"));
    kubectl.says("kubectl wait --for=condition=complete job/report --timeout=40s");
    assert_eq!(
        cells(&kubectl.says("kubectl get job report"))[1][..3],
        ["report", "Complete", "1/1"]
    );
    has(
        &kubectl.says("kubectl describe job report"),
        &["batch.kubernetes.io/controller-uid=", "0 Active", "1 Succeeded", "Job completed"],
    );
    has(&kubectl.says("kubectl get pods -l job-name=report"), &["Completed"]);
    kubectl.says("kubectl delete job report");
    kubectl.says("kubectl wait --for=delete pod -l job-name=report --timeout=30s");
}
