//! The line discipline of a terminal: what is typed becomes lines, and is echoed.

/// The longest line that can be typed, in bytes, as in Linux.
const MAX_LINE: usize = 4095;

const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const KILL: u8 = 0x15;
const DELETE: u8 = 0x7f;

/// A terminal in its usual mode: it hands over whole lines.
#[derive(Debug, Default)]
pub(crate) struct Terminal {
    line: Vec<u8>,
}

/// What came of typing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Typed {
    /// To be shown.
    pub(crate) echo: Vec<u8>,
    /// What the process does about it, in order.
    pub(crate) deeds: Vec<Deed>,
}

/// What a terminal does to its process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// It can read this.
    Read(Vec<u8>),
    /// It reads the end once.
    End,
    /// It gets SIGINT.
    Interrupt,
}

impl Terminal {
    /// Takes in what somebody typed.
    pub(crate) fn typed(&mut self, bytes: &[u8]) -> Typed {
        let mut typed = Typed::default();
        for byte in bytes {
            self.key(*byte, &mut typed);
        }
        typed
    }

    fn key(&mut self, byte: u8, typed: &mut Typed) {
        let Typed { echo, deeds } = typed;
        match byte {
            b'\r' | b'\n' => {
                echo.extend_from_slice(b"\r\n");
                self.line.push(b'\n');
                deeds.push(Deed::Read(std::mem::take(&mut self.line)));
            }
            END if self.line.is_empty() => deeds.push(Deed::End),
            END => deeds.push(Deed::Read(std::mem::take(&mut self.line))),
            INTERRUPT => {
                echo.extend_from_slice(b"^C");
                self.line.clear();
                deeds.push(Deed::Interrupt);
            }
            DELETE | BACKSPACE => self.erase(echo),
            KILL => {
                while !self.line.is_empty() {
                    self.erase(echo);
                }
            }
            _ if self.line.len() == MAX_LINE => {}
            b'\t' | b' '.. => {
                echo.push(byte);
                self.line.push(byte);
            }
            control => {
                echo.extend_from_slice(&[b'^', control ^ 0x40]);
                self.line.push(control);
            }
        }
    }

    /// Takes the last character back.
    fn erase(&mut self, echo: &mut Vec<u8>) {
        let Some(mut last) = self.line.pop() else { return };
        while last & 0b1100_0000 == 0b1000_0000 {
            let Some(before) = self.line.pop() else { break };
            last = before;
        }
        let columns = if last < b' ' && last != b'\t' { 2 } else { 1 };
        for _ in 0..columns {
            echo.extend_from_slice(b"\x08 \x08");
        }
    }

    /// What a process prints, as it is shown.
    pub(crate) fn shown(bytes: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(bytes.len());
        for byte in bytes {
            if *byte == b'\n' {
                shown.push(b'\r');
            }
            shown.push(*byte);
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_corrected_until_it_is_handed_over() {
        let mut terminal = Terminal::default();
        let typed = terminal.typed("idé\x7f\x7fx".as_bytes());
        assert_eq!(typed.deeds, []);
        let typed = terminal.typed(b"\x15id\r");
        assert_eq!(typed.deeds, [Deed::Read(b"id\n".to_vec())]);
        assert_eq!(typed.echo, b"\x08 \x08\x08 \x08id\r\n");
    }

    #[test]
    fn control_characters_end_and_interrupt() {
        let mut terminal = Terminal::default();
        let typed = terminal.typed(b"ab\x04\x04cd\x03\x01");
        assert_eq!(typed.deeds, [Deed::Read(b"ab".to_vec()), Deed::End, Deed::Interrupt]);
        assert_eq!(typed.echo, b"abcd^C^A");
    }

    #[test]
    fn a_line_has_a_longest_length() {
        let mut terminal = Terminal::default();
        terminal.typed(&[b'x'; 10_000]);
        let typed = terminal.typed(b"\n");
        assert_eq!(typed.deeds, [Deed::Read([&[b'x'; MAX_LINE][..], b"\n"].concat())]);
    }
}
