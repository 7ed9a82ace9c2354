//! A kernel made of data, enough for the commands.

use std::collections::BTreeMap;
use std::time::Duration;

use toolbox::{
    Errno, Existing, FileStatus, Ids, Input, Links, MAX_GROUPS, MAX_KEPT, Program, SLOTS, Step,
    Stream, System,
};

/// A process and all that it can reach.
pub(crate) struct Simulated {
    pub(crate) user: Ids,
    pub(crate) group: Ids,
    pub(crate) groups: Vec<u32>,
    pub(crate) may_change_identity: bool,
    pub(crate) files: BTreeMap<Vec<u8>, FileStatus>,
    pub(crate) contents: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) output: Vec<u8>,
    pub(crate) error: Vec<u8>,
    /// What comes from standard input, piece by piece; the process waits for each.
    pub(crate) input: Vec<Vec<u8>>,
    pub(crate) terminal: bool,
    pub(crate) waited: bool,
    /// What is kept, and how much of it has been read.
    pub(crate) kept: Vec<(Vec<u8>, usize)>,
    pub(crate) environment: Vec<String>,
}

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) code: u8,
    pub(crate) output: String,
    pub(crate) error: String,
    pub(crate) slept: Duration,
}

impl Simulated {
    pub(crate) fn new() -> Self {
        let mut files = BTreeMap::new();
        files.insert(b"/".to_vec(), status(0o040_755));
        files.insert(b"/etc".to_vec(), status(0o040_755));
        Self {
            user: Ids { real: 0, effective: 0 },
            group: Ids { real: 0, effective: 0 },
            groups: Vec::new(),
            may_change_identity: true,
            files,
            contents: BTreeMap::new(),
            output: Vec::new(),
            error: Vec::new(),
            input: Vec::new(),
            terminal: false,
            waited: false,
            kept: vec![(Vec::new(), 0); SLOTS],
            environment: Vec::new(),
        }
    }

    /// A process with these variables, as `NAME=VALUE`.
    pub(crate) fn with_environment(mut self, variables: &[&str]) -> Self {
        self.environment = variables.iter().map(|variable| (*variable).to_owned()).collect();
        self
    }

    /// A process whose standard input is these pieces.
    pub(crate) fn with_input(mut self, pieces: &[&str]) -> Self {
        self.input = pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
        self
    }

    /// A process of uid 1000, gid 3000 and these groups.
    pub(crate) fn with_groups(groups: &[u32]) -> Self {
        let ids = |id| Ids { real: id, effective: id };
        Self { user: ids(1000), group: ids(3000), groups: groups.to_vec(), ..Self::new() }
    }

    pub(crate) fn with_file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        let content = content.into();
        let size = content.len() as u64;
        self.files.insert(path.into(), FileStatus { size, ..status(0o100_644) });
        self.contents.insert(path.into(), content);
        self
    }

    /// Lets the piece of standard input come that the process waits for.
    pub(crate) fn deliver(&mut self) {
        self.waited = true;
    }

    /// Runs to the end; time passes at once, and a pause is the end with code 255.
    pub(crate) fn run(&mut self, argv: &[&str]) -> Outcome {
        let mut program = Program::new();
        let mut slept = Duration::ZERO;
        let code = loop {
            match program.step(argv, self) {
                Step::Exit(code) => break code,
                Step::Sleep(time) => slept += time,
                Step::Pause => break 255,
                Step::Input => self.deliver(),
            }
        };
        let text =
            |bytes: &mut Vec<u8>| String::from_utf8_lossy(&std::mem::take(bytes)).into_owned();
        Outcome { code, output: text(&mut self.output), error: text(&mut self.error), slept }
    }

    pub(crate) fn sh(&mut self, script: &str) -> Outcome {
        self.run(&["sh", "-c", script])
    }

    fn permit(&self) -> Result<(), Errno> {
        if self.may_change_identity { Ok(()) } else { Err(Errno::NOT_PERMITTED) }
    }
}

fn status(mode: u32) -> FileStatus {
    FileStatus { mode, uid: 0, gid: 0, size: 0, links: 1, modified: 0 }
}

impl System for Simulated {
    type File = Vec<u8>;

    fn user(&self) -> Ids {
        self.user
    }

    fn group(&self) -> Ids {
        self.group
    }

    fn groups(&mut self, from: usize, into: &mut [u32]) -> usize {
        let rest = self.groups.get(from..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        count
    }

    fn set_user(&mut self, uid: u32) -> Result<(), Errno> {
        self.permit()?;
        self.user = Ids { real: uid, effective: uid };
        Ok(())
    }

    fn set_group(&mut self, gid: u32) -> Result<(), Errno> {
        self.permit()?;
        self.group = Ids { real: gid, effective: gid };
        Ok(())
    }

    fn set_groups(&mut self, groups: impl Iterator<Item = u32>) -> Result<(), Errno> {
        self.permit()?;
        let mut groups: Vec<u32> = groups.take(MAX_GROUPS + 1).collect();
        if groups.len() > MAX_GROUPS {
            return Err(Errno::INVALID);
        }
        groups.sort_unstable();
        self.groups = groups;
        Ok(())
    }

    fn open(&mut self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        self.status(path, Links::Follow).map(|_| path.to_vec())
    }

    fn read_at(&mut self, file: &Vec<u8>, offset: u64, into: &mut [u8]) -> Result<usize, Errno> {
        let content = self.contents.get(file).ok_or(Errno::IS_DIRECTORY)?;
        let rest = content.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn create(&mut self, path: &[u8], existing: Existing) -> Result<Vec<u8>, Errno> {
        if self.files.contains_key(path) && !self.contents.contains_key(path) {
            return Err(Errno::IS_DIRECTORY);
        }
        self.files.entry(path.to_vec()).or_insert(status(0o100_644));
        let content = self.contents.entry(path.to_vec()).or_default();
        if existing == Existing::Truncate {
            content.clear();
        }
        Ok(path.to_vec())
    }

    fn append(&mut self, file: &Vec<u8>, bytes: &[u8]) -> Result<(), Errno> {
        self.contents.get_mut(file).ok_or(Errno::BAD_FILE)?.extend(bytes);
        Ok(())
    }

    fn print(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), Errno> {
        match stream {
            Stream::Output => self.output.extend(bytes),
            Stream::Error => self.error.extend(bytes),
        }
        Ok(())
    }

    fn read_input(&mut self, into: &mut [u8]) -> Result<Input, Errno> {
        let Some(piece) = self.input.first_mut() else { return Ok(Input::End) };
        if !self.waited {
            return Ok(Input::Pending);
        }
        let count = piece.len().min(into.len());
        into[..count].copy_from_slice(&piece[..count]);
        piece.drain(..count);
        if piece.is_empty() {
            self.input.remove(0);
            self.waited = false;
        }
        Ok(Input::Bytes(count))
    }

    fn has_terminal(&self) -> bool {
        self.terminal
    }

    fn kept(&self, slot: usize) -> &[u8] {
        &self.kept[slot].0
    }

    fn keep(&mut self, slot: usize, bytes: &[u8]) -> Result<(), Errno> {
        let (text, _) = &mut self.kept[slot];
        if text.len() + bytes.len() > MAX_KEPT {
            return Err(Errno::TOO_LARGE);
        }
        text.extend(bytes);
        Ok(())
    }

    fn read_kept(&mut self, slot: usize, into: &mut [u8]) -> usize {
        let (text, read) = &mut self.kept[slot];
        let count = (text.len() - *read).min(into.len());
        into[..count].copy_from_slice(&text[*read..*read + count]);
        *read += count;
        count
    }

    fn forget(&mut self, slot: usize) {
        self.kept[slot] = (Vec::new(), 0);
    }

    fn environment(&self, index: usize) -> Option<&[u8]> {
        self.environment.get(index).map(String::as_bytes)
    }

    fn make_directory(&mut self, path: &[u8]) -> Result<(), Errno> {
        if self.files.contains_key(path) {
            return Err(Errno::EXISTS);
        }
        let parent = path.rsplitn(2, |byte| *byte == b'/').nth(1).unwrap_or_default();
        let parent = if parent.is_empty() { b"/" } else { parent };
        self.status(parent, Links::Follow)?;
        self.files.insert(path.to_vec(), status(0o040_755));
        Ok(())
    }

    fn set_mode(&mut self, path: &[u8], mode: u32) -> Result<(), Errno> {
        let file = self.files.get_mut(path).ok_or(Errno::NOT_FOUND)?;
        file.mode = file.mode & !0o7777 | mode;
        Ok(())
    }

    fn set_owner(&mut self, path: &[u8], uid: Option<u32>, gid: Option<u32>) -> Result<(), Errno> {
        self.permit()?;
        let file = self.files.get_mut(path).ok_or(Errno::NOT_FOUND)?;
        file.uid = uid.unwrap_or(file.uid);
        file.gid = gid.unwrap_or(file.gid);
        Ok(())
    }

    fn status(&mut self, path: &[u8], _: Links) -> Result<FileStatus, Errno> {
        self.files.get(path).copied().ok_or(Errno::NOT_FOUND)
    }

    fn list(&mut self, path: &[u8], mut visit: impl FnMut(&[u8])) -> Result<(), Errno> {
        self.status(path, Links::Follow)?;
        let prefix = [path, b"/"].concat();
        // Backwards, so that nobody relies on the order.
        for file in self.files.keys().rev() {
            if let Some(name) = file.strip_prefix(prefix.as_slice())
                && !name.contains(&b'/')
            {
                visit(name);
            }
        }
        Ok(())
    }
}
