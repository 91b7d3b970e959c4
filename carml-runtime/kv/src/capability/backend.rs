//! Checks the code of a backend against the table.

/// Whether a type implements a trait, as a constant: the inherent constant exists only if it does,
/// and takes precedence over that of the trait.
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

/// Implements `Backend` for a type from its column of the table: `has` or `lacks` per call.
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

    /// Has one call, as its column says.
    struct Shelf;

    impl Put for Shelf {
        fn put(&self, _: Key, _: Bytes, _: Option<LeaseId>) -> Answer<'_, Revision> {
            Box::pin(async { Ok(Revision(1)) })
        }
    }

    backend! { "shelf", Shelf, has Put as_put; lacks Get as_get; lacks WatchTree as_watch_tree; }

    #[test]
    fn a_backend_returns_the_calls_of_its_column() {
        use crate::contract::Backend;
        assert!(Shelf.as_put().is_some());
        assert!(Shelf.as_get().is_none());
    }

    #[test]
    fn implemented_traits_are_detected() {
        const { assert!(implements!(Shelf: Put)) };
        const { assert!(!implements!(Shelf: crate::contract::Get)) };
    }
}
