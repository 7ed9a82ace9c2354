//! What archives are read as, and which are refused.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use fake_cri::image::{FileKind, FileNode, Image};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use super::layer::{Budget, Stack};
use super::{ArchivedImage, ImageAccounts, LayerOrigin, Problem, Special};
use super::{read_accounts, read_archive};
use crate::oci::{OciImage, layout};

type TestResult = Result<(), Box<dyn Error>>;

/// An entry of a layer: path, kind, and content or target.
type Entry<'a> = (&'a str, EntryType, &'a str);

const FILE: EntryType = EntryType::Regular;

fn layer(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (path, kind, text) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o640);
        header.set_uid(7);
        header.set_gid(8);
        // Written as they are: the builder itself refuses paths that climb.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        let content = if *kind == FILE { text.as_bytes() } else { b"" };
        if *kind != FILE {
            header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
        }
        header.set_size(content.len() as u64);
        header.set_cksum();
        archive.append(&header, content).expect("memory can be written");
    }
    archive.into_inner().expect("memory can be written")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

fn digest(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("sha256:{digits}")
}

/// Files of an archive under construction.
#[derive(Default)]
struct Files(Vec<(String, Vec<u8>)>);

impl Files {
    fn add(&mut self, path: &str, content: impl Into<Vec<u8>>) {
        self.0.push((path.to_owned(), content.into()));
    }

    /// Adds a blob; gives its digest.
    fn blob(&mut self, content: impl Into<Vec<u8>>) -> String {
        let content = content.into();
        let digest = digest(&content);
        self.add(&format!("blobs/{}", digest.replace(':', "/")), content);
        digest
    }

    /// Adds an image of these layers; gives the digest of its manifest.
    fn image(&mut self, layers: &[Vec<u8>]) -> String {
        let config = self.blob(r#"{"config": {"User": "web", "Env": null, "Cmd": ["/bin/sh"]}}"#);
        let layers: Vec<_> = layers
            .iter()
            .map(|layer| serde_json::json!({"digest": self.blob(layer.clone())}))
            .collect();
        let manifest = serde_json::json!({"config": {"digest": config}, "layers": layers});
        self.blob(manifest.to_string())
    }

    fn write(&self) -> Result<(TempDir, PathBuf), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("My app.tar");
        let mut archive = Builder::new(fs::File::create(&path)?);
        for (path, content) in &self.0 {
            let mut header = Header::new_gnu();
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, path, content.as_slice())?;
        }
        archive.finish()?;
        Ok((folder, path))
    }

    fn read(&self) -> Result<Vec<ArchivedImage>, Box<dyn Error>> {
        let (_folder, path) = self.write()?;
        Ok(read_archive(&path)?)
    }

    fn problem(&self) -> Result<Problem, Box<dyn Error>> {
        let (_folder, path) = self.write()?;
        Ok(read_archive(&path).err().ok_or("it was read")?.problem)
    }
}

/// The index of an archive with one image.
fn index(manifest: &str, annotations: &serde_json::Value) -> String {
    let manifest = serde_json::json!({"digest": manifest, "annotations": annotations});
    serde_json::json!({"manifests": [manifest]}).to_string()
}

/// The one image made of these layers.
fn layered(layers: &[Vec<u8>]) -> Result<Image, Box<dyn Error>> {
    let mut files = Files::default();
    let manifest = files.image(layers);
    files.add("index.json", index(&manifest, &serde_json::Value::Null));
    Ok(files.read()?.pop().ok_or("no image")?.image)
}

fn text(image: &Image, path: &str) -> Option<String> {
    image.files.read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

#[test]
fn what_gidcheck_exports_is_read_back() -> TestResult {
    let mut image = Image {
        reference: "localhost/app:v1".to_owned(),
        user: "1000:2000".to_owned(),
        entrypoint: vec!["/bin/pause".to_owned()],
        env: vec!["A=b".to_owned()],
        working_dir: "/data".to_owned(),
        ..Image::default()
    };
    image.files.insert("/etc/group", FileNode::file(*b"root:x:0:\n"));
    image.files.insert("/etc/passwd", FileNode::symlink("/real/passwd"));
    image.files.insert("/data", FileNode::directory().with_mode(0o2770).owned_by(7, 4_000_000_000));
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("app.tar");
    layout::write_archive(&path, &[("localhost/app:v1".to_owned(), &OciImage::assemble(&image)?)])?;
    for compressed in [false, true] {
        if compressed {
            fs::write(&path, gzip(&fs::read(&path)?))?;
        }
        let read = read_archive(&path)?.pop().ok_or("no image")?;
        assert_eq!(read.references, ["localhost/app:v1"]);
        for (path, node) in image.files.iter() {
            assert_eq!(read.image.files.get(path), Some(node), "{path}");
        }
        assert!(read.image.files.read("/bin/id").is_ok());
        let files = read.image.files.clone();
        // Of a stranger's programs nothing is known, not even that they end when asked to.
        assert_eq!(Image { files, ignores_sigterm: true, ..image.clone() }, read.image);
    }
    Ok(())
}

#[test]
fn layers_lie_over_each_other() -> TestResult {
    let below = layer(&[
        ("./", EntryType::Directory, ""),
        ("etc/", EntryType::Directory, ""),
        ("etc/passwd", FILE, "below"),
        ("etc/group", FILE, "below"),
        ("opaque/old", FILE, "old"),
        ("usr/conf/x", FILE, "x"),
        ("conf", EntryType::Symlink, "usr/conf"),
        ("dir/inside", FILE, "inside"),
    ]);
    let above = gzip(&layer(&[
        ("etc/.wh.group", FILE, ""),
        ("opaque/new", FILE, "new"),
        ("opaque/.wh..wh..opq", FILE, ""),
        ("conf/y", FILE, "through the link"),
        ("hard", EntryType::Link, "etc/passwd"),
        ("dir", FILE, "a file now"),
        ("etc/", EntryType::Directory, ""),
        ("dev/null", EntryType::Char, ""),
    ]));
    let image = layered(&[below, above])?;
    assert_eq!((image.user.as_str(), image.cmd.as_slice()), ("web", &["/bin/sh".to_owned()][..]));
    for (path, expected) in [
        ("/etc/passwd", Some("below")),
        ("/etc/group", None),
        ("/opaque/old", None),
        ("/opaque/new", Some("new")),
        ("/usr/conf/x", Some("x")),
        ("/usr/conf/y", Some("through the link")),
        ("/hard", Some("below")),
        ("/dir", Some("a file now")),
        ("/dir/inside", None),
        ("/dev/null", None),
    ] {
        assert_eq!(text(&image, path).as_deref(), expected, "{path}");
    }
    let passwd = image.files.get("/etc/passwd").ok_or("no passwd")?;
    assert_eq!((passwd.mode, passwd.uid, passwd.gid), (0o640, 7, 8));
    Ok(())
}

#[test]
fn nothing_leaves_the_image() -> TestResult {
    let image = layered(&[layer(&[
        ("../../../etc/passwd", FILE, "inside"),
        ("out", EntryType::Symlink, "../../../.."),
        ("out/etc/group", FILE, "inside too"),
        ("gone", EntryType::Symlink, "/nowhere"),
        ("gone/x", FILE, "made"),
    ])])?;
    assert_eq!(text(&image, "/etc/passwd").as_deref(), Some("inside"));
    assert_eq!(text(&image, "/etc/group").as_deref(), Some("inside too"));
    assert_eq!(text(&image, "/nowhere/x").as_deref(), Some("made"));
    Ok(())
}

#[test]
fn images_are_called_what_the_archive_calls_them() -> TestResult {
    for (annotations, expected) in [
        (
            serde_json::json!({"io.containerd.image.name": "r/a:1",
                            "org.opencontainers.image.ref.name": "1"}),
            vec!["r/a:1"],
        ),
        (serde_json::json!({"org.opencontainers.image.ref.name": "a:1"}), vec!["a:1"]),
        (
            serde_json::json!({"org.opencontainers.image.ref.name": "1"}),
            vec!["localhost/my-app:1", "1"],
        ),
        (serde_json::json!({}), vec!["localhost/my-app:latest"]),
    ] {
        let mut files = Files::default();
        let manifest = files.image(&[layer(&[])]);
        files.add("index.json", index(&manifest, &annotations));
        assert_eq!(files.read()?.pop().ok_or("no image")?.references, expected, "{annotations}");
    }
    Ok(())
}

#[test]
fn what_docker_save_writes_is_read() -> TestResult {
    let mut files = Files::default();
    files.add("abc.json", r#"{"config": {"User": "7"}}"#);
    files.add("abc/layer.tar", layer(&[("etc/group", FILE, "saved")]));
    files.add(
        "manifest.json",
        r#"[{"Config": "abc.json", "RepoTags": ["a:1", "b:2"], "Layers": ["abc/layer.tar"]}]"#,
    );
    let read = files.read()?.pop().ok_or("no image")?;
    assert_eq!(read.references, ["a:1", "b:2"]);
    assert_eq!(read.image.user, "7");
    assert_eq!(text(&read.image, "/etc/group").as_deref(), Some("saved"));
    Ok(())
}

#[test]
fn an_index_of_platforms_leads_to_this_one() -> TestResult {
    let mut files = Files::default();
    let platform = |digest: &str, architecture: &str| {
        serde_json::json!({"digest": digest, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "platform": {"os": "linux", "architecture": architecture}})
    };
    let other = files.image(&[layer(&[("etc/group", FILE, "other")])]);
    let this = files.image(&[layer(&[("etc/group", FILE, "this")])]);
    let list = serde_json::json!({"manifests": [
        platform(&other, "s390x"), platform(&this, toolbox::ARCHITECTURE)]});
    let list = files.blob(list.to_string());
    let top = serde_json::json!({"manifests": [
        {"digest": list, "mediaType": "application/vnd.oci.image.index.v1+json"}]});
    files.add("index.json", top.to_string());
    let read = files.read()?.pop().ok_or("no image")?;
    assert_eq!(text(&read.image, "/etc/group").as_deref(), Some("this"));
    Ok(())
}

#[test]
fn archives_that_are_wrong_are_refused() -> TestResult {
    let with_index = |index: &str| {
        let mut files = Files::default();
        files.add("index.json", index);
        files
    };
    assert!(matches!(Files::default().problem()?, Problem::NoImages));
    assert!(matches!(with_index("{").problem()?, Problem::Document { .. }));
    let climbing = r#"{"manifests": [{"digest": "sha256:../../etc/passwd"}]}"#;
    assert!(matches!(with_index(climbing).problem()?, Problem::NotDigest { .. }));
    let missing = index(&digest(b"x"), &serde_json::Value::Null);
    assert!(matches!(with_index(&missing).problem()?, Problem::Missing { .. }));

    let mut damaged = Files::default();
    let manifest = damaged.image(&[layer(&[])]);
    damaged.add("index.json", index(&manifest, &serde_json::Value::Null));
    damaged.0[1].1[0] ^= 1;
    assert!(matches!(damaged.problem()?, Problem::Damaged { .. }));

    let mut endless = Files::default();
    let mut list = digest(b"");
    for _ in 0..8 {
        let of = serde_json::json!({"manifests": [{"digest": list, "mediaType": "an index"}]});
        list = endless.blob(of.to_string());
    }
    endless.add(
        "index.json",
        serde_json::json!({"manifests": [
        {"digest": list, "mediaType": "an index"}]})
        .to_string(),
    );
    assert!(matches!(endless.problem()?, Problem::TooDeep { .. }));

    let problem = |layer: Vec<u8>| {
        let mut files = Files::default();
        let manifest = files.image(&[layer]);
        files.add("index.json", index(&manifest, &serde_json::Value::Null));
        files.problem()
    };
    assert!(matches!(problem(vec![0x28, 0xb5, 0x2f, 0xfd])?, Problem::Layer { .. }));
    assert!(matches!(problem(vec![b'x'; 1024])?, Problem::Layer { .. }));
    assert!(matches!(problem(vec![0x1f, 0x8b, 9])?, Problem::Layer { .. }));
    let link = layer(&[("a", EntryType::Link, "b")]);
    assert!(matches!(problem(link)?, Problem::Link { .. }));
    let below_file = layer(&[("a", FILE, ""), ("a/b", FILE, "")]);
    assert!(matches!(problem(below_file)?, Problem::Layer { .. }));
    let round = layer(&[("a", EntryType::Symlink, "a"), ("a/b", FILE, "")]);
    assert!(matches!(problem(round)?, Problem::Layer { .. }));
    let folder = tempfile::tempdir()?;
    let empty = read_archive(folder.path()).map_err(|error| error.problem);
    assert!(matches!(empty, Err(Problem::NoImages)));
    let nothing = read_archive(&folder.path().join("nothing")).map_err(|error| error.problem);
    assert!(matches!(nothing, Err(Problem::Read(_))));
    Ok(())
}

#[test]
fn layers_that_unpack_to_too_much_are_refused() {
    let apply =
        |layer: &[u8], mut budget: Budget| Stack::default().apply(layer, "a layer", &mut budget);
    // Zeros are a thousand times as large when they are unpacked.
    let zeros = layer(&[("zeros", FILE, &"\0".repeat(1024 * 1024))]);
    let layer = gzip(&zeros);
    assert!(layer.len() < 10_000);
    let result = apply(&layer, Budget { entries: 10, bytes: 100_000 });
    assert!(matches!(result, Err(Problem::TooMuch { .. })), "{result:?}");
    let result = apply(&layer, Budget { entries: 0, bytes: 10_000_000 });
    assert!(matches!(result, Err(Problem::TooMuch { .. })), "{result:?}");
    assert!(apply(&layer, Budget::default()).is_ok());
}

#[test]
fn no_bytes_make_it_panic() -> TestResult {
    let mut files = Files::default();
    let manifest = files.image(&[layer(&[("etc/group", FILE, "x")])]);
    files.add("index.json", index(&manifest, &serde_json::Value::Null));
    let (_folder, path) = files.write()?;
    let sound = fs::read(&path)?;
    for at in (0..sound.len()).step_by(37) {
        let mut bytes = sound.clone();
        bytes[at] = bytes[at].wrapping_add(1);
        fs::write(&path, &bytes)?;
        let _ = read_archive(&path);
        fs::write(&path, &sound[..at])?;
        let _ = read_archive(&path);
    }
    Ok(())
}

#[test]
fn a_directory_keeps_what_is_in_it() -> TestResult {
    let layers = [
        layer(&[("etc", EntryType::Directory, ""), ("etc/group", FILE, "x")]),
        layer(&[("etc", EntryType::Directory, "")]),
    ];
    let image = layered(&layers)?;
    assert_eq!(text(&image, "/etc/group").as_deref(), Some("x"));
    assert_eq!(image.files.get("/etc").map(|node| &node.kind), Some(&FileKind::Directory));
    Ok(())
}

/// An image whose config tells of its layers.
fn with_history(files: &mut Files, layers: &[Vec<u8>], history: &serde_json::Value) -> String {
    let config = serde_json::json!({"os": "linux", "config": {}, "history": history});
    let config = files.blob(config.to_string());
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| serde_json::json!({"digest": files.blob(layer.clone())}))
        .collect();
    files.blob(serde_json::json!({"config": {"digest": config}, "layers": layers}).to_string())
}

#[test]
fn user_files_are_traced_to_the_layers_that_brought_them() -> TestResult {
    let base = layer(&[
        ("etc/passwd", FILE, "root:x:0:0::/:/bin/sh\n"),
        ("etc/group", FILE, "root:x:0:\n"),
        ("usr/lib/group", FILE, "below\n"),
        ("big", FILE, "of no interest"),
    ]);
    let added = layer(&[("etc/group", FILE, "root:x:0:\nteam:x:50000:app\n")]);
    let linked = layer(&[
        ("etc/passwd", EntryType::Symlink, "../real/passwd"),
        ("real/passwd", FILE, "through a link\n"),
    ]);
    let mut files = Files::default();
    let steps = [&base, &added, &linked].map(|layer| gzip(layer));
    let history = serde_json::json!([
        {"created_by": "ADD rootfs.tar /"},
        {"created_by": "ENV A=b", "empty_layer": true},
        {"created_by": "RUN groupadd team"},
    ]);
    let manifest = with_history(&mut files, &steps, &history);
    files.add("index.json", index(&manifest, &serde_json::Value::Null));
    let (_folder, path) = files.write()?;
    let read = read_accounts(&path, toolbox::ARCHITECTURE)?.pop().ok_or("no image")?;
    assert_eq!(text(&read.image, "/etc/passwd").as_deref(), Some("through a link\n"));
    assert_eq!(text(&read.image, "/etc/group").as_deref(), Some("root:x:0:\nteam:x:50000:app\n"));
    assert_eq!(text(&read.image, "/big"), None, "nothing else is kept");
    let layer_of = |at: usize, created_by: Option<&str>| LayerOrigin {
        digest: digest(&steps[at]),
        created_by: created_by.map(str::to_owned),
    };
    assert_eq!(read.passwd, Some(layer_of(2, None)));
    assert_eq!(read.group, Some(layer_of(1, Some("RUN groupadd team"))));
    Ok(())
}

#[test]
fn a_hard_link_brings_a_name_and_leaves_the_content_where_it_was() -> TestResult {
    let base = layer(&[("srv/group", FILE, "root:x:0:\n")]);
    let linked = layer(&[("etc/group", EntryType::Link, "srv/group")]);
    let mut files = Files::default();
    let manifest = with_history(&mut files, &[base, linked.clone()], &serde_json::Value::Null);
    files.add("index.json", index(&manifest, &serde_json::Value::Null));
    let (_folder, path) = files.write()?;
    let read = read_accounts(&path, toolbox::ARCHITECTURE)?.pop().ok_or("no image")?;
    assert_eq!(text(&read.image, "/etc/group").as_deref(), Some("root:x:0:\n"));
    assert_eq!(read.group.map(|layer| layer.digest), Some(digest(&linked)));
    assert_eq!(read.passwd, None);
    Ok(())
}

#[test]
fn zstd_is_read_as_gzip_is_frame_after_frame() -> TestResult {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    let plain = layer(&[("etc/group", FILE, "from zstd")]);
    let (first, second) = plain.split_at(512);
    let mut frames = compress_to_vec(first, CompressionLevel::Fastest);
    // What zstd:chunked writes for itself, in a frame to be skipped.
    frames.extend([0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x', b'y', b'z']);
    frames.extend(compress_to_vec(second, CompressionLevel::Fastest));
    let image = layered(&[frames])?;
    assert_eq!(text(&image, "/etc/group").as_deref(), Some("from zstd"));

    let mut files = Files::default();
    let manifest = files.image(&[plain]);
    files.add("index.json", index(&manifest, &serde_json::Value::Null));
    let (_folder, path) = files.write()?;
    fs::write(&path, compress_to_vec(fs::File::open(&path)?, CompressionLevel::Fastest))?;
    let image = read_archive(&path)?.pop().ok_or("no image")?.image;
    assert_eq!(text(&image, "/etc/group").as_deref(), Some("from zstd"));
    Ok(())
}

#[test]
fn a_folder_is_read_as_an_archive_is_and_nothing_outside_it() -> TestResult {
    let mut files = Files::default();
    let manifest = files.image(&[layer(&[("etc/group", FILE, "in a folder")])]);
    files.add("index.json", index(&manifest, &serde_json::Value::Null));
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("layout");
    for (path, content) in &files.0 {
        let path = root.join(path);
        fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        fs::write(path, content)?;
    }
    let image = read_archive(&root)?.pop().ok_or("no image")?.image;
    assert_eq!(text(&image, "/etc/group").as_deref(), Some("in a folder"));

    let outside = folder.path().join("index.json");
    fs::rename(root.join("index.json"), &outside)?;
    std::os::unix::fs::symlink(&outside, root.join("index.json"))?;
    let problem = read_archive(&root).map_err(|error| error.problem);
    assert!(matches!(problem, Err(Problem::NoImages)), "{problem:?}");
    Ok(())
}

/// What is read of an image of these layers.
fn accounts(layers: &[Vec<u8>]) -> Result<ImageAccounts, Box<dyn Error>> {
    let mut files = Files::default();
    let manifest = files.image(layers);
    files.add("index.json", index(&manifest, &serde_json::Value::Null));
    let (_folder, path) = files.write()?;
    Ok(read_accounts(&path, toolbox::ARCHITECTURE)?.pop().ok_or("no image")?)
}

#[test]
fn a_layer_that_nobody_names_by_a_digest_has_the_digest_of_what_it_unpacks_to() -> TestResult {
    let group = layer(&[("etc/group", FILE, "saved")]);
    let mut files = Files::default();
    files.add("abc.json", "{}");
    files.add("abc/layer.tar", gzip(&group));
    let saved = r#"[{"Config": "abc.json", "RepoTags": ["a:1"], "Layers": ["abc/layer.tar"]}]"#;
    files.add("manifest.json", saved);
    let (_folder, path) = files.write()?;
    let read = read_accounts(&path, toolbox::ARCHITECTURE)?.pop().ok_or("no image")?;
    assert_eq!(read.group.map(|layer| layer.digest), Some(digest(&group)));
    Ok(())
}

#[test]
fn a_user_file_that_is_a_device_or_a_fifo_hides_the_file_below_and_is_told() -> TestResult {
    let below = layer(&[("etc/group", FILE, "below"), ("etc/passwd", FILE, "below")]);
    let special = |path: &str, kind| layer(&[(path, kind, "")]);
    let fifo = accounts(&[below.clone(), special("etc/group", EntryType::Fifo)])?;
    assert_eq!(fifo.special, Some(("/etc/group", Special::Fifo)));
    assert_eq!((text(&fifo.image, "/etc/group"), fifo.group), (None, None));
    let device = accounts(&[below.clone(), special("etc/passwd", EntryType::Block)])?;
    assert_eq!(device.special, Some(("/etc/passwd", Special::Device)));
    // Overlay file systems take the device 0, 0 for a whiteout.
    let whiteout = accounts(&[below.clone(), special("etc/group", EntryType::Char)])?;
    assert_eq!((text(&whiteout.image, "/etc/group"), whiteout.special), (None, None));
    // Through a link, and where a later layer takes it away.
    let linked = layer(&[("etc/group", EntryType::Symlink, "../run/pipe")]);
    let linked = accounts(&[linked, special("run/pipe", EntryType::Fifo)])?;
    assert_eq!(linked.special, Some(("/etc/group", Special::Fifo)));
    for gone in [(".wh.etc", FILE, ""), ("etc/.wh.group", FILE, ""), ("etc/group", FILE, "above")] {
        let layers = [below.clone(), special("etc/group", EntryType::Fifo), layer(&[gone])];
        assert_eq!(accounts(&layers)?.special, None, "{gone:?}");
    }
    Ok(())
}

#[test]
fn a_user_file_that_is_too_large_is_named_with_its_layer_and_the_limit() -> TestResult {
    let large = layer(&[("etc/passwd", FILE, &"x".repeat(17 * 1024 * 1024))]);
    let error = accounts(&[gzip(&large)]).err().ok_or("it was read")?.to_string();
    let layer = digest(&gzip(&large)).replace("sha256:", "");
    for word in ["/etc/passwd", &layer, "16777216 bytes"] {
        assert!(error.contains(word), "{word:?} is missing in {error}");
    }
    Ok(())
}

#[test]
fn an_image_of_a_layout_is_known_by_the_digest_of_its_manifest() -> TestResult {
    let mut files = Files::default();
    let manifest = files.image(&[layer(&[])]);
    files.add("index.json", index(&manifest, &serde_json::Value::Null));
    let (_folder, path) = files.write()?;
    let read = read_accounts(&path, toolbox::ARCHITECTURE)?.pop().ok_or("no image")?;
    assert_eq!((read.digest, read.is_named), (Some(manifest), false));
    Ok(())
}

#[test]
fn an_image_for_windows_has_no_groups_to_look_at() -> TestResult {
    let mut files = Files::default();
    let config = files.blob(r#"{"os": "windows", "config": {}}"#);
    let manifest = serde_json::json!({"config": {"digest": config}, "layers": []});
    let manifest = files.blob(manifest.to_string());
    files.add("index.json", index(&manifest, &serde_json::Value::Null));
    assert!(matches!(files.problem()?, Problem::NotLinux { .. }));
    Ok(())
}
