//! The versions of the remote command protocol that are spoken.

/// A version of the protocol; both send the outcome as a `Status` on the error channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// `v4.channel.k8s.io`: standard input ends with the connection only.
    V4,
    /// `v5.channel.k8s.io`: a signal closes standard input.
    V5,
}

/// The names, newest first, as refusals list them.
pub(super) const NAMES: &str = "v5.channel.k8s.io v4.channel.k8s.io";

impl Protocol {
    /// The newest version among those that a client offers.
    pub(super) fn choose(offered: &str) -> Option<Self> {
        let offers = |name: &str| offered.split(',').any(|one| one.trim() == name);
        [Self::V5, Self::V4].into_iter().find(|known| offers(known.name()))
    }

    /// The name in the handshake.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V4 => "v4.channel.k8s.io",
            Self::V5 => "v5.channel.k8s.io",
        }
    }

    /// Whether a signal can close a stream.
    pub(super) fn has_close_signal(self) -> bool {
        self == Self::V5
    }
}
