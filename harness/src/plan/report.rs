//! What a plan says, for programs: a versioned document.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// What the document's `schema` field says: its format and version.
pub const SCHEMA: &str = "gidcheck.dev/plan/v1";

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The format of this document: `gidcheck.dev/plan/v1`.
    pub schema: String,
    /// Whether the change would break something.
    pub breaks: bool,
    /// What was read.
    pub cluster: ClusterSummary,
    /// What changes, one line each.
    pub change: Vec<String>,
    /// What the change does, the gravest first.
    pub findings: Vec<Finding>,
    /// What is so already, and stays so.
    pub already: Vec<Finding>,
    /// Nodes that need attention.
    pub nodes: Vec<NodeFinding>,
    /// Controllers that would replace rejected pods without end.
    pub storms: Vec<Storm>,
    /// What would keep nodes from being drained, or pods from finding another node meanwhile.
    pub drains: Vec<DrainFinding>,
    /// In which order to do it.
    pub order: Order,
    /// What the input does not say and was supposed.
    pub assumptions: Vec<Assumption>,
    /// What the cluster reports twice and differently.
    pub contradictions: Vec<String>,
}

/// What was read of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSummary {
    /// Nodes, those with Windows among them.
    pub nodes: usize,
    /// Pods that run or are to run.
    pub pods: usize,
    /// Those of them that ask for Strict.
    pub strict_pods: usize,
    /// Objects of kinds that play no part, by kind.
    pub passed_over: BTreeMap<String, usize>,
    /// How many objects could not be understood.
    pub left_out: usize,
    /// The first of them, with the reason.
    pub left_out_reasons: Vec<String>,
}

/// What happens to pods when they are made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// A kubelet rejects them.
    Rejected,
    /// They ask for Strict and get the image's groups all the same; nothing says so.
    StrictMergedSilently,
    /// A container does not start.
    DoesNotStart,
    /// No node takes them.
    Pending,
    /// They ask for Strict, had the image's groups, and lose them.
    StrictTakesEffect,
    /// Their identity changes otherwise.
    IdentityChanges,
    /// Nobody makes them again.
    NotRecreated,
}

impl Effect {
    /// Whether it breaks something.
    #[must_use]
    pub fn breaks(self) -> bool {
        self != Self::NotRecreated
    }
}

/// What happens to the pods of one controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What.
    pub effect: Effect,
    /// The namespace.
    pub namespace: String,
    /// The controller's kind; `Pod` for a pod without one.
    pub kind: String,
    /// The controller's name.
    pub name: String,
    /// Its pods that run or are to run; of a `DaemonSet` those on the nodes where it happens.
    pub pods: usize,
    /// The nodes where it happens: of those where the pods may run.
    pub nodes: Vec<String>,
    /// On how many nodes the pods may run at all.
    pub eligible_nodes: usize,
    /// The reason that Kubernetes gives; empty where it gives none.
    pub reason: String,
    /// How the containers' identities change.
    pub containers: Vec<ContainerChange>,
}

/// How a container's identity changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerChange {
    /// The container.
    pub container: String,
    /// The identity before.
    pub before: String,
    /// The identity after.
    pub after: String,
    /// Gids that it has only afterwards; what is not known is said in words.
    pub gained: Vec<String>,
    /// Gids that it has only before.
    pub lost: Vec<String>,
}

/// Something about nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeFinding {
    /// What.
    pub what: NodeProblem,
    /// Whether it is so already.
    pub already: bool,
    /// The nodes.
    pub nodes: Vec<String>,
    /// In words.
    pub text: String,
}

/// What can be wrong with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum NodeProblem {
    /// The node says that it honours the policy, and its runtime cannot.
    StaleFeature,
    /// The kubelet is newer than the API server, or too old for it.
    UnsupportedSkew,
}

/// A controller that replaces rejected pods without end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Storm {
    /// The namespace.
    pub namespace: String,
    /// The controller's kind.
    pub kind: String,
    /// The controller's name.
    pub name: String,
    /// Rejected pods in ten seconds, in the simulation; none where the simulation has no such
    /// controller.
    pub rejected_in_ten_seconds: Option<u32>,
}

/// What stands in the way while nodes are drained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrainFinding {
    /// What.
    pub what: DrainProblem,
    /// The namespace.
    pub namespace: String,
    /// The kind of what it is about: a controller, a pod or a disruption budget.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The most pods that it is about at once.
    pub pods: usize,
    /// The nodes whose draining it is about; none where it is before any node is drained.
    pub nodes: Vec<String>,
    /// Why, in words; the scheduler's own where it has them.
    pub text: String,
}

/// What can stand in the way of a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DrainProblem {
    /// A disruption budget never lets a pod go: the drain does not end.
    BudgetNeverAllows,
    /// A disruption budget lets no pod go now: the drain waits until more pods are healthy.
    BudgetAllowsNone,
    /// Pods are evicted and no other node takes them: they wait until the node is back.
    NoOtherNode,
}

/// In which order to make the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Whether there is an order that breaks nothing on the way.
    pub safe: bool,
    /// Why there is none, and what must change first.
    pub why_not: Vec<String>,
    /// The steps of the best order.
    pub steps: Vec<Step>,
    /// What an order that suggests itself would do instead; empty where it does no harm.
    pub instead: Vec<String>,
    /// What was seen when the order was run in the simulation; empty where none was.
    pub rehearsal: Vec<String>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What to do.
    pub title: String,
    /// Commands to paste; a comment says what no command here can do.
    pub commands: Vec<String>,
}

/// Something that was supposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assumption {
    /// What.
    pub text: String,
    /// About how many nodes; 0 for the cluster as a whole.
    pub nodes: usize,
    /// The first of these nodes, at most five.
    pub named: Vec<String>,
}
