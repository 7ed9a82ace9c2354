//! The kubeconfig with which clients reach the server: readable by its owner only, written as a
//! whole or not at all, and taken away again if it is still ours.

use std::fs::TryLockError;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::json;
use thiserror::Error;

use super::Access;

/// What the cluster, the user and the context are called.
const NAME: &str = "gidcheck";

/// A kubeconfig, without which nobody can write here but its owner.
const MODE: u32 = 0o600;

/// The largest file that is looked into, in bytes.
const LARGEST: u64 = 64 * 1024;

/// Why a kubeconfig was not written.
#[derive(Debug, Error)]
pub enum KubeconfigError {
    /// Something is there already.
    #[error(
        "{} exists, and gidcheck did not write it; name another file with --write-kubeconfig, or remove it",
        .0.display()
    )]
    Exists(PathBuf),
    /// Another server's, which still runs.
    #[error(
        "{} belongs to another gidcheck serve that still runs; name another file with --write-kubeconfig, or end that one first",
        .0.display()
    )]
    InUse(PathBuf),
    /// The file could not be written.
    #[error("the kubeconfig {} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A kubeconfig on disk. Dropping it removes the file, unless somebody has replaced it.
pub struct Kubeconfig {
    path: PathBuf,
    /// What was written, by which the file is known again: it carries the token.
    text: String,
    /// Locked as long as the server lives, however it ends.
    _lock: Option<fs::File>,
}

impl Kubeconfig {
    /// Writes a kubeconfig where nothing is, or where an earlier server left one that leads
    /// nowhere now.
    ///
    /// # Errors
    /// [`KubeconfigError`].
    pub fn write(path: &Path, access: &Access) -> Result<Self, KubeconfigError> {
        let failed = |source| KubeconfigError::Write { path: path.to_owned(), source };
        match fs::symlink_metadata(path) {
            Ok(found) if !found.is_file() || !is_ours(path) => {
                return Err(KubeconfigError::Exists(path.to_owned()));
            }
            Ok(_) => remove_stale(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let temporary = temporary_beside(path);
        let text = text(access);
        // A link is refused where something is, which a rename would replace.
        let written = write_new(&temporary, &text)
            .and_then(|lock| fs::hard_link(&temporary, path).map(|()| lock));
        // What is not linked is of no use, and what is linked has its name.
        let _ = fs::remove_file(&temporary);
        match written {
            Ok(lock) => Ok(Self { path: path.to_owned(), text, _lock: lock }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(KubeconfigError::Exists(path.to_owned()))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kubeconfig").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Drop for Kubeconfig {
    fn drop(&mut self) {
        if bounded_text(&self.path).as_deref() == Some(self.text.as_bytes()) {
            // Gone already is as good.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The kubeconfig's text, in JSON, which every reader of YAML reads.
fn text(access: &Access) -> String {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": [{"name": NAME, "cluster": {
            "server": access.url(),
            "certificate-authority-data": BASE64.encode(&access.certificate),
        }}],
        "users": [{"name": NAME, "user": {"token": access.token.text()}}],
        "contexts": [{"name": NAME, "context": {
            "cluster": NAME, "user": NAME, "namespace": "default",
        }}],
        "current-context": NAME,
    });
    format!("{config:#}\n")
}

/// Whether an earlier gidcheck wrote the file: nothing in it but its cluster, on loopback.
fn is_ours(path: &Path) -> bool {
    let Some(text) = bounded_text(path) else { return false };
    let Ok(config) = serde_json::from_slice::<serde_json::Value>(&text) else { return false };
    let only = |list: &str| {
        config[list].as_array().is_some_and(|all| all.len() == 1 && all[0]["name"] == NAME)
    };
    let server = config["clusters"][0]["cluster"]["server"].as_str().unwrap_or_default();
    only("clusters")
        && only("users")
        && only("contexts")
        && server.starts_with("https://127.0.0.1:")
}

/// The text of a file of a kubeconfig's size; nothing for links and what is larger.
fn bounded_text(path: &Path) -> Option<Vec<u8>> {
    let found = fs::symlink_metadata(path).ok()?;
    if found.is_file() && found.len() <= LARGEST { fs::read(path).ok() } else { None }
}

fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// Removes what an earlier server left, unless it still runs.
fn remove_stale(path: &Path) -> Result<(), KubeconfigError> {
    let failed = |source| KubeconfigError::Write { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(KubeconfigError::InUse(path.to_owned())),
        // Where files cannot be locked nobody can hold one.
        Ok(()) | Err(TryLockError::Error(_)) => fs::remove_file(path).map_err(failed),
    }
}

/// Writes a file that is not there yet and locks it, where its file system has locks.
fn write_new(path: &Path, text: &str) -> io::Result<Option<fs::File>> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let is_locked = file.try_lock().is_ok();
    Ok(is_locked.then_some(file))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::super::{Access, Token};
    use super::*;

    fn access() -> Access {
        let token = Token::random(&rustls::crypto::ring::default_provider()).expect("randomness");
        Access { port: 1, certificate: "certificate".to_owned(), token }
    }

    #[test]
    fn only_its_owner_can_read_it_and_it_goes_with_the_server() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        let written = Kubeconfig::write(&path, &access()).expect("nothing is there");
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(written);
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
    }

    #[test]
    fn what_others_wrote_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        fs::write(&path, "apiVersion: v1\nkind: Config\n").expect("a file");
        assert!(matches!(Kubeconfig::write(&path, &access()), Err(KubeconfigError::Exists(_))));
        assert_eq!(fs::read_to_string(&path).expect("a file"), "apiVersion: v1\nkind: Config\n");
        let link = folder.path().join("link");
        symlink(folder.path().join("elsewhere"), &link).expect("a link");
        assert!(matches!(Kubeconfig::write(&link, &access()), Err(KubeconfigError::Exists(_))));
        assert!(matches!(
            Kubeconfig::write(folder.path(), &access()),
            Err(KubeconfigError::Exists(_))
        ));
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 2);
    }

    #[test]
    fn a_second_server_leaves_the_file_of_one_that_runs_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        let first = Kubeconfig::write(&path, &access()).expect("nothing is there");
        let before = fs::read(&path).expect("it is there");
        let second = Kubeconfig::write(&path, &access());
        assert!(matches!(second, Err(KubeconfigError::InUse(_))));
        assert_eq!(fs::read(&path).expect("it is still there"), before);
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
        drop(first);
        drop(Kubeconfig::write(&path, &access()).expect("nothing is there"));
    }

    #[test]
    fn what_a_killed_server_left_is_replaced_and_what_replaced_it_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        fs::write(&path, text(&access())).expect("a killed server's file");
        let written = Kubeconfig::write(&path, &access()).expect("it is ours");
        fs::remove_file(&path).expect("it is there");
        fs::write(&path, "mine").expect("a file");
        drop(written);
        assert_eq!(fs::read_to_string(&path).expect("it stays"), "mine");
    }
}
