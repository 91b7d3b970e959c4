//! The services of an app, and what fails while they are made.

use tonic::{server::NamedService as _, service::Routes};

use super::{AppError, Context};
use crate::{
    config::{Loaded, Root},
    grpc::FileDescriptors,
    service::Service,
};

/// Services, with what health and reflection say of them.
#[derive(Default)]
pub(super) struct Services {
    pub(super) routes: Routes,
    pub(super) names: Vec<&'static str>,
    pub(super) descriptors: Vec<&'static [u8]>,
}

impl Services {
    fn add<S: Service>(&mut self, service: S) {
        self.names.push(S::Server::NAME);
        self.descriptors
            .push(<S::Server as FileDescriptors>::FILE_DESCRIPTOR_SET);
        self.routes = std::mem::take(&mut self.routes).add_service(service.into_server());
    }
}

type Make<C> = Box<dyn FnOnce(&Context<C>, &mut Services) -> Result<(), AppError> + Send>;

/// A service that the app makes once the config is read and the store is open.
pub(super) struct ServiceFactory<C> {
    pub(super) name: &'static str,
    pub(super) descriptors: &'static [u8],
    make: Make<C>,
}

impl<C: Root> ServiceFactory<C> {
    pub(super) fn new<S: Service>(
        make: impl FnOnce(&Context<C>) -> Result<S, AppError> + Send + 'static,
    ) -> Self {
        Self {
            name: S::Server::NAME,
            descriptors: <S::Server as FileDescriptors>::FILE_DESCRIPTOR_SET,
            make: Box::new(move |context, services| {
                services.add(make(context)?);
                Ok(())
            }),
        }
    }
}

/// Makes every service, whether or not another one failed.
pub(super) fn create<C: Root>(
    context: &Context<C>,
    factories: Vec<ServiceFactory<C>>,
    failures: &mut Failures,
) -> Services {
    let mut services = Services::default();
    for ServiceFactory { name, make, .. } in factories {
        if let Err(error) = make(context, &mut services) {
            failures.service(name, error);
        }
    }
    services
}

/// What factories returned.
#[derive(Default)]
pub(super) struct Failures {
    pub(super) errors: Vec<AppError>,
    /// What needs what a check does not open.
    pub(super) not_checked: Vec<String>,
}

impl Failures {
    fn service(&mut self, service: &'static str, error: AppError) {
        match error {
            error if error.is_not_open() => {
                self.not_checked.push(format!("the service `{service}`"));
            }
            AppError::Custom(source) => self.errors.push(AppError::Factory { service, source }),
            error => self.errors.push(error),
        }
    }

    pub(super) fn middleware(&mut self, loaded: &Loaded, at: &str, name: &str, error: AppError) {
        if error.is_not_open() {
            self.not_checked.push(format!("the middleware `{name}`"));
        } else if error.report().is_some() {
            self.errors.push(error);
        } else {
            let message = format!("the middleware `{name}` cannot be created: {error}");
            let report = loaded.error_at(at, message, std::iter::empty::<String>());
            self.errors.push(report.into());
        }
    }
}
