//! A TCP proxy that can fall silent and cut connections.
use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// Ends with the value.
pub struct Proxy {
    address: SocketAddr,
    /// Whether bytes are passed, and how often everything was cut.
    state: Arc<watch::Sender<(bool, u64)>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Before a server.
    pub async fn start(server: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(watch::Sender::new((true, 0)));
        let (server, shared) = (server.to_owned(), state.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server.clone(), shared.subscribe()));
            }
        });
        Proxy {
            address,
            state,
            accepting,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Connections stay open, and nothing comes through.
    pub fn silence(&self) {
        self.state.send_modify(|state| state.0 = false);
    }

    /// Bytes are passed again, on new connections.
    pub fn resume(&self) {
        self.state.send_modify(|state| *state = (true, state.1 + 1));
    }

    /// Closes all connections.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.1 += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(mut client: TcpStream, server: String, mut state: watch::Receiver<(bool, u64)>) {
    let cuts = state.borrow().1;
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    loop {
        let (passes, cut) = *state.borrow_and_update();
        if cut != cuts {
            return;
        }
        tokio::select! {
            changed = state.changed() => if changed.is_err() { return },
            _ = copy_bidirectional(&mut client, &mut server), if passes => return,
        }
    }
}
