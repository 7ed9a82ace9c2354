//! Sets of fields, as trees of path elements.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::element::PathElement;

/// A set of paths into an object, as a tree.
///
/// Immutable and cheap to share: parts that an operation leaves as they are stay the same
/// allocation, and an [`Interner`](super::Interner) makes equal parts of different sets one.
#[derive(Debug, Clone, Default)]
pub struct FieldSet(Option<Arc<Tree>>);

/// The nodes of a set that is not empty, sorted by element, and a hash of all of them.
#[derive(Debug)]
struct Tree {
    hash: u64,
    nodes: Box<[Node]>,
}

/// A path element, whether the path that ends with it is in the set, and what is below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) element: PathElement,
    pub(super) member: bool,
    pub(super) below: FieldSet,
}

impl Node {
    fn is_empty(&self) -> bool {
        !self.member && self.below.is_empty()
    }
}

impl PartialEq for FieldSet {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(two)) => Arc::ptr_eq(one, two) || one == two,
            _ => false,
        }
    }
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.nodes == other.nodes
    }
}

impl Eq for FieldSet {}

impl Hash for FieldSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.as_ref().map_or(0, |tree| tree.hash));
    }
}

impl FieldSet {
    /// A set of the given paths.
    #[must_use]
    pub fn of(paths: &[&[PathElement]]) -> Self {
        paths.iter().fold(Self::default(), |set, path| set.union(&Self::of_path(path)))
    }

    fn of_path(path: &[PathElement]) -> Self {
        let Some((first, rest)) = path.split_first() else { return Self::default() };
        let below = Self::of_path(rest);
        Self::new(vec![Node { element: first.clone(), member: rest.is_empty(), below }])
    }

    /// A set of nodes, sorted by element, each element once, none empty.
    pub(super) fn sorted(nodes: Vec<Node>) -> Self {
        debug_assert!(nodes.windows(2).all(|pair| pair[0].element < pair[1].element));
        if nodes.is_empty() {
            return Self::default();
        }
        let mut hasher = DefaultHasher::new();
        for node in &nodes {
            node.element.hash(&mut hasher);
            node.member.hash(&mut hasher);
            node.below.hash(&mut hasher);
        }
        Self(Some(Arc::new(Tree { hash: hasher.finish(), nodes: nodes.into() })))
    }

    /// A set of nodes in any order; of several with one element, the union. Empty ones are left
    /// out.
    pub(super) fn new(mut nodes: Vec<Node>) -> Self {
        nodes.retain(|node| !node.is_empty());
        nodes.sort_by(|one, two| one.element.cmp(&two.element));
        let mut merged: Vec<Node> = Vec::with_capacity(nodes.len());
        for node in nodes {
            match merged.last_mut() {
                Some(last) if last.element == node.element => {
                    last.member |= node.member;
                    last.below = last.below.union(&node.below);
                }
                _ => merged.push(node),
            }
        }
        Self::sorted(merged)
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many sets share this one's allocation.
    pub(super) fn shares(&self) -> usize {
        self.0.as_ref().map_or(0, Arc::strong_count)
    }

    pub(super) fn nodes(&self) -> &[Node] {
        self.0.as_ref().map_or(&[], |tree| &tree.nodes)
    }

    pub(super) fn node(&self, element: &PathElement) -> Option<&Node> {
        let nodes = self.nodes();
        let at = nodes.binary_search_by(|node| node.element.cmp(element)).ok()?;
        Some(&nodes[at])
    }

    /// Whether the path is in the set.
    #[must_use]
    pub fn has(&self, path: &[PathElement]) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        self.node(first)
            .is_some_and(|node| if rest.is_empty() { node.member } else { node.below.has(rest) })
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if other.is_empty() || self == other {
            return self.clone();
        }
        if self.is_empty() {
            return other.clone();
        }
        let mut nodes = Vec::with_capacity(self.nodes().len() + other.nodes().len());
        zip(self, other, |one, two| {
            nodes.push(match (one, two) {
                (Some(one), Some(two)) => Node {
                    element: one.element.clone(),
                    member: one.member || two.member,
                    below: one.below.union(&two.below),
                },
                (Some(node), None) | (None, Some(node)) => node.clone(),
                (None, None) => return,
            });
        });
        Self::sorted(nodes)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        if self == other {
            return self.clone();
        }
        if self.is_empty() || other.is_empty() {
            return Self::default();
        }
        let mut nodes = Vec::new();
        zip(self, other, |one, two| {
            if let (Some(one), Some(two)) = (one, two) {
                let node = Node {
                    element: one.element.clone(),
                    member: one.member && two.member,
                    below: one.below.intersection(&two.below),
                };
                if !node.is_empty() {
                    nodes.push(node);
                }
            }
        });
        Self::sorted(nodes)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.without(other, |one, two| Node {
            element: one.element.clone(),
            member: one.member && !two.member,
            below: one.below.difference(&two.below),
        })
    }

    /// What is in this set, and neither in the other nor below a path that is.
    #[must_use]
    pub fn recursive_difference(&self, other: &Self) -> Self {
        self.without(other, |one, two| Node {
            element: one.element.clone(),
            member: one.member && !two.member,
            below: if two.member {
                Self::default()
            } else {
                one.below.recursive_difference(&two.below)
            },
        })
    }

    fn without(&self, other: &Self, both: impl Fn(&Node, &Node) -> Node) -> Self {
        if self.is_empty() || other.is_empty() {
            return self.clone();
        }
        let mut nodes = Vec::with_capacity(self.nodes().len());
        let mut changed = false;
        zip(self, other, |one, two| match (one, two) {
            (Some(one), Some(two)) => {
                let node = both(one, two);
                changed |= node.member != one.member || node.below != one.below;
                if !node.is_empty() {
                    nodes.push(node);
                }
            }
            (Some(one), None) => nodes.push(one.clone()),
            (None, _) => {}
        });
        if changed { Self::sorted(nodes) } else { self.clone() }
    }

    /// Every path in the set, in the server's order: those that end here before those that go on.
    #[must_use]
    pub fn paths(&self) -> Vec<Vec<PathElement>> {
        let mut paths = Vec::new();
        self.collect_paths(&mut Vec::new(), &mut paths);
        paths
    }

    fn collect_paths(&self, prefix: &mut Vec<PathElement>, paths: &mut Vec<Vec<PathElement>>) {
        for node in self.nodes().iter().filter(|node| node.member) {
            let mut path = prefix.clone();
            path.push(node.element.clone());
            paths.push(path);
        }
        for node in self.nodes().iter() {
            prefix.push(node.element.clone());
            node.below.collect_paths(prefix, paths);
            prefix.pop();
        }
    }
}

/// The paths, one a line, as refusals show them.
impl fmt::Display for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for path in self.paths() {
            writeln!(f, "{}", path_text(&path))?;
        }
        Ok(())
    }
}

/// A path as refusals show it: `.spec.containers[name="ctr"].image`.
#[must_use]
pub fn path_text(path: &[PathElement]) -> String {
    path.iter().map(PathElement::to_string).collect()
}

/// Visits the nodes of both sets in order, those with one element together.
fn zip<'a>(
    one: &'a FieldSet,
    two: &'a FieldSet,
    mut visit: impl FnMut(Option<&'a Node>, Option<&'a Node>),
) {
    let (mut ones, mut twos) = (one.nodes().iter().peekable(), two.nodes().iter().peekable());
    loop {
        let order = match (ones.peek(), twos.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(two)) => one.element.cmp(&two.element),
        };
        match order {
            Ordering::Less => visit(ones.next(), None),
            Ordering::Equal => visit(ones.next(), twos.next()),
            Ordering::Greater => visit(None, twos.next()),
        }
    }
}
