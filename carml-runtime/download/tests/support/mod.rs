//! A server that misbehaves as it is told, and a cache to look into.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use carml_download::{Downloads, Options};

/// A request as the server saw it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Seen {
    pub(crate) fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The same request without this header.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut seen = self.clone();
        seen.headers
            .retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        seen
    }

    /// Of `Range: bytes=START-`.
    pub(crate) fn range(&self) -> Option<(usize, Option<usize>)> {
        let (start, end) = self
            .header("range")?
            .strip_prefix("bytes=")?
            .split_once('-')?;
        Some((start.parse().ok()?, end.parse().ok()))
    }
}

/// The connection that a request came by.
pub(crate) struct Wire {
    stream: TcpStream,
    /// Bytes of bodies that were sent.
    sent: Arc<AtomicUsize>,
}

impl Wire {
    pub(crate) fn head(&mut self, status: &str, headers: &[(&str, &str)]) -> io::Result<()> {
        let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += "\r\n";
        self.stream.write_all(text.as_bytes())
    }

    pub(crate) fn body(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(64 * 1024) {
            self.stream.write_all(piece)?;
            self.sent.fetch_add(piece.len(), Ordering::SeqCst);
        }
        Ok(())
    }

    pub(crate) fn reply(
        &mut self,
        status: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        let length = body.len().to_string();
        let headers: Vec<_> = headers
            .iter()
            .copied()
            .chain([("Content-Length", &*length)])
            .collect();
        self.head(status, &headers)?;
        self.body(body)
    }

    /// Ends the connection with a reset instead of an orderly close.
    pub(crate) fn reset(&mut self) {
        // Time for what was sent to arrive: a reset throws away what was not read.
        thread::sleep(Duration::from_millis(50));
        let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    /// Says nothing for a while.
    pub(crate) fn silence(&self) {
        thread::sleep(Duration::from_secs(20));
    }
}

type Handler = dyn Fn(&Seen, &mut Wire, usize) -> io::Result<()> + Send + Sync;

pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    sent: Arc<AtomicUsize>,
}

impl Server {
    /// `handler` is given the request, its connection, and how many requests were before.
    pub(crate) fn start(
        handler: impl Fn(&Seen, &mut Wire, usize) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let handler: Arc<Handler> = Arc::new(handler);
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let sent = Arc::<AtomicUsize>::default();
        let server = Self {
            address,
            seen: Arc::clone(&seen),
            sent: Arc::clone(&sent),
        };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (handler, seen) = (Arc::clone(&handler), Arc::clone(&seen));
                let sent = Arc::clone(&sent);
                thread::spawn(move || {
                    let request = read_head(&stream)?;
                    let before = {
                        let mut seen = seen.lock().expect("the list");
                        seen.push(request.clone());
                        seen.len() - 1
                    };
                    let mut wire = Wire { stream, sent };
                    // The client may be gone.
                    let _ = handler(&request, &mut wire, before);
                    let _ = wire.stream.shutdown(Shutdown::Write);
                    Some(())
                });
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.seen.lock().expect("the list").clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.requests().len()
    }

    /// Bytes of bodies.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

fn read_head(stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut seen = Seen {
        line: line.trim_end().to_owned(),
        headers: Vec::new(),
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => seen
                .headers
                .push((name.to_owned(), value.trim().to_owned())),
            None => return (!seen.line.is_empty()).then_some(seen),
        }
    }
}

/// A file that a server has, as a good server gives it.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    pub(crate) content: Arc<Vec<u8>>,
    pub(crate) etag: String,
}

impl Remote {
    pub(crate) fn new(content: Vec<u8>, etag: &str) -> Self {
        Self {
            content: Arc::new(content),
            etag: format!("\"{etag}\""),
        }
    }

    /// Answers as RFC 9110 says, but sends at most `limit` bytes of the body.
    pub(crate) fn answer(&self, seen: &Seen, wire: &mut Wire, limit: usize) -> io::Result<()> {
        let total = self.content.len();
        if seen.header("if-none-match") == Some(&self.etag) {
            return wire.head("304 Not Modified", &[("ETag", &self.etag)]);
        }
        let is_same = seen.header("if-range").is_none_or(|etag| etag == self.etag);
        let range = seen.range().filter(|_| is_same);
        let (status, content_range, start, end) = match range {
            None => ("200 OK", None, 0, total),
            Some((start, _)) if start >= total => {
                let range = format!("bytes */{total}");
                return wire.reply(
                    "416 Range Not Satisfiable",
                    &[("Content-Range", &range)],
                    b"",
                );
            }
            Some((start, last)) => {
                let end = last.map_or(total, |last| (last + 1).min(total));
                let range = format!("bytes {start}-{}/{total}", end - 1);
                ("206 Partial Content", Some(range), start, end)
            }
        };
        let length = (end - start).to_string();
        let mut headers = vec![
            ("Content-Length", &*length),
            ("ETag", &*self.etag),
            ("Accept-Ranges", "bytes"),
        ];
        if let Some(range) = &content_range {
            headers.push(("Content-Range", range));
        }
        wire.head(status, &headers)?;
        wire.body(&self.content[start..end.min(start.saturating_add(limit))])
    }
}

/// Bytes that are the same in each run.
pub(crate) fn content(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A cache in a folder of its own.
pub(crate) struct TestCache {
    folder: tempfile::TempDir,
    pub(crate) options: Options,
}

impl TestCache {
    /// With short pauses, and no demand for free space.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = options(&folder.path().join("cache"));
        Self { folder, options }
    }

    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut cache = Self::new();
        change(&mut cache.options);
        cache
    }

    pub(crate) fn open(&self) -> Downloads {
        Downloads::open(&self.options).expect("a cache")
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.options.directory.clone()
    }

    pub(crate) fn outside(&self) -> &Path {
        self.folder.path()
    }

    /// Files below a folder of the cache.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.root().join(folder), &mut found);
        found
    }

    /// Nothing partial, nothing staged, and each file has the content that its name says.
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.files("partial"), Vec::<PathBuf>::new());
        self.assert_right();
    }

    /// As `assert_clean`, but a partial file may be left to continue with.
    pub(crate) fn assert_right(&self) {
        let staged: Vec<_> = fs::read_dir(self.root().join("tmp"))
            .expect("tmp")
            .collect();
        assert!(staged.is_empty(), "{staged:?}");
        for blob in self.files("blobs") {
            let name = blob
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a name");
            assert_eq!(sha256(&fs::read(&blob).expect("a blob")), name);
        }
    }
}

pub(crate) fn options(directory: &Path) -> Options {
    let mut options = Options::new(directory);
    options.cache_min_free = 0;
    options.timeout = Duration::from_millis(700);
    options.connect_timeout = Duration::from_millis(700);
    options.proxy = carml_download::Proxy::Off;
    options
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}
