//! What a process keeps between steps, and what each slot of it is for.

/// What a shell, or the command inside the innermost one, keeps.
#[derive(Clone, Copy)]
pub(super) enum Kept {
    /// The line that a shell reads, or the input that a command gathers.
    Line,
    /// The words of the command at hand, once they are expanded.
    Words,
    /// What the substitutions of the command at hand printed.
    Substitutions,
    /// What the first, third, … command of a pipeline reads.
    EvenPipe,
    /// What the second, fourth, … command of a pipeline reads.
    OddPipe,
}

/// How many kinds there are.
pub(super) const KINDS: usize = 5;

/// Where variables are kept that the process's shells have set.
pub(super) const VARIABLES: usize = 0;

/// Where something is kept by whoever is within `depth` shells.
pub(super) fn slot(depth: usize, kept: Kept) -> usize {
    depth.saturating_mul(KINDS).saturating_add(1).saturating_add(kept as usize)
}

/// What the commands on the two sides of a `|` hand to each other.
pub(super) fn pipe(depth: usize, is_odd: bool) -> usize {
    slot(depth, if is_odd { Kept::OddPipe } else { Kept::EvenPipe })
}
