//! Holds the table and the code together.

/// Whether a type implements a trait, as a constant: the inherent constant exists only if it does,
/// and goes before the trait's.
#[doc(hidden)]
#[macro_export]
macro_rules! implements {
    ($type:ty: $trait:path) => {{
        struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        trait Otherwise {
            const IMPLEMENTS: bool = false;
        }
        impl<T: ?Sized> Otherwise for Probe<T> {}
        #[allow(dead_code)]
        impl<T: ?Sized + $trait> Probe<T> {
            const IMPLEMENTS: bool = true;
        }
        <Probe<$type>>::IMPLEMENTS
    }};
}

/// Makes a type a backend by its column of the table: a line per call, `has` or `lacks`.
#[doc(hidden)]
#[macro_export]
macro_rules! backend {
    ($provider:literal, $type:ty, $($cell:ident $call:ident $accessor:ident;)*) => {
        impl $crate::contract::Backend for $type {
            fn provider(&self) -> &'static str {
                $provider
            }
            $($crate::cell!(give $cell $call $accessor);)*
        }
        $(const _: () = assert!(
            $crate::implements!($type: $crate::contract::$call)
                == $crate::cell!(is $cell),
            concat!(
                "schema/registry.json says that ", $provider, " ", stringify!($cell), " the call ",
                stringify!($call), "; the code says otherwise"
            )
        );)*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! cell {
    (give has $call:ident $accessor:ident) => {
        fn $accessor(&self) -> Option<&dyn $crate::contract::$call> {
            Some(self)
        }
    };
    (give lacks $call:ident $accessor:ident) => {};
    (is has) => {
        true
    };
    (is lacks) => {
        false
    };
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::{
        Key, LeaseId, Revision,
        contract::{Answer, Put},
    };

    /// Has one call, and is told so by its column.
    struct Shelf;

    impl Put for Shelf {
        fn put(&self, _: Key, _: Bytes, _: Option<LeaseId>) -> Answer<'_, Revision> {
            Box::pin(async { Ok(Revision(1)) })
        }
    }

    backend! { "shelf", Shelf, has Put as_put; lacks Get as_get; lacks WatchTree as_watch_tree; }

    #[test]
    fn a_backend_gives_out_what_its_column_names() {
        use crate::contract::Backend;
        assert!(Shelf.as_put().is_some());
        assert!(Shelf.as_get().is_none());
    }

    #[test]
    fn what_is_implemented_is_told_from_what_is_not() {
        const { assert!(implements!(Shelf: Put)) };
        const { assert!(!implements!(Shelf: crate::contract::Get)) };
    }
}
