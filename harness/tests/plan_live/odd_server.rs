//! An HTTPS server on loopback that answers as a test says, and no better.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// How a server answers a request, given its path with the query.
pub(crate) type Answers = fn(&Asked) -> Answer;

/// A request.
pub(crate) struct Asked {
    /// The path with the query.
    pub(crate) path: String,
    /// The headers, in lower case.
    pub(crate) headers: Vec<String>,
    /// How many requests there were before.
    pub(crate) before: usize,
}

impl Asked {
    /// What follows a header's name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// An answer.
pub(crate) enum Answer {
    /// JSON with the status 200.
    Json(String),
    /// Another status: the status line's end, more headers, and the body.
    Other(&'static str, &'static str, String),
    /// The head of an answer, then bytes without end.
    Endless,
    /// Nothing at all.
    Silence,
    /// The connection ends in the middle of the body.
    CutOff(String),
}

/// The server; it ends when this is dropped.
pub(crate) struct OddServer {
    pub(crate) port: u16,
    /// The authority that signed the server's certificate, as PEM.
    pub(crate) authority: String,
    /// A certificate and a key for a client, as PEM.
    pub(crate) client: (String, String),
    asked: Arc<AtomicUsize>,
    ends: Arc<AtomicBool>,
    task: Option<JoinHandle<()>>,
}

impl OddServer {
    /// Starts it; where it wants a certificate, clients without one are turned away.
    pub(crate) fn start(answers: Answers, wants_certificate: bool) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let signed = |name: &str, purpose| {
            let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
            params.extended_key_usages = vec![purpose];
            let key = KeyPair::generate().expect("a key");
            (params.signed_by(&key, &authority).expect("a certificate"), key)
        };
        let (certificate, key) = signed("127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth);
        let (client, client_key) = signed("client", ExtendedKeyUsagePurpose::ClientAuth);
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).expect("an authority");
        let config = if wants_certificate {
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().expect("roots");
            ServerConfig::builder().with_client_cert_verifier(verifier)
        } else {
            ServerConfig::builder().with_no_client_auth()
        };
        let config = Arc::new(config.with_single_cert(chain, key).expect("a configuration"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (asked, ends) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let task = {
            let (asked, ends) = (Arc::clone(&asked), Arc::clone(&ends));
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if ends.load(Ordering::Acquire) {
                        return;
                    }
                    let Ok(stream) = stream else { return };
                    let (config, asked, ends) =
                        (Arc::clone(&config), Arc::clone(&asked), Arc::clone(&ends));
                    std::thread::spawn(move || {
                        // A client that goes away is no failure of the server's.
                        let _ = converse(stream, config, answers, &asked, &ends);
                    });
                }
            })
        };
        let authority = authority.pem();
        let client = (client.pem(), client_key.serialize_pem());
        Self { port, authority, client, asked, ends, task: Some(task) }
    }

    /// How many requests there were.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Acquire)
    }
}

impl Drop for OddServer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        // The listener notices at the next connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(task) = self.task.take() {
            task.join().expect("the server ends");
        }
    }
}

fn converse(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    answers: Answers,
    asked: &AtomicUsize,
    ends: &AtomicBool,
) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    let mut reader = BufReader::new(&mut stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let Some(first) = head.first() else { return Ok(()) };
    let request = Asked {
        path: first.split(' ').nth(1).unwrap_or_default().to_owned(),
        headers: head.iter().skip(1).map(|line| lower_name(line)).collect(),
        before: asked.fetch_add(1, Ordering::AcqRel),
    };
    let json = "content-type: application/json\r\n";
    match answers(&request) {
        Answer::Json(body) => write(&mut stream, "200 OK", json, &body)?,
        Answer::Other(status, headers, body) => write(&mut stream, status, headers, &body)?,
        Answer::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\n{json}connection: close\r\n\r\n")?;
            while !ends.load(Ordering::Acquire) {
                stream.write_all(&[b' '; 4096])?;
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        Answer::Silence => {
            while !ends.load(Ordering::Acquire) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        Answer::CutOff(body) => {
            let length = body.len() + 100;
            write!(stream, "HTTP/1.1 200 OK\r\n{json}content-length: {length}\r\n\r\n{body}")?;
            stream.flush()?;
        }
    }
    stream.conn.send_close_notify();
    stream.flush()?;
    // Whoever still writes gets to read the answer first.
    stream.sock.set_read_timeout(Some(Duration::from_millis(200)))?;
    let _ = stream.read(&mut [0; 64]);
    Ok(())
}

fn lower_name(line: &str) -> String {
    let (name, value) = line.split_once(": ").unwrap_or((line, ""));
    format!("{}: {value}", name.to_lowercase())
}

fn write(out: &mut impl Write, status: &str, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    // A length that the test gives stands.
    let length = if headers.contains("content-length") {
        String::new()
    } else {
        format!("content-length: {length}\r\n")
    };
    write!(out, "HTTP/1.1 {status}\r\n{headers}{length}connection: close\r\n\r\n{body}")?;
    out.flush()
}
