//! Adds TLS to the connections of the client library.
//!
//! The relay listens on the loopback interface, where any process of the machine can connect. A
//! connection is passed on only if its second message is the login of this client.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::endpoint::Target;

/// The time for the first two messages.
const LOGIN: Duration = Duration::from_secs(5);
const MAX_FRAME: usize = 64 << 10;
/// The code of a login in ZooKeeper's protocol.
const AUTH: [u8; 4] = 100_i32.to_be_bytes();

/// Accepts connections until it is dropped. Those that are open outlast it: the session is closed on
/// them.
pub(super) async fn serve(listener: TcpListener, target: Arc<Target>, credentials: Arc<[u8]>) {
    loop {
        match listener.accept().await {
            Ok((local, _)) => {
                let (target, credentials) = (target.clone(), credentials.clone());
                tokio::spawn(async move { relay(local, &target, &credentials).await });
            }
            // Too many open files, or the like.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn relay(mut local: TcpStream, target: &Target, credentials: &[u8]) -> io::Result<()> {
    let _ = local.set_nodelay(true);
    let first = async {
        let connect = frame(&mut local).await?;
        Ok::<_, io::Error>((connect, frame(&mut local).await?))
    };
    let (connect, login) = timeout(LOGIN, first).await??;
    if !is_login(&login, credentials) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut remote = target.open().await.map_err(io::Error::other)?;
    remote.write_all(&connect).await?;
    remote.write_all(&login).await?;
    copy_bidirectional(&mut local, &mut remote).await?;
    Ok(())
}

/// One message, with its length.
async fn frame(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u32().await? as usize;
    if length > MAX_FRAME {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; 4 + length];
    frame[..4].copy_from_slice(&(length as u32).to_be_bytes());
    stream.read_exact(&mut frame[4..]).await?;
    Ok(frame)
}

/// Whether a message logs in with these credentials, in the scheme `digest`.
fn is_login(frame: &[u8], credentials: &[u8]) -> bool {
    let mut expected = [&AUTH[..], &[0; 4], &6_u32.to_be_bytes(), b"digest"].concat();
    expected.extend((credentials.len() as u32).to_be_bytes());
    expected.extend(credentials);
    // After the length and the number of the message. All bytes are compared, for the same time.
    frame.len() == 8 + expected.len()
        && frame[8..]
            .iter()
            .zip(&expected)
            .fold(0, |all, (a, b)| all | (a ^ b))
            == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_login_is_passed_on() {
        let login = |secret: &[u8]| {
            let length = (secret.len() as u32).to_be_bytes();
            let parts = [
                &[0; 8][..],
                &AUTH,
                &[0; 4],
                &6_u32.to_be_bytes(),
                b"digest",
                &length,
                secret,
            ];
            parts.concat()
        };
        assert!(is_login(&login(b"a:b"), b"a:b"));
        assert!(!is_login(&login(b"a:c"), b"a:b"));
        assert!(!is_login(&login(b"a:bb"), b"a:b"));
        assert!(!is_login(b"", b"a:b"));
    }
}
