//! An embedded store that another process serves, as `carml kv serve` does.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{fault_run::Cluster, watchdog::Watchdog};

/// A process of the program `kv-server`. It ends with this value.
pub struct ServedFile {
    program: &'static str,
    dir: tempfile::TempDir,
    address: String,
    process: Mutex<(Child, Option<Watchdog>)>,
}

impl ServedFile {
    /// Starts the program at this path, with a new file, on a free port.
    pub fn start(program: &'static str) -> ServedFile {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let (dir, address) = (tempfile::tempdir().unwrap(), free.local_addr().unwrap());
        drop(free);
        let address = address.to_string();
        let process = spawn(program, &dir, &address);
        ServedFile {
            program,
            dir,
            address,
            process: Mutex::new(process),
        }
    }

    fn signal(&self, name: &str) {
        let id = self.process.lock().unwrap().0.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }
}

/// Returns when it accepts connections.
fn spawn(program: &str, dir: &tempfile::TempDir, address: &str) -> (Child, Option<Watchdog>) {
    let child = Command::new(program)
        .arg(dir.path().join("kv"))
        .arg(address)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let watchdog = Watchdog::of(child.id());
    let end = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < end, "{program} does not serve");
        std::thread::sleep(Duration::from_millis(20));
    }
    (child, Some(watchdog))
}

fn end((process, watchdog): &mut (Child, Option<Watchdog>)) {
    watchdog.take();
    let _ = process.kill();
    let _ = process.wait();
}

impl Cluster for ServedFile {
    fn endpoints(&self) -> Vec<String> {
        vec![self.address.clone()]
    }

    fn kill(&self, _node: usize) {
        end(&mut self.process.lock().unwrap());
    }

    fn restart(&self, _node: usize) {
        let started = spawn(self.program, &self.dir, &self.address);
        *self.process.lock().unwrap() = started;
    }

    fn freeze(&self, _node: usize) {
        self.signal("STOP");
    }

    fn thaw(&self, _node: usize) {
        self.signal("CONT");
    }

    fn leftovers(&self) -> Vec<String> {
        // Queues are in the memory of the process: whether they are empty shows in the next place.
        Vec::new()
    }
}

impl Drop for ServedFile {
    fn drop(&mut self) {
        end(self.process.get_mut().unwrap());
    }
}
