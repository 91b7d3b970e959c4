//! The nodes that every bucket has.

use std::sync::PoisonError;

use zookeeper_client::{Client, CreateMode, Error as ZkError};

use super::Ensemble;
use crate::namespace::DIRECTORY;

impl Ensemble {
    /// Makes what is missing, and reads the ACL of the bucket's node, which new nodes get.
    pub(crate) async fn prepare(&self, client: &Client) -> Result<(), ZkError> {
        let (namespace, clock) = (&self.namespace, self.namespace.clock());
        let made = client.check_stat(&clock).await?.is_some();
        if !made {
            let root = namespace.root();
            let ends = root.match_indices('/').skip(1).map(|(end, _)| end);
            for end in ends.chain([root.len()]) {
                self.make(client, &root[..end]).await?;
            }
        }
        match client.get_acl(namespace.root()).await {
            Ok((acl, _)) => *self.acl.write().unwrap_or_else(PoisonError::into_inner) = acl,
            // The default ACL is for those that may read the node's own.
            Err(ZkError::NoAuth) => {}
            Err(e) => return Err(e),
        }
        if !made {
            for path in namespace.fixtures() {
                self.make(client, &path).await?;
            }
        }
        Ok(())
    }

    async fn make(&self, client: &Client, path: &str) -> Result<(), ZkError> {
        let create = self.with_acl(|acls| {
            client.create(path, DIRECTORY, &CreateMode::Persistent.with_acls(acls))
        });
        match create.await {
            Ok(_) | Err(ZkError::NodeExists) => Ok(()),
            // A user without the right to create may still use what is there.
            Err(ZkError::NoAuth) if client.check_stat(path).await?.is_some() => Ok(()),
            Err(e) => Err(e),
        }
    }
}
