//! Registration and discovery: which instances serve a service, and where.
//!
//! - [`Directory`] is a naming service, which keeps instances. [`KvDirectory`] is a directory over
//!   the key/value contract, in a format that other programs read ([`NamingFormat`] is that of
//!   etcd's gRPC naming).
//! - [`MemoryDirectory`] is a directory for tests.
//! - [`Registrar`] keeps a service registered until it is stopped.
//! - [`Resolver`] follows the instances of a service. It keeps the last known ones while the
//!   directory cannot be reached.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//!
//! use carml_discovery::{Directory, Instance, KvDirectory, NamingFormat, Registrar, Resolver};
//! use carml_kv::Kv;
//!
//! async fn example(kv: Kv) {
//!     let directory: Arc<dyn Directory> = Arc::new(KvDirectory::new(kv, None, NamingFormat));
//!     let instance = Instance::new("10.0.0.5:50051");
//!     let services = vec!["shop.v1.Orders".to_owned()];
//!     let registrar =
//!         Registrar::start(directory.clone(), services, instance, Duration::from_secs(30));
//!
//!     let mut orders = Resolver::new(directory).watch("shop.v1.Orders");
//!     let resolution = orders.changed().await;
//!     println!("{:?}", resolution.map(|found| found.instances));
//!     registrar.stop().await;
//! }
//! ```

mod curator;
mod directory;
mod format;
mod instance;
mod kv;
mod memory;
mod registrar;
mod resolver;

pub use curator::CuratorFormat;
pub use directory::{Directory, Registration, Update};
pub use format::{Format, NamingFormat};
pub use instance::{Instance, RegisteredInstance};
pub use kv::KvDirectory;
pub use memory::MemoryDirectory;
pub use registrar::{Registrar, RegistrationState};
pub use resolver::{Freshness, InstanceWatch, Resolution, Resolver};
