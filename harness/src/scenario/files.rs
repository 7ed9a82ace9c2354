//! Where scenario files come from: the suite in the program, or the disk.

use std::io::Read;
use std::path::{Component, Path, PathBuf};

use include_dir::{Dir, include_dir};
use thiserror::Error;

use crate::document::MAX_BYTES;

/// The suite that the program carries.
pub static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../scenarios");

/// The policies beside it, which scenarios apply.
static POLICIES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../policies");

/// What the program carries, by its folder in the repository.
const CARRIED: &[(&str, &Dir<'static>)] = &[(SCENARIOS, &BUILT_IN), ("policies", &POLICIES)];
const SCENARIOS: &str = "scenarios";

/// How deep folders of scenarios may be nested.
const MAX_DEPTH: usize = 16;
/// The most files that one run reads.
const MAX_FILES: usize = 10_000;

/// Why files could not be read.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A path that was named does not exist.
    #[error("{} does not exist; name a scenario file or a folder of them", .0.display())]
    Missing(PathBuf),
    /// A path could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is no text.
    #[error("{} is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// A file is too large.
    #[error("{} is larger than the {MAX_BYTES} bytes allowed", .0.display())]
    TooLarge(PathBuf),
    /// Something that is neither file nor folder.
    #[error("{} is neither a file nor a folder", .0.display())]
    NotAFile(PathBuf),
    /// A folder without scenarios.
    #[error("{} holds no scenario: no file in it ends in .yaml or .yml", .0.display())]
    Empty(PathBuf),
    /// Folders nested too deep, perhaps by a link that leads back.
    #[error("{} is nested more than {MAX_DEPTH} folders deep", .0.display())]
    TooDeep(PathBuf),
    /// Too many files.
    #[error("more than {MAX_FILES} files; run fewer at once")]
    TooMany,
    /// A manifest's path leads out of what the program carries, or is absolute.
    #[error("{} is not a path below the scenarios", .0.display())]
    Outside(PathBuf),
}

/// A place that scenario files are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// The suite in the program.
    BuiltIn,
    /// The disk.
    Disk,
}

/// A scenario file: where it is, which area its place makes it part of, its text.
pub(super) struct ScenarioFile {
    pub(super) path: PathBuf,
    pub(super) area: String,
    /// The text, or why it cannot be read.
    pub(super) text: Result<String, LoadError>,
}

/// The folder, in the suite, of manifests that scenarios share; it holds no scenarios.
const EXAMPLES: &str = "examples";

impl Files {
    /// Every scenario file of the suite, in order.
    pub(super) fn built_in() -> Vec<ScenarioFile> {
        let mut files = Vec::new();
        collect_built_in(&BUILT_IN, &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// Every scenario file at or below a path of the disk, in order.
    pub(super) fn on_disk(path: &Path) -> Result<Vec<ScenarioFile>, LoadError> {
        let metadata = std::fs::metadata(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => LoadError::Missing(path.to_owned()),
            _ => LoadError::Unreadable { path: path.to_owned(), source },
        })?;
        if metadata.is_file() {
            let text = read_bounded(path);
            return Ok(vec![ScenarioFile { path: path.to_owned(), area: String::new(), text }]);
        }
        if !metadata.is_dir() {
            return Err(LoadError::NotAFile(path.to_owned()));
        }
        let mut files = Vec::new();
        collect_on_disk(path, path, 0, &mut files)?;
        if files.is_empty() {
            return Err(LoadError::Empty(path.to_owned()));
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// The text of a manifest that a scenario names, and the path to show for it.
    pub(super) fn manifest(
        self,
        scenario: &Path,
        name: &str,
    ) -> Result<(PathBuf, String), LoadError> {
        let relative = Path::new(name);
        if relative.is_absolute() {
            return Err(LoadError::Outside(relative.to_owned()));
        }
        let path = scenario.parent().unwrap_or(Path::new("")).join(relative);
        match self {
            Self::Disk => read_bounded(&path).map(|text| (path, text)),
            Self::BuiltIn => {
                let place = normalise(&Path::new(SCENARIOS).join(&path));
                let place = place.ok_or_else(|| LoadError::Outside(path.clone()))?;
                let (folder, path) = CARRIED
                    .iter()
                    .find_map(|(name, folder)| Some((folder, place.strip_prefix(name).ok()?)))
                    .ok_or_else(|| LoadError::Outside(path.clone()))?;
                let path = path.to_owned();
                let missing = || LoadError::Missing(path.clone());
                let file = folder.get_file(&path).ok_or_else(missing)?;
                let text = file.contents_utf8().ok_or_else(|| LoadError::NotText(path.clone()))?;
                Ok((path, text.to_owned()))
            }
        }
    }
}

fn is_scenario(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn area_of(relative: &Path) -> String {
    relative.parent().map(|parent| parent.to_string_lossy().into_owned()).unwrap_or_default()
}

fn collect_built_in(dir: &Dir<'_>, files: &mut Vec<ScenarioFile>) {
    for file in dir.files().filter(|file| is_scenario(file.path())) {
        if let Some(text) = file.contents_utf8() {
            files.push(ScenarioFile {
                path: file.path().to_owned(),
                area: area_of(file.path()),
                text: Ok(text.to_owned()),
            });
        }
    }
    for child in dir.dirs().filter(|child| !child.path().ends_with(EXAMPLES)) {
        collect_built_in(child, files);
    }
}

fn collect_on_disk(
    root: &Path,
    dir: &Path,
    depth: usize,
    files: &mut Vec<ScenarioFile>,
) -> Result<(), LoadError> {
    if depth > MAX_DEPTH {
        return Err(LoadError::TooDeep(dir.to_owned()));
    }
    let unreadable = |source| LoadError::Unreadable { path: dir.to_owned(), source };
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            if !path.ends_with(EXAMPLES) {
                collect_on_disk(root, &path, depth + 1, files)?;
            }
        } else if is_scenario(&path) {
            if files.len() == MAX_FILES {
                return Err(LoadError::TooMany);
            }
            let text = read_bounded(&path);
            let area = area_of(path.strip_prefix(root).unwrap_or(&path));
            files.push(ScenarioFile { path, area, text });
        }
    }
    Ok(())
}

/// Reads a regular file of bounded size; never a device or a pipe, which may not end.
fn read_bounded(path: &Path) -> Result<String, LoadError> {
    let unreadable = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => LoadError::Missing(path.to_owned()),
        _ => LoadError::Unreadable { path: path.to_owned(), source },
    };
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(LoadError::NotAFile(path.to_owned()));
    }
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX) + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > MAX_BYTES {
        return Err(LoadError::TooLarge(path.to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| LoadError::NotText(path.to_owned()))
}

fn normalise(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => normal.push(part),
            Component::ParentDir => {
                if !normal.pop() {
                    return None;
                }
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(normal)
}
