//! One suite for every key/value backend: `conformance!(MyFixture)` makes a test of each check.
//!
//! A check says what a user relies on, for any backend. Where the table says that a backend lacks a
//! call, `table::every_cell` proves that it says so, and the checks that need the call pass it by.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

pub mod check;
mod fixture;
mod redb;
mod support;

pub use fixture::Fixture;
pub use redb::RedbFile;
pub use support::within;

/// Makes a test of every check, for one fixture.
#[macro_export]
macro_rules! conformance {
    ($fixture:ty) => {
        $crate::tests! { $fixture;
            table { every_cell }
            keys {
                values_come_back_as_they_were
                the_largest_value_and_no_larger
                keys_of_every_kind
                a_delete_says_whether_there_was_anything
                revisions_rise_and_never_repeat
            }
            lists {
                siblings_are_not_below
                a_tree_goes_to_its_depth_and_no_further
                pages_are_the_whole_in_order
                a_missing_directory_is_empty
            }
            compare_and_set {
                a_key_is_made_once
                a_wrong_revision_changes_nothing
                a_revision_of_before_does_not_come_back
                no_increment_is_lost_among_many
            }
            transactions {
                all_or_nothing
                one_revision_and_one_batch
                what_makes_no_sense_is_refused
            }
            watches {
                a_missing_key_is_watched
                a_key_sees_itself_and_a_tree_what_is_below
                a_resumed_watch_misses_nothing
                a_watch_goes_on_after_a_restart
                a_history_that_is_gone_is_a_snapshot
                a_revision_that_never_was_is_a_snapshot
                a_slow_consumer_is_resynced
                an_unread_watch_lags_too
                the_state_is_told_after_each_change
                changes_alone_make_up_the_state
                cancelled_watches_leave_nothing
            }
            leases {
                a_key_ends_with_its_lease_and_not_before
                a_kept_lease_lives_and_a_dropped_one_ends
                a_detached_lease_lives_by_its_name
                a_revoked_lease_takes_its_keys
                a_key_belongs_to_its_last_lease
                a_lease_that_is_over_takes_no_keys
                a_lease_lives_on_after_a_restart
                a_ttl_is_what_was_asked_or_more
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
                no_event_is_lost_or_told_twice
                no_late_write_comes_through
            }
            close {
                a_restart_keeps_what_was_written
                a_close_ends_everything_that_is_open
                a_closed_store_says_so
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
