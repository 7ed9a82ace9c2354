//! What runtimes are promised of the images and of the registry.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::Read;

use fake_cri::image::{FileNode, Image};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{OciError, OciImage, Registry, layout, pause_image};

type TestResult = Result<(), Box<dyn Error>>;

fn image() -> Image {
    let mut image = Image {
        reference: "example.org/Team/app:1".to_owned(),
        user: "1000:2000".to_owned(),
        entrypoint: vec!["/bin/sh".to_owned()],
        cmd: vec!["-c".to_owned(), "sleep 1h".to_owned()],
        env: vec!["PATH=/bin".to_owned()],
        working_dir: "/data".to_owned(),
        ..Image::default()
    };
    image.files.insert("/etc/group", FileNode::file(b"root:x:0:\n".as_slice()));
    image.files.insert("/data", FileNode::directory().with_mode(0o2770).owned_by(7, 4_000_000_000));
    image
}

/// Type, mode, owner, group, link and size of everything in a layer, by path.
fn layer(image: &Image) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let image = OciImage::assemble(image)?;
    let blob = image.blobs().next().ok_or("no layer")?;
    let mut entries = BTreeMap::new();
    for entry in tar::Archive::new(&**blob.content()).entries()? {
        let mut entry = entry?;
        let link = entry.link_name()?.map(|link| link.display().to_string());
        let header = entry.header();
        let line = format!(
            "{:?} {:o} {}:{} {}",
            header.entry_type(),
            header.mode()?,
            header.uid()?,
            header.gid()?,
            link.unwrap_or_default()
        );
        assert_eq!(header.mtime()?, 0);
        let path = entry.path()?.display().to_string();
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        assert!(entries.insert(path, line).is_none(), "each path is there once");
    }
    Ok(entries)
}

#[test]
fn a_layer_has_the_images_files_and_the_commands() -> TestResult {
    let layer = layer(&image())?;
    assert_eq!(layer["etc/"], "Directory 755 0:0 ");
    assert_eq!(layer["etc/group"], "Regular 644 0:0 ");
    assert_eq!(layer["data/"], "Directory 2770 7:4000000000 ");
    assert_eq!(layer["bin/toolbox"], "Regular 755 0:0 ");
    for command in toolbox::COMMANDS {
        assert_eq!(layer[&format!("bin/{command}")], "Link 755 0:0 bin/toolbox");
    }
    Ok(())
}

#[test]
fn an_entrypoint_that_is_a_command_is_where_the_image_says() -> TestResult {
    let agnhost = layer(&Image::agnhost())?;
    assert_eq!(agnhost["agnhost"], "Link 755 0:0 bin/toolbox");
    for (entrypoint, path) in [("/opt/bin/sleep", "opt/bin/sleep"), ("/bin/id", "bin/id")] {
        let image = Image { entrypoint: vec![entrypoint.to_owned()], ..image() };
        assert_eq!(layer(&image)?[path], "Link 755 0:0 bin/toolbox");
    }
    for entrypoint in ["/opt/server", "sleep", "/opt/../sleep", "opt/sleep", "/etc/group/id"] {
        let plain = layer(&Image { entrypoint: Vec::new(), ..image() })?;
        assert_eq!(layer(&Image { entrypoint: vec![entrypoint.to_owned()], ..image() })?, plain);
    }
    Ok(())
}

#[test]
fn an_images_own_commands_stay() -> TestResult {
    let mut image = image();
    image.files.insert("/bin", FileNode::symlink("usr/bin"));
    image.files.insert("/usr/bin/toolbox", FileNode::symlink("elsewhere"));
    image.files.insert("/usr/bin/id", FileNode::file(b"#!/bin/sh".as_slice()).with_mode(0o755));
    let layer = layer(&image)?;
    assert_eq!(layer["bin"], "Symlink 777 0:0 usr/bin");
    assert_eq!(layer["usr/bin/toolbox"], "Symlink 777 0:0 elsewhere");
    assert_eq!(layer["usr/bin/id"], "Regular 755 0:0 ");
    assert_eq!(layer["usr/bin/cat"], "Regular 755 0:0 ", "the first free name is the file");
    assert_eq!(layer["usr/bin/sh"], "Link 755 0:0 usr/bin/cat");
    Ok(())
}

#[test]
fn files_that_contradict_each_other_are_refused() {
    let mut image = image();
    image.files.insert("/etc/group/x", FileNode::file(b"".as_slice()));
    let error = OciImage::assemble(&image).map(drop);
    assert!(matches!(error, Err(OciError::ParentIsFile { .. })), "{error:?}");
    for node in [FileNode::file(b"".as_slice()), FileNode::symlink("/none")] {
        let mut image = self::image();
        image.files.insert("/bin", node);
        let error = OciImage::assemble(&image).map(drop);
        assert!(matches!(error, Err(OciError::NoPlaceForCommands { .. })), "{error:?}");
    }
    let mut image = self::image();
    image.files.insert("/a\0b", FileNode::file(b"".as_slice()));
    let error = OciImage::assemble(&image).map(drop);
    assert!(matches!(error, Err(OciError::Layer { .. })), "{error:?}");
}

#[test]
fn long_paths_and_targets_fit_into_a_layer() -> TestResult {
    let mut image = image();
    let long = format!("/{}", "d".repeat(200)).repeat(3);
    image.files.insert(&long, FileNode::symlink(long.clone()));
    let layer = layer(&image)?;
    assert_eq!(layer[&long[1..]], format!("Symlink 777 0:0 {long}"));
    Ok(())
}

#[test]
fn the_same_content_is_the_same_image_and_other_content_another() -> TestResult {
    let first = OciImage::assemble(&image())?;
    assert_eq!(OciImage::assemble(&image())?.manifest().digest(), first.manifest().digest());
    assert_eq!(first.name().repository(), "gidcheck/example-org-team-app-1");
    let tag = first.name().tag();
    assert!(first.manifest().digest().starts_with(&format!("sha256:{tag}")));
    let mut changed = image();
    changed.user = "1000".to_owned();
    assert_ne!(OciImage::assemble(&changed)?.name(), first.name());
    Ok(())
}

#[test]
fn the_config_says_what_the_image_says() -> TestResult {
    let image = OciImage::assemble(&image())?;
    let mut blobs = image.blobs();
    let layer = blobs.next().ok_or("no layer")?;
    let config: serde_json::Value =
        serde_json::from_slice(blobs.next().ok_or("no config")?.content())?;
    let expected = serde_json::json!({
        "created": "1970-01-01T00:00:00Z",
        "architecture": toolbox::ARCHITECTURE,
        "os": "linux",
        "config": {
            "User": "1000:2000",
            "Env": ["PATH=/bin"],
            "Entrypoint": ["/bin/sh"],
            "Cmd": ["-c", "sleep 1h"],
            "WorkingDir": "/data",
        },
        "rootfs": { "type": "layers", "diff_ids": [layer.digest()] },
    });
    assert_eq!(config, expected);
    Ok(())
}

#[test]
fn layouts_and_archives_hold_every_blob() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (app, pause) = (OciImage::assemble(&image())?, OciImage::assemble(&pause_image())?);
    let images = [("localhost/app:1".to_owned(), &app), ("localhost/pause:1".to_owned(), &pause)];
    let (layout_folder, archive) = (folder.path().join("layout"), folder.path().join("all.tar"));
    layout::write_folder(&layout_folder, &images)?;
    layout::write_archive(&archive, &images)?;

    let marker = fs::read_to_string(layout_folder.join("oci-layout"))?;
    assert_eq!(marker, r#"{"imageLayoutVersion":"1.0.0"}"#);
    let index: serde_json::Value =
        serde_json::from_slice(&fs::read(layout_folder.join("index.json"))?)?;
    let first = &index["manifests"][0];
    assert_eq!(first["digest"], app.manifest().digest());
    assert_eq!(first["annotations"]["io.containerd.image.name"], "localhost/app:1");
    for blob in app.blobs().chain(pause.blobs()) {
        let path = layout_folder.join("blobs").join(blob.digest().replace(':', "/"));
        assert_eq!(fs::read(path)?, **blob.content());
    }
    let mut files = 0;
    for entry in tar::Archive::new(fs::File::open(&archive)?).entries()? {
        let mut entry = entry?;
        if entry.header().entry_type().is_file() {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            assert_eq!(content, fs::read(layout_folder.join(entry.path()?))?);
            files += 1;
        }
    }
    assert_eq!(files, 8);
    let again = folder.path().join("again.tar");
    layout::write_archive(&again, &images)?;
    assert_eq!(fs::read(again)?, fs::read(archive)?);
    let error = layout::write_archive(folder.path(), &images);
    assert!(matches!(error, Err(OciError::Write { .. })), "{error:?}");
    Ok(())
}

/// Sends a request; gives the whole response.
async fn ask(registry: &Registry, request: &str) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(registry.address()).await?;
    let request = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await?;
    Ok(String::from_utf8_lossy(&response).into_owned())
}

#[tokio::test]
async fn the_registry_serves_manifests_and_blobs() -> TestResult {
    let registry = Registry::start().await?;
    let reference = registry.publish(&image())?;
    let image = OciImage::assemble(&image())?;
    assert_eq!(reference, format!("{}/{}", registry.address(), image.name()));
    assert!(ask(&registry, "GET /v2/").await?.starts_with("HTTP/1.1 200 OK\r\n"));

    let manifests = format!("/v2/{}/manifests", image.name().repository());
    let digest = image.manifest().digest();
    for reference in [image.name().tag(), digest] {
        let response = ask(&registry, &format!("GET {manifests}/{reference}")).await?;
        let (head, body) = response.split_once("\r\n\r\n").ok_or("no head")?;
        assert!(
            head.contains("content-type: application/vnd.oci.image.manifest.v1+json"),
            "{head}"
        );
        assert!(head.contains(&format!("docker-content-digest: {digest}")), "{head}");
        assert_eq!(body.as_bytes(), &**image.manifest().content());
        let response = ask(&registry, &format!("HEAD {manifests}/{reference}")).await?;
        let length = format!("content-length: {}", image.manifest().content().len());
        assert!(response.contains(&length) && response.ends_with("\r\n\r\n"), "{response}");
    }
    for blob in image.blobs() {
        let path = format!("/v2/{}/blobs/{}", image.name().repository(), blob.digest());
        let response = ask(&registry, &format!("GET {path}")).await?;
        assert!(response.contains(&format!("content-length: {}\r\n", blob.content().len())));
    }
    Ok(())
}

#[tokio::test]
async fn the_registry_explains_what_it_does_not_have() -> TestResult {
    let registry = Registry::start().await?;
    registry.publish(&image())?;
    let repository = "gidcheck/example-org-team-app-1";
    for (request, status, code) in [
        ("GET /".to_owned(), 404, "UNSUPPORTED"),
        ("GET /v2/a/b/tags/list".to_owned(), 404, "UNSUPPORTED"),
        ("GET /v2/other/manifests/x".to_owned(), 404, "NAME_UNKNOWN"),
        (format!("GET /v2/{repository}/manifests/latest"), 404, "MANIFEST_UNKNOWN"),
        (format!("GET /v2/{repository}/blobs/sha256:00"), 404, "BLOB_UNKNOWN"),
        (format!("POST /v2/{repository}/blobs/uploads/"), 405, "UNSUPPORTED"),
    ] {
        let response = ask(&registry, &request).await?;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {response}");
        assert!(response.contains(&format!(r#""code":"{code}""#)), "{request}: {response}");
    }
    let long = ask(&registry, &format!("GET /{}", "x".repeat(100_000))).await;
    assert!(!long.is_ok_and(|response| response.contains("200 OK")));
    Ok(())
}

#[tokio::test]
async fn the_registry_is_gone_when_dropped() -> TestResult {
    let registry = Registry::start().await?;
    let address = registry.address();
    let mut open = TcpStream::connect(address).await?;
    open.write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n").await?;
    assert!(open.read(&mut [0; 4096]).await? > 0);
    drop(registry);
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let ended = open.read(&mut [0; 4096]).await;
    assert!(!ended.is_ok_and(|count| count > 0), "open connections end with it");
    Ok(())
}
