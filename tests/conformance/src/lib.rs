//! One suite for every key/value backend: `conformance!(MyFixture)` makes a test of each check.
//!
//! A check says what a user relies on, for any backend. Where the table says that a backend lacks a
//! call, `table::every_cell` proves that it reports that, and the checks that need the call are
//! skipped.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod check;
mod consul;
mod etcd;
pub mod fault_run;
pub mod faults;
mod fixture;
pub mod inspect;
pub mod linearizable;
mod proxy;
mod redb;
pub mod security;
mod served;
mod support;
mod watchdog;
mod zookeeper;

pub use carml_test_servers::Server;
pub use consul::ConsulBucket;
pub use etcd::{DebianEtcdBucket, EtcdBucket};
pub use fixture::Fixture;
pub use proxy::Proxy;
pub use redb::RedbFile;
pub use served::ServedFile;
pub use support::{key, within};
pub use watchdog::Watchdog;
pub use zookeeper::ZookeeperBucket;

/// Makes a test of every check, for one fixture.
#[macro_export]
macro_rules! conformance {
    ($fixture:ty) => {
        $crate::tests! { $fixture;
            table { every_cell }
            keys {
                values_are_returned_unchanged
                the_largest_value_is_accepted_and_no_larger_one
                keys_of_every_kind
                a_delete_says_whether_the_key_existed
                revisions_rise_and_never_repeat
            }
            lists {
                siblings_are_not_below
                delete_tree_removes_what_is_below_and_nothing_else
                pages_are_the_whole_in_order
                a_missing_directory_is_empty
            }
            compare_and_set {
                a_key_is_created_once
                a_wrong_revision_changes_nothing
                an_old_revision_never_matches_again
                no_increment_is_lost_among_many
            }
            transactions {
                all_or_nothing
                one_revision_and_one_batch
                contradictory_transactions_are_refused
            }
            watches {
                a_missing_key_is_watched
                a_watch_of_a_key_or_a_tree_sees_its_keys
                a_resumed_watch_misses_nothing
                a_watch_resumes_after_a_restart
                a_compacted_history_gives_a_snapshot
                an_unknown_revision_gives_a_snapshot
                a_slow_consumer_is_resynced
                an_unread_watch_lags_too
                the_state_is_yielded_after_each_change
                changes_add_up_to_the_state
                cancelled_watches_leave_nothing
            }
            leases {
                a_key_ends_with_its_lease_and_not_before
                a_kept_lease_continues_and_a_dropped_one_ends
                a_detached_lease_is_renewed_by_its_id
                a_revoked_lease_removes_its_keys
                a_key_belongs_to_its_last_lease
                an_ended_lease_accepts_no_keys
                a_lease_continues_after_a_restart
                a_granted_ttl_is_at_least_the_requested_one
            }
            locks {
                one_holder_at_a_time
                first_come_first_served
                tokens_rise_over_restarts
                a_held_lock_is_busy_and_not_a_key
                a_late_write_is_fenced
                cancelled_waits_leave_nothing
            }
            elections {
                one_leads_and_the_others_know
                a_late_leader_is_fenced
                cancelled_campaigns_leave_nothing
            }
            concurrency {
                no_event_is_lost_or_delivered_twice
                no_late_write_is_applied
            }
            close {
                a_restart_keeps_what_was_written
                a_close_ends_everything_that_is_open
                a_closed_store_refuses_calls
            }
        }
    };
}

/// For [`conformance!`].
#[doc(hidden)]
#[macro_export]
macro_rules! tests {
    ($fixture:ty; $($group:ident { $($check:ident)+ })+) => {
        $(mod $group {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                $crate::within($crate::check::$group::$check::<$fixture>()).await;
            })+
        })+
    };
}
