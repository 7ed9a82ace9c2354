//! A registry on loopback, with a storage of its own, that ends with its test.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use libtest_mimic::Failed;
use oci_client::client::{Client, ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::{ImageIndexEntry, OciImageIndex, Platform};
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

const PROGRAM: &str = "docker-registry";
/// How long it may take to come up.
const START: Duration = Duration::from_secs(30);

pub(super) const USER: &str = "gidcheck";
pub(super) const PASSWORD: &str = "open-sesame";
/// What `htpasswd -B` makes of both.
const HTPASSWD: &str = "gidcheck:$2y$05$GN5bOKC8qCfpD385FVvZIOYFN4b6hVLM0Jb5FWEP7y98wilR7vhEy\n";

pub(super) struct Registry {
    process: Child,
    folder: TempDir,
    address: String,
    auth: RegistryAuth,
    tokio: tokio::runtime::Runtime,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Registry {
    pub(super) fn is_installed() -> bool {
        Command::new(PROGRAM).arg("--version").output().is_ok()
    }

    /// Starts a registry that everybody may use, or only this user.
    pub(super) fn start(user: Option<(&str, &str)>) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let storage = folder.path().join("storage");
        let mut config = serde_json::json!({
            "version": 0.1,
            "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": storage}},
            "http": {"addr": address},
        });
        if user.is_some() {
            let path = folder.path().join("htpasswd");
            fs::write(&path, HTPASSWD)?;
            config["auth"] = serde_json::json!({"htpasswd": {"realm": "test", "path": path}});
        }
        // JSON is YAML.
        let path = folder.path().join("config.yml");
        fs::write(&path, config.to_string())?;
        let process = Command::new(PROGRAM)
            .arg("serve")
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let auth = user.map_or(RegistryAuth::Anonymous, |(user, password)| {
            RegistryAuth::Basic(user.to_owned(), password.to_owned())
        });
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let registry = Self { process, folder, address, auth, tokio };
        registry.wait()?;
        Ok(registry)
    }

    fn wait(&self) -> Result<(), Failed> {
        let started = Instant::now();
        while TcpStream::connect(&self.address).is_err() {
            if started.elapsed() > START {
                return Err("the registry does not come up".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// A folder without a docker configuration.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn reference(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    fn client(&self) -> Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let protocol = ClientProtocol::HttpsExcept(vec![self.address.clone()]);
        Client::new(ClientConfig { protocol, ..ClientConfig::default() })
    }

    pub(super) fn push(
        &self,
        name: &str,
        config: Config,
        layers: &[Vec<u8>],
    ) -> Result<(), Failed> {
        let reference: Reference = self.reference(name).parse()?;
        let layers: Vec<_> =
            layers.iter().map(|layer| ImageLayer::oci_v1_gzip(layer.clone(), None)).collect();
        let client = self.client();
        let pushed = client.push(&reference, &layers, config, &self.auth, None);
        self.tokio.block_on(pushed)?;
        Ok(())
    }

    /// Puts images that are there together, each with its architecture.
    pub(super) fn push_index(&self, name: &str, entries: &[(&str, &str)]) -> Result<(), Failed> {
        let client = self.client();
        self.tokio.block_on(async {
            let mut manifests = Vec::new();
            for (name, architecture) in entries {
                let reference: Reference = self.reference(name).parse()?;
                client.auth(&reference, &self.auth, RegistryOperation::Pull).await?;
                let accepted = [oci_client::manifest::OCI_IMAGE_MEDIA_TYPE];
                let (bytes, digest) =
                    client.pull_manifest_raw(&reference, &self.auth, &accepted).await?;
                manifests.push(ImageIndexEntry {
                    media_type: oci_client::manifest::OCI_IMAGE_MEDIA_TYPE.to_owned(),
                    digest,
                    size: i64::try_from(bytes.len())?,
                    platform: Some(Platform {
                        architecture: (*architecture).into(),
                        os: "linux".into(),
                        os_version: None,
                        os_features: None,
                        variant: None,
                        features: None,
                    }),
                    artifact_type: None,
                    annotations: None,
                });
            }
            let index = OciImageIndex {
                schema_version: 2,
                media_type: Some(oci_client::manifest::OCI_IMAGE_INDEX_MEDIA_TYPE.to_owned()),
                manifests,
                artifact_type: None,
                annotations: None,
            };
            let reference: Reference = self.reference(name).parse()?;
            client.push_manifest_list(&reference, &self.auth, index).await?;
            Ok(())
        })
    }
}

/// A layer with these files.
pub(super) fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, path, content.as_bytes()).expect("memory can be written");
    }
    archive.into_inner().expect("memory can be written")
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

pub(super) fn digest(bytes: &[u8]) -> String {
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}
