//! One suite for every provider of the object store: `conformance!(MyFixture)` makes a test of each
//! check.
//!
//! A check says what a user relies on, for any provider. Where a provider lacks a call, it proves
//! that the provider says so.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]
// The checks are named after what they show.
#![allow(missing_docs)]

pub mod check;
mod fixture;
pub mod proxy;
mod s3;
pub mod support;

pub use fixture::{Fixture, FsFolder, InMemory};
pub use s3::{S3Bucket, options, server};

/// Makes a test of every check, for one fixture.
#[macro_export]
macro_rules! conformance {
    ($fixture:ty) => {
        $crate::tests! { $fixture;
            objects {
                content_is_returned_unchanged
                keys_of_every_kind
                an_overwrite_replaces_all_of_it
                content_type_and_metadata_are_kept
                invalid_metadata_is_refused
                a_missing_object_is_not_found
                a_delete_removes_and_repeats
                a_large_stream_of_unknown_size_is_stored
                a_file_is_stored_with_its_sum
                a_folder_is_stored_as_an_archive
            }
            reads {
                ranges_are_exact
                a_range_outside_is_refused
                conditions_of_a_get
                a_replaced_object_is_never_mixed
            }
            writes {
                an_object_is_created_once
                one_of_many_creators_wins
                only_the_expected_object_is_replaced
                of_many_increments_none_is_lost
                a_failed_stream_leaves_the_old_object
                a_dropped_put_leaves_nothing
                a_stream_of_another_size_is_refused
                a_limit_of_the_size_holds
            }
            lists {
                names_are_in_order_and_complete
                a_prefix_is_a_text
                folders_are_listed_once
                a_list_continues_after_a_name
                many_objects_are_listed_in_pages
                nothing_outside_of_the_prefix_is_seen
            }
            capabilities {
                what_is_not_offered_is_unsupported
                events_tell_of_a_transfer
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
                $crate::support::within($crate::check::$group::$check::<$fixture>()).await;
            })+
        })+
    };
}
