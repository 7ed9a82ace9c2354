//! How a CRI call fails: a gRPC code and the runtime's own words.

use thiserror::Error;
pub use tonic::Code;

/// A refused or failed CRI call.
///
/// The message is the runtime's own text, unchanged: kubelets copy it into
/// pod status and events, so it is part of what users see.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("rpc error: code = {code:?} desc = {message}")]
pub struct CriError {
    /// The gRPC status code.
    pub code: Code,
    /// What the runtime said.
    pub message: String,
}

impl CriError {
    /// An error with this code and message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// `Unknown`, the code that Go runtimes give for errors they do not classify.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self::new(Code::Unknown, message)
    }

    /// `NotFound`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// `InvalidArgument`.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// `Unimplemented`: the runtime does not know this call.
    pub fn unimplemented(message: impl Into<String>) -> Self {
        Self::new(Code::Unimplemented, message)
    }
}

impl From<tonic::Status> for CriError {
    fn from(status: tonic::Status) -> Self {
        Self { code: status.code(), message: status.message().to_owned() }
    }
}

impl From<CriError> for tonic::Status {
    fn from(error: CriError) -> Self {
        tonic::Status::new(error.code, error.message)
    }
}
