//! What a process keeps between two steps.

use toolbox::{Errno, MAX_KEPT, SLOTS};

/// Texts by their slot; most processes keep none.
#[derive(Debug, Default)]
pub(super) struct Kept(Vec<Text>);

/// A text, and how much of it has been read.
#[derive(Debug, Default)]
struct Text {
    bytes: Vec<u8>,
    read: usize,
}

impl Kept {
    pub(super) fn get(&self, slot: usize) -> &[u8] {
        self.0.get(slot).map_or(&[], |text| &text.bytes)
    }

    pub(super) fn add(&mut self, slot: usize, bytes: &[u8]) -> Result<(), Errno> {
        if slot >= SLOTS {
            return Err(Errno::TOO_LARGE);
        }
        if self.0.len() <= slot {
            self.0.resize_with(slot + 1, Text::default);
        }
        let text = &mut self.0[slot];
        if text.bytes.len() + bytes.len() > MAX_KEPT {
            return Err(Errno::TOO_LARGE);
        }
        text.bytes.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn read(&mut self, slot: usize, into: &mut [u8]) -> usize {
        let Some(text) = self.0.get_mut(slot) else { return 0 };
        let rest = text.bytes.get(text.read..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        text.read += count;
        count
    }

    pub(super) fn forget(&mut self, slot: usize) {
        if let Some(text) = self.0.get_mut(slot) {
            *text = Text::default();
        }
    }
}
