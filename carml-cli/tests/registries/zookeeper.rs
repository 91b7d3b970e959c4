//! ZooKeeper, with the nodes of Curator.

use crate::harness::{Registry, check_kill, check_outages};

#[test]
fn a_killed_service_is_gone_after_its_ttl_and_not_before() {
    check_kill(&Registry::start("zookeeper"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zookeeper_that_was_away_for_longer_than_the_ttl_gets_the_entry_again() {
    check_outages(&Registry::start("zookeeper")).await;
}
