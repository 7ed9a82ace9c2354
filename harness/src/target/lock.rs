//! Which runs are still alive: each holds a lock on a file of its own.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::OFlags;

/// A run's claim to be alive, held until it is dropped or its process ends.
#[derive(Debug)]
pub(super) struct RunLock {
    path: PathBuf,
    _file: File,
}

fn path_of(run: &str) -> PathBuf {
    std::env::temp_dir().join(format!("gidcheck-{run}.lock"))
}

impl RunLock {
    /// Claims that this run is alive.
    pub(super) fn take(run: &str) -> io::Result<Self> {
        let path = path_of(run);
        let unlocked = path.with_extension("new");
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unlocked)?;
        file.lock()?;
        // Under its name it is never seen unlocked.
        fs::rename(&unlocked, &path)?;
        Ok(Self { path, _file: file })
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Nobody waits for it; a file left behind counts as dead.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the run with this id, as a label gives it, is alive.
///
/// The id comes from outside: of one that could not be ours nothing is known.
pub(super) fn life_of(run: &str) -> Life {
    if !is_run_id(run) {
        return Life::Unknown;
    }
    // Whatever else stands under the name, such as a pipe, must not make us wait.
    let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits();
    let flags = i32::try_from(flags).unwrap_or(0);
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path_of(run));
    let Ok(file) = opened else { return Life::Unknown };
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Life::Unknown;
    }
    match file.try_lock_shared() {
        Ok(()) => Life::Dead,
        Err(TryLockError::WouldBlock) => Life::Alive,
        Err(TryLockError::Error(_)) => Life::Unknown,
    }
}

/// What is known of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// It holds its lock.
    Alive,
    /// Its lock is there and nobody holds it.
    Dead,
    /// There is no lock of it here: it may run elsewhere.
    Unknown,
}

/// Removes the lock file of a run that is over.
pub(super) fn forget(run: &str) {
    if is_run_id(run) {
        // It may never have been there.
        let _ = fs::remove_file(path_of(run));
    }
}

/// Removes the lock files of dead runs that are older than any leftover is kept for.
pub(super) fn forget_dead(age: Duration) {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let run =
            name.to_str().and_then(|name| name.strip_prefix("gidcheck-")?.strip_suffix(".lock"));
        let is_old = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|made| made.elapsed().is_ok_and(|elapsed| elapsed > age));
        if let Some(run) = run.filter(|run| is_old && life_of(run) == Life::Dead) {
            forget(run);
        }
    }
}

/// Whether a text has the form of the ids that runs give themselves.
pub(super) fn is_run_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    !text.is_empty() && text.len() <= 64 && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_alive_as_long_as_it_holds_its_lock() {
        let run = format!("aaaa-{:x}", std::process::id());
        assert_eq!(life_of(&run), Life::Unknown);
        let lock = RunLock::take(&run).expect("the folder for temporary files can be written");
        assert_eq!(life_of(&run), Life::Alive);
        drop(lock);
        assert_eq!(life_of(&run), Life::Unknown);
    }

    #[test]
    fn an_id_that_is_a_path_is_of_no_run() {
        assert!(!is_run_id("../../etc/passwd"));
        assert_eq!(life_of("../../etc/passwd"), Life::Unknown);
    }
}
