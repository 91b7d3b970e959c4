//! What a run does to servers.

use crate::{Server, inspect};

/// Servers that can be killed and frozen.
pub trait Cluster: Send + Sync + 'static {
    /// `host:port` of each node.
    fn endpoints(&self) -> Vec<String>;
    /// SIGKILL to a node.
    fn kill(&self, node: usize);
    /// Starts a killed node again, and waits until it serves.
    fn restart(&self, node: usize);
    /// SIGSTOP to a node.
    fn freeze(&self, node: usize);
    /// SIGCONT to a node.
    fn thaw(&self, node: usize);
    /// Places in queues, locks, leases and watches that clients have left.
    fn leftovers(&self) -> Vec<String>;
}

impl Cluster for Server {
    fn endpoints(&self) -> Vec<String> {
        self.endpoints()
    }

    fn kill(&self, node: usize) {
        self.kill(node);
    }

    fn restart(&self, node: usize) {
        self.restart(node);
    }

    fn freeze(&self, node: usize) {
        self.freeze(node);
    }

    fn thaw(&self, node: usize) {
        self.thaw(node);
    }

    fn leftovers(&self) -> Vec<String> {
        inspect::leftovers(self)
    }
}
