//! Why a live cluster cannot be read.

use std::time::Duration;

use thiserror::Error;

use super::super::InputError;

/// Why a live cluster cannot be read.
#[derive(Debug, Error)]
pub enum LiveError {
    /// The kubeconfig is wrong.
    #[error("the kubeconfig {path} cannot be used")]
    Kubeconfig {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: kube::config::KubeconfigError,
    },
    /// The kubeconfig has no such context.
    #[error("the kubeconfig {path} has no context {name:?}; {known}")]
    NoContext {
        /// The file.
        path: String,
        /// The context that was asked for.
        name: String,
        /// Those that it has, in words.
        known: String,
    },
    /// The kubeconfig does not say which context is the current one.
    #[error(
        "the kubeconfig {path} has no current context; name one with --context ({known}), or run \
         `kubectl config use-context`"
    )]
    NoCurrentContext {
        /// The file.
        path: String,
        /// Those that it has, in words.
        known: String,
    },
    /// The kubeconfig's token is in a file that cannot be read.
    #[error("the kubeconfig {path} names the token file {token_file}, which cannot be read")]
    TokenFile {
        /// The kubeconfig.
        path: String,
        /// The file with the token.
        token_file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No client can be made of the kubeconfig.
    #[error("no connection can be made as the kubeconfig {path} says")]
    Client {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// The command that gets the credentials failed.
    #[error("the kubeconfig's command {command} {why}; run it by hand to see what it wants")]
    Plugin {
        /// The command.
        command: String,
        /// What happened, in words; nothing that it printed on standard output.
        why: String,
    },
    /// The server does not know who asks.
    #[error("the API server does not accept these credentials (401); log in again")]
    Unauthorized,
    /// The server knows who asks and refuses.
    #[error("{0} (403)")]
    Forbidden(String),
    /// The server keeps to itself what nothing can be said without.
    #[error("{message} (403); this needs `list` on {needed} in all namespaces")]
    NotAllowed {
        /// The server's message.
        message: String,
        /// What must be listed.
        needed: String,
    },
    /// The server has too much to do.
    #[error("the API server has too much to do to answer {0} (429); try again later")]
    Busy(String),
    /// The list was changed too often while it was read.
    #[error("the API server forgot the list {0} while it was read page by page (410); try again")]
    Expired(String),
    /// The server answers otherwise than with what was asked.
    #[error("the API server answers {path} with {code}: {message}")]
    Refused {
        /// What was asked.
        path: String,
        /// The HTTP status.
        code: u16,
        /// The answer's message.
        message: String,
    },
    /// Something sends the client elsewhere.
    #[error(
        "{path} leads elsewhere ({code} to {to}): that is no API server, but perhaps a login page \
         before it; correct the kubeconfig's `server`"
    )]
    Elsewhere {
        /// What was asked.
        path: String,
        /// The HTTP status.
        code: u16,
        /// Where it leads.
        to: String,
    },
    /// The answer is no JSON.
    #[error(
        "{path} is answered with {content_type}, not with JSON: that is no API server, but \
         perhaps a login page before it; correct the kubeconfig's `server`"
    )]
    NotJson {
        /// What was asked.
        path: String,
        /// What the answer says it is.
        content_type: String,
    },
    /// The answer is JSON, and no list of objects.
    #[error("the API server answers {0} with something that is no list")]
    NoList(String),
    /// The list has no end.
    #[error("the API server's list {path} has no end; it was given up after {pages} pages")]
    Endless {
        /// What was asked.
        path: String,
        /// How many pages were read.
        pages: usize,
    },
    /// The answer is larger than what is held.
    #[error(
        "the API server answers {path} with more than {limit} bytes; write it with `kubectl get \
         -o json` to a file and give that"
    )]
    TooLarge {
        /// What was asked.
        path: String,
        /// The most bytes.
        limit: usize,
    },
    /// The server does not answer.
    #[error("the API server cannot be reached for {path}")]
    Unreachable {
        /// What was asked.
        path: String,
        /// Why.
        #[source]
        source: Box<kube::Error>,
    },
    /// The server does not answer in time.
    #[error("the API server did not answer {path} within {within:?}")]
    Timeout {
        /// What was asked.
        path: String,
        /// How long it had.
        within: Duration,
    },
    /// The answer makes no sense.
    #[error(transparent)]
    Input(#[from] InputError),
}

impl LiveError {
    /// Whether what the user gave is wrong, rather than the cluster.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Kubeconfig { .. }
                | Self::NoContext { .. }
                | Self::NoCurrentContext { .. }
                | Self::TokenFile { .. }
                | Self::Client { .. }
        )
    }
}
