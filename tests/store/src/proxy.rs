//! A proxy between the store and its service that plays faults.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What happens to a request.
#[derive(Clone)]
pub enum Fault {
    /// The connection is closed after as many bytes of the body as this; nothing is forwarded.
    CutRequest(usize),
    /// The request is forwarded and answered, and the answer is lost.
    LoseAnswer,
    /// The answer's body ends after as many bytes as this.
    CutAnswer(usize),
    /// Nothing is forwarded, and nothing is answered.
    Silence,
    /// The answer's body stops after as many bytes as this, and the connection stays open.
    Stall(usize),
    /// Nothing is forwarded: this is the answer.
    Answer(Vec<u8>),
    /// The request is forwarded, and this is the answer.
    AnswerInstead(Vec<u8>),
    /// This is done before the request is forwarded.
    Before(Hook),
    /// As [`CutAnswer`](Self::CutAnswer), and this is done before the connection is closed.
    CutAnswerAnd(usize, Hook),
}

/// Something that happens in the middle of a request.
pub type Hook = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A hook of a future.
pub fn hook<F: Future<Output = ()> + Send + 'static>(
    make: impl Fn() -> F + Send + Sync + 'static,
) -> Hook {
    Arc::new(move || Box::pin(make()))
}

/// An answer with a status and a body.
pub fn answer(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// An error as S3 words it.
pub fn refusal(status: &str, code: &str, headers: &[&str]) -> Vec<u8> {
    let body = format!("<Error><Code>{code}</Code><Message>played</Message></Error>");
    answer(status, headers, &body)
}

struct Rule {
    part: String,
    times: usize,
    fault: Fault,
}

#[derive(Default)]
struct Script {
    rules: Vec<Rule>,
    seen: Vec<String>,
}

/// The proxy. It ends with this value.
pub struct Proxy {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// In front of a server.
    pub async fn start(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Mutex::new(Script::default()));
        let rules = Arc::clone(&script);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (rules, upstream) = (Arc::clone(&rules), upstream.clone());
                // A connection that ends early is what is being tested.
                tokio::spawn(async move { serve(client, &upstream, &rules).await.ok() });
            }
        });
        Self {
            address,
            script,
            task,
        }
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Plays a fault for the next requests whose first line and headers contain a text.
    pub fn play(&self, part: &str, times: usize, fault: Fault) {
        let part = part.to_owned();
        let mut script = self.script.lock().unwrap();
        script.rules.push(Rule { part, times, fault });
    }

    /// How many requests contained a text.
    pub fn count(&self, part: &str) -> usize {
        let script = self.script.lock().unwrap();
        script
            .seen
            .iter()
            .filter(|head| head.contains(part))
            .count()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut client: TcpStream, upstream: &str, script: &Mutex<Script>) -> io::Result<()> {
    let (head, mut body) = read_head(&mut client).await?;
    let fault = {
        let mut script = script.lock().unwrap();
        script.seen.push(head.clone());
        let rule = script
            .rules
            .iter_mut()
            .find(|rule| rule.times > 0 && head.contains(&rule.part));
        rule.map(|rule| {
            rule.times -= 1;
            rule.fault.clone()
        })
    };
    if let Some(Fault::CutRequest(at)) = fault {
        while body.len() < at && client.read_buf(&mut body).await? > 0 {}
        return Ok(());
    }
    let length = length(&head);
    while body.len() < length && client.read_buf(&mut body).await? > 0 {}
    match &fault {
        Some(Fault::Silence) => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return Ok(());
        }
        Some(Fault::Answer(answer)) => {
            client.write_all(answer).await?;
            return client.shutdown().await;
        }
        Some(Fault::Before(hook)) => hook().await,
        _ => {}
    }
    let answer = forward(upstream, &head, &body).await?;
    let start = end_of_head(&answer).unwrap_or(answer.len());
    let cut = |at: usize| &answer[..answer.len().min(start + at)];
    match fault {
        Some(Fault::LoseAnswer) => return Ok(()),
        Some(Fault::AnswerInstead(other)) => client.write_all(&other).await?,
        Some(Fault::CutAnswer(at)) => client.write_all(cut(at)).await?,
        Some(Fault::CutAnswerAnd(at, hook)) => {
            client.write_all(cut(at)).await?;
            hook().await;
        }
        Some(Fault::Stall(at)) => {
            client.write_all(cut(at)).await?;
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        _ => client.write_all(&answer).await?,
    }
    client.shutdown().await
}

/// The request on a connection of its own; gives the whole answer.
async fn forward(upstream: &str, head: &str, body: &[u8]) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).await?;
    let head = head.trim_end_matches("\r\n");
    server
        .write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())
        .await?;
    server.write_all(body).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    // The client is not to use its connection again either.
    let text = String::from_utf8_lossy(&answer[..end_of_head(&answer).unwrap_or(0)]).into_owned();
    if !text.to_lowercase().contains("connection: close") {
        let at = answer
            .windows(2)
            .position(|two| two == b"\r\n")
            .unwrap_or(0);
        answer.splice(at..at, *b"\r\nConnection: close");
    }
    Ok(answer)
}

/// The first line and the headers, and what was read of the body.
async fn read_head(client: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut read = Vec::new();
    loop {
        if let Some(end) = end_of_head(&read) {
            let body = read.split_off(end);
            return Ok((String::from_utf8_lossy(&read).into_owned(), body));
        }
        if client.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .map(|at| at + 4)
}

fn length(head: &str) -> usize {
    let line = head.lines().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("content-length:")
            .map(str::to_owned)
    });
    line.and_then(|value| value.trim().parse().ok())
        .unwrap_or(0)
}
