//! Errors that programs can read: `google.rpc` details in the status.

use std::{collections::HashSet, process::ExitCode, sync::Mutex, time::Duration};

use carml_runtime::{App, carml_service, config::Config};
use tonic::Status;
use tonic_types::FieldViolation;

carml_runtime::include_generated!();

mod error;

use error::Error;
use proto::accounts::v1::{Accounts, AccountsServer, OpenReply, OpenRequest};

const MAX_ACCOUNTS: usize = 2;

#[derive(Default)]
struct Bank {
    emails: Mutex<HashSet<String>>,
}

#[carml_service]
impl Accounts for Bank {
    async fn open(&self, request: OpenRequest) -> Result<OpenReply, Status> {
        check(&request)?;
        let id = self.store(request.email)?;
        Ok(OpenReply { id })
    }
}

/// All wrong fields at once: a caller should not have to find them one by one.
fn check(request: &OpenRequest) -> Result<(), Error> {
    let mut fields = Vec::new();
    if !request.email.contains('@') {
        fields.push(FieldViolation::new("email", "must be an email address"));
    }
    if request.age < 18 {
        fields.push(FieldViolation::new("age", "must be at least 18"));
    }
    if fields.is_empty() {
        return Ok(());
    }
    Err(Error::Invalid(fields))
}

impl Bank {
    fn store(&self, email: String) -> Result<u64, Error> {
        let poisoned = |_| Error::Database(std::io::Error::other("a writer panicked"));
        let mut emails = self.emails.lock().map_err(poisoned)?;
        if emails.contains(&email) {
            return Err(Error::Taken);
        }
        if emails.len() == MAX_ACCOUNTS {
            let retry_after = Duration::from_secs(60);
            return Err(Error::TooMany { retry_after });
        }
        emails.insert(email);
        Ok(emails.len() as u64)
    }
}

fn configure(app: App<Config>) -> App<Config> {
    app.service(|_| Ok(Bank::default()))
}

#[tokio::main]
async fn main() -> ExitCode {
    configure(App::from_args()).run().await
}

#[cfg(test)]
mod tests;
