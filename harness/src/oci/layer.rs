//! An image's files as one layer.

use std::collections::BTreeMap;
use std::io;

use fake_cri::image::{FileKind, FileNode, FileTree, Image, Links};
use tar::{Builder, EntryType, Header};

use super::error::OciError;

/// The program's own name; the commands are links to it.
const PROGRAM_NAME: &str = "toolbox";

/// What stands at a path of the layer.
enum Entry<'a> {
    Node(&'a FileNode),
    /// A directory that nobody spelled out.
    ImpliedDirectory,
    Program,
    /// A hard link to another path.
    Link(String),
}

/// The layer of an image as an uncompressed archive: sorted, every time 0.
///
/// Files that the image spells out keep owner, group and mode. The commands go to `/bin`, and
/// one that is the image's entrypoint to where that says, except where the image has something
/// of that name.
pub(super) fn write(image: &Image) -> Result<Vec<u8>, OciError> {
    let mut archive = Builder::new(Vec::new());
    let entries = entries(image)?;
    // What a hard link leads to has to be there before it.
    let (links, rest): (Vec<_>, Vec<_>) =
        entries.iter().partition(|(_, entry)| matches!(entry, Entry::Link(_)));
    for (path, entry) in rest.into_iter().chain(links) {
        append(&mut archive, path.trim_start_matches('/'), entry).map_err(|source| {
            OciError::Layer { reference: image.reference.clone(), path: path.clone(), source }
        })?;
    }
    archive.into_inner().map_err(|source| OciError::Layer {
        reference: image.reference.clone(),
        path: "/".to_owned(),
        source,
    })
}

/// Everything in the layer by path; the order puts a directory before what is in it.
fn entries(image: &Image) -> Result<BTreeMap<String, Entry<'_>>, OciError> {
    let files = &image.files;
    let mut entries = BTreeMap::new();
    for (path, node) in files.iter().filter(|(path, _)| *path != "/") {
        entries.insert(path.to_owned(), Entry::Node(node));
    }
    add_commands(image, &mut entries)?;
    let paths: Vec<String> = entries.keys().cloned().collect();
    for path in paths {
        for (end, _) in path.match_indices('/').skip(1) {
            let parent = &path[..end];
            match entries.get(parent) {
                None => {
                    entries.insert(parent.to_owned(), Entry::ImpliedDirectory);
                }
                Some(Entry::Node(FileNode { kind: FileKind::File(_), .. })) => {
                    return Err(OciError::ParentIsFile {
                        reference: image.reference.clone(),
                        parent: parent.to_owned(),
                        path: path.clone(),
                    });
                }
                Some(_) => {}
            }
        }
    }
    Ok(entries)
}

fn add_commands<'a>(
    image: &'a Image,
    entries: &mut BTreeMap<String, Entry<'a>>,
) -> Result<(), OciError> {
    let files = &image.files;
    let folder = command_folder(files)
        .ok_or_else(|| OciError::NoPlaceForCommands { reference: image.reference.clone() })?;
    let free = [PROGRAM_NAME]
        .iter()
        .chain(&toolbox::COMMANDS)
        .map(|command| format!("{folder}/{command}"))
        .chain(entrypoint(image))
        .filter(|path| files.get(path).is_none() && !files.has_children(path));
    let mut program = None;
    for path in free {
        match &program {
            None => {
                entries.insert(path.clone(), Entry::Program);
                program = Some(path);
            }
            Some(program) => {
                entries.insert(path, Entry::Link(program.clone()));
            }
        }
    }
    Ok(())
}

/// The path of the image's entrypoint, if it is one of our commands by name.
fn entrypoint(image: &Image) -> Option<String> {
    let path = image.entrypoint.first()?;
    let (folder, name) = path.rsplit_once('/')?;
    let is_ours = toolbox::DISPATCHERS.iter().chain(&toolbox::COMMANDS).any(|ours| *ours == name);
    let is_plain = folder.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."));
    // Through a link, or below a file, it is no place of its own.
    let is_free = path.match_indices('/').skip(1).all(|(end, _)| {
        let node = image.files.get(&path[..end]);
        node.is_none_or(|node| node.kind == FileKind::Directory)
    });
    (is_ours && path.starts_with('/') && is_plain && is_free).then(|| path.clone())
}

/// Where `/bin` leads, if that is a directory or free.
fn command_folder(files: &FileTree) -> Option<String> {
    match files.locate("/bin", Links::StayWithin) {
        Ok(located) => match located.node.map(|node| &node.kind) {
            None | Some(FileKind::Directory) => Some(located.path.trim_end_matches('/').to_owned()),
            Some(_) => None,
        },
        Err(_) => files.get("/bin").is_none().then(|| "/bin".to_owned()),
    }
}

fn append(archive: &mut Builder<Vec<u8>>, path: &str, entry: &Entry<'_>) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mtime(0);
    header.set_size(0);
    match entry {
        Entry::Node(node) => {
            header.set_mode(node.mode & 0o7777);
            header.set_uid(node.uid.into());
            header.set_gid(node.gid.into());
            match &node.kind {
                FileKind::File(content) => append_file(archive, header, path, content),
                FileKind::Directory => append_directory(archive, header, path),
                FileKind::Symlink(target) => {
                    header.set_entry_type(EntryType::Symlink);
                    archive.append_link(&mut header, path, target)
                }
            }
        }
        Entry::ImpliedDirectory => {
            own_as_root(&mut header);
            append_directory(archive, header, path)
        }
        Entry::Program => {
            own_as_root(&mut header);
            append_file(archive, header, path, toolbox::PROGRAM)
        }
        Entry::Link(target) => {
            own_as_root(&mut header);
            header.set_entry_type(EntryType::Link);
            archive.append_link(&mut header, path, target.trim_start_matches('/'))
        }
    }
}

fn own_as_root(header: &mut Header) {
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
}

fn append_file(
    archive: &mut Builder<Vec<u8>>,
    mut header: Header,
    path: &str,
    content: &[u8],
) -> io::Result<()> {
    header.set_entry_type(EntryType::Regular);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, path, content)
}

fn append_directory(
    archive: &mut Builder<Vec<u8>>,
    mut header: Header,
    path: &str,
) -> io::Result<()> {
    header.set_entry_type(EntryType::Directory);
    archive.append_data(&mut header, format!("{path}/"), io::empty())
}
