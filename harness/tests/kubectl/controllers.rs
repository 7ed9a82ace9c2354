//! What kubectl shows of CronJobs, DaemonSets, claims of storage, and what every namespace has.

use super::Test;
use super::cluster::{Kubectl, cells, has};

pub(crate) const TESTS: &[Test] = &[
    ("a cron job is shown, run by hand, suspended and deleted", cron_job),
    ("a daemon set is rolled out and back", daemon_set),
    ("a claim says why it waits", claim),
    ("a namespace has an account and the server's certificate", namespace),
];

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";

fn cron_job(kubectl: &Kubectl) {
    kubectl.says(&format!(
        "kubectl create cronjob report --image={IMAGE} --schedule='@every 3s' -- sleep 1"
    ));
    let shown = kubectl.says("kubectl get cronjob report");
    let cells_of = |text: &str| cells(text)[1].iter().map(|cell| (*cell).to_owned()).collect();
    let line: Vec<String> = cells_of(&shown);
    assert_eq!(line[..2], ["report", "@every"], "{shown}");
    kubectl.says(
        "until kubectl get jobs -o jsonpath='{.items[*].status.succeeded}' | grep 1; do sleep 0.2; \
         done",
    );
    kubectl.says("kubectl create job by-hand --from=cronjob/report");
    kubectl.says("kubectl wait --for=condition=complete job/by-hand --timeout=40s");
    has(
        &kubectl.says("kubectl get job by-hand -o yaml"),
        &["cronjob.kubernetes.io/instantiate: manual", "kind: CronJob", "name: report"],
    );
    kubectl.says("kubectl patch cronjob report -p '{\"spec\":{\"suspend\":true}}'");
    has(
        &kubectl.says("kubectl describe cronjob report"),
        &[
            "Schedule:                      @every 3s",
            "Concurrency Policy:            Allow",
            "Suspend:                       True",
            "Successful Job History Limit:  3",
            "Failed Job History Limit:      1",
            "SuccessfulCreate",
            "Created job report-",
            "SawCompletedJob",
            "condition: Complete",
            "UnexpectedJob",
        ],
    );
    let (_, refusal) = kubectl
        .fails(&format!("kubectl create cronjob odd --image={IMAGE} --schedule='61 * * * *'"));
    has(
        &refusal,
        &["spec.schedule: Invalid value: \"61 * * * *\": end of range (61) above maximum (59): 61"],
    );
    kubectl.says("kubectl delete cronjob report");
    kubectl.says("kubectl wait --for=delete job/by-hand --timeout=30s");
}

fn daemon_set(kubectl: &Kubectl) {
    kubectl.file(
        "agent.yaml",
        "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: \
         {matchLabels: {app: agent}}, template: {metadata: {labels: {app: agent}}, spec: \
         {terminationGracePeriodSeconds: 1, containers: [{name: c, image: \
         'registry.k8s.io/e2e-test-images/agnhost:2.45', command: [sleep, 1h]}]}}}}",
    );
    kubectl.says("kubectl apply -f agent.yaml");
    has(
        &kubectl.says("kubectl rollout status daemonset/agent --timeout=40s"),
        &["daemon set \"agent\" successfully rolled out"],
    );
    let shown = kubectl.says("kubectl get ds agent");
    assert_eq!(cells(&shown)[1][..6], ["agent", "2", "2", "2", "2", "2"], "{shown}");
    kubectl.says("kubectl annotate ds agent kubernetes.io/change-cause='a variable'");
    kubectl.says("kubectl set env daemonset/agent A=1");
    kubectl.says("kubectl rollout status daemonset/agent --timeout=50s");
    let history = kubectl.says("kubectl rollout history daemonset/agent");
    has(&history, &["REVISION", "1         <none>", "2         a variable"]);
    has(
        &kubectl.says("kubectl rollout history daemonset/agent --revision=2"),
        &["daemonset.apps/agent with revision #2", "A:\t1"],
    );
    has(&kubectl.says("kubectl rollout undo daemonset/agent"), &["agent rolled back"]);
    kubectl.says("kubectl rollout status daemonset/agent --timeout=50s");
    assert_eq!(kubectl.says("kubectl get ds agent -o jsonpath='{..env}'"), "");
    // Going back is going to what was there before, not to something new.
    let revisions = kubectl.says("kubectl get controllerrevisions");
    assert_eq!(revisions.lines().count(), 3, "{revisions}");
    assert_eq!(cells(&revisions)[1][1], "daemonset.apps/agent", "{revisions}");
    has(&kubectl.says("kubectl rollout history daemonset/agent"), &["3         "]);
    has(
        &kubectl.says("kubectl describe ds agent"),
        &["Desired Number of Nodes Scheduled: 2", "SuccessfulCreate", "SuccessfulDelete"],
    );
}

fn claim(kubectl: &Kubectl) {
    let claim = |name: &str, class: &str| {
        format!(
            "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{name: {name}}}, spec: \
             {{accessModes: [ReadWriteOnce], {class} resources: {{requests: {{storage: 1Gi}}}}}}}}"
        )
    };
    kubectl.file("none.yaml", &claim("none", ""));
    kubectl.file("fast.yaml", &claim("fast", "storageClassName: fast,"));
    kubectl.file("late.yaml", &claim("late", "storageClassName: late,"));
    kubectl.file(
        "class.yaml",
        "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: late}, provisioner: \
         example.com/disk, volumeBindingMode: WaitForFirstConsumer}",
    );
    kubectl.says("kubectl apply -f class.yaml -f none.yaml -f fast.yaml -f late.yaml");
    let shown = kubectl.says("kubectl get pvc");
    // Its age follows.
    assert_eq!(cells(&shown)[2][..4], ["late", "Pending", "late", "<unset>"], "{shown}");
    for (name, words) in [
        ("none", "no persistent volumes available for this claim and no storage class is set"),
        ("fast", "storageclass.storage.k8s.io \"fast\" not found"),
        ("late", "waiting for first consumer to be created before binding"),
    ] {
        kubectl.says(&format!(
            "until kubectl describe pvc {name} | grep -F '{words}'; do sleep 0.2; done"
        ));
    }
    has(
        &kubectl.says("kubectl get events --field-selector involvedObject.name=none"),
        &["Normal", "FailedBinding", "persistentvolumeclaim/none"],
    );
}

fn namespace(kubectl: &Kubectl) {
    has(
        &kubectl.says("kubectl get sa,cm"),
        &["serviceaccount/default", "configmap/kube-root-ca.crt"],
    );
    kubectl.says("kubectl create namespace shop");
    kubectl.says("until kubectl -n shop get sa default; do sleep 0.1; done");
    kubectl.says("until kubectl -n shop get cm kube-root-ca.crt; do sleep 0.1; done");
    let data = "-o jsonpath='{.data.ca\\.crt}'";
    let certificate = kubectl.says(&format!("kubectl -n shop get cm kube-root-ca.crt {data}"));
    assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"), "{certificate}");
    kubectl.says("kubectl -n shop delete cm kube-root-ca.crt");
    kubectl.says("until kubectl -n shop get cm kube-root-ca.crt; do sleep 0.1; done");
    kubectl.says("kubectl delete namespace shop --timeout=30s");
}
