//! What a process prints, until somebody takes it.

use toolbox::Stream;

/// How much one process can print before somebody takes it, in bytes; the rest is lost, as in the
/// real runtimes' `ExecSync`.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Pieces of output in the order in which they were printed.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    pieces: Vec<(Stream, Vec<u8>)>,
    bytes: usize,
}

impl Printed {
    pub(super) fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(MAX_BYTES - self.bytes)];
        self.bytes += bytes.len();
        match self.pieces.last_mut() {
            Some((last, piece)) if *last == stream => piece.extend_from_slice(bytes),
            _ if bytes.is_empty() => {}
            _ => self.pieces.push((stream, bytes.to_vec())),
        }
    }

    /// Takes what there is.
    pub(crate) fn take(&mut self) -> Vec<(Stream, Vec<u8>)> {
        self.bytes = 0;
        std::mem::take(&mut self.pieces)
    }
}
