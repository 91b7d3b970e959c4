//! The nodes that every bucket has.

use std::sync::PoisonError;

use futures_util::future::try_join_all;
use zookeeper_client::{Client, CreateMode, Error as ZkError};

use super::Ensemble;
use crate::namespace::{DIRECTORY, absolute};

impl Ensemble {
    /// Makes what is missing.
    pub(crate) async fn prepare(&self, client: &Client) -> Result<(), ZkError> {
        let root = self.namespace.root();
        let ends = root.match_indices('/').map(|(end, _)| end).skip(1);
        let ends = ends.chain([root.len()]).filter(|end| *end > 0);
        for end in ends {
            self.make(client, &root[..end]).await?;
        }
        self.learn_acl(client).await?;
        // All are sent at once, and executed in this order.
        let fixtures = self.namespace.fixtures();
        try_join_all(fixtures.iter().map(|path| self.make(client, path))).await?;
        Ok(())
    }

    /// Reads the ACL of the bucket's node, which new nodes get. The default is for those that may
    /// read it.
    pub(super) async fn learn_acl(&self, client: &Client) -> Result<(), ZkError> {
        match client.get_acl(absolute(self.namespace.root())).await {
            Ok((acl, _)) => *self.acl.write().unwrap_or_else(PoisonError::into_inner) = acl,
            Err(ZkError::NoAuth | ZkError::NoNode) => {}
            Err(e) => return Err(e),
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
