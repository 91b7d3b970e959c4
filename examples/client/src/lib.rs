//! Two services, of which one calls the other.

carml_runtime::include_generated!();

use carml_runtime::{App, AppError, Context, carml_service, client::Channel, config::Config};
use proto::shop::v1::{
    GetReply, GetRequest, Orders, OrdersServer, Prices, PricesClient, PricesServer, QuoteReply,
    QuoteRequest,
};
use tonic::Status;

/// What an item costs: a cent for each letter.
struct Letters;

#[carml_service]
impl Prices for Letters {
    async fn get(&self, request: GetRequest) -> Result<GetReply, Status> {
        if request.item.is_empty() {
            return Err(Status::invalid_argument("`item` is empty"));
        }
        let cents = request.item.len() as u64;
        Ok(GetReply { cents })
    }
}

struct Shop {
    prices: PricesClient<Channel>,
}

impl Shop {
    fn new(context: &Context<Config>) -> Result<Self, AppError> {
        Ok(Self {
            prices: context.client()?,
        })
    }
}

#[carml_service]
impl Orders for Shop {
    async fn quote(&self, request: QuoteRequest) -> Result<QuoteReply, Status> {
        let QuoteRequest { item, count } = request;
        // A clone is cheap. The call takes the deadline and the trace of this one.
        let mut prices = self.prices.clone();
        let price = prices.get(GetRequest { item }).await?.into_inner();
        let cents = price.cents.checked_mul(count.into());
        let cents = cents.ok_or_else(|| Status::out_of_range("`count` is too large"))?;
        Ok(QuoteReply { cents })
    }
}

/// The whole service: `main` and the tests start the same one.
pub fn configure(app: App<Config>) -> App<Config> {
    app.service(|_| Ok(Letters)).service(Shop::new)
}
