//! How a volume's files lie in its folder: replaced all at once, as kubelets do it.
//!
//! The files are in a folder named after the time, `..data` leads to it, and every name that
//! people use leads through `..data` (`AtomicWriter`).

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{FS_GROUP_READ_ONLY_MODE, MountedVolume, Ownership, VolumeFiles};

/// Something in a volume's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed<'a> {
    /// A folder, with its mode.
    Folder(u32),
    /// A file, with its mode and what is in it.
    File(u32, &'a [u8]),
    /// A link, and where it leads.
    Link(String),
}

/// The mode of the folders in the volume.
const FOLDER_MODE: u32 = 0o755;

/// What `fsGroup` adds to a file: its group reads it.
const FS_GROUP_FILE_MODE: u32 = 0o440;

/// The name of the folder that files written now are really in.
fn folder_of(now: &Time) -> String {
    now.0.strftime("..%Y_%m_%d_%H_%M_%S.%9f").to_string()
}

impl MountedVolume {
    /// A volume at a path, with these files in it.
    #[must_use]
    pub fn at(host_path: String, files: Option<&VolumeFiles>, now: &Time) -> Self {
        Self { host_path, supplemental_group: None, files_in: files.map(|_| folder_of(now)) }
    }
}

/// Everything in the folder of a volume, by path, parents first; all of it belongs to root and
/// the volume's group.
#[must_use]
pub fn layout<'a>(
    files: &'a VolumeFiles,
    ownership: Ownership,
    now: &Time,
) -> Vec<(String, Placed<'a>)> {
    let has_group = ownership.group.is_some();
    let folder = Placed::Folder(FOLDER_MODE | if has_group { FS_GROUP_READ_ONLY_MODE } else { 0 });
    let written = folder_of(now);
    let mut placed = vec![
        (written.clone(), folder.clone()),
        ("..data".to_owned(), Placed::Link(written.clone())),
    ];
    let mut folders = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (path, file) in files {
        for (end, _) in path.match_indices('/') {
            if folders.insert(&path[..end]) {
                placed.push((format!("{written}/{}", &path[..end]), folder.clone()));
            }
        }
        let mode = file.mode | if has_group { FS_GROUP_FILE_MODE } else { 0 };
        placed.push((format!("{written}/{path}"), Placed::File(mode, &file.data)));
        names.insert(path.split('/').next().unwrap_or_default());
    }
    placed.extend(
        names.iter().map(|name| ((*name).to_owned(), Placed::Link(format!("..data/{name}")))),
    );
    placed
}

#[cfg(test)]
mod tests {
    use k8s_openapi::jiff::Timestamp;

    use super::*;
    use crate::volumes::VolumeFile;

    #[test]
    fn every_name_leads_through_data_to_files_that_the_group_can_read() {
        let file = VolumeFile { mode: 0o400, data: b"x".to_vec() };
        let files = VolumeFiles::from([("a/b".to_owned(), file.clone()), ("c".to_owned(), file)]);
        let ownership = Ownership { group: Some(2000), mode: 0o2777 };
        let laid_out = layout(&files, ownership, &Time(Timestamp::UNIX_EPOCH));
        let folder = "..1970_01_01_00_00_00.000000000";
        let at = |path: &str| format!("{folder}/{path}");
        let expected = [
            (folder.to_owned(), Placed::Folder(0o2755)),
            ("..data".to_owned(), Placed::Link(folder.to_owned())),
            (at("a"), Placed::Folder(0o2755)),
            (at("a/b"), Placed::File(0o440, b"x")),
            (at("c"), Placed::File(0o440, b"x")),
            ("a".to_owned(), Placed::Link("..data/a".to_owned())),
            ("c".to_owned(), Placed::Link("..data/c".to_owned())),
        ];
        assert_eq!(laid_out, expected);
    }
}
