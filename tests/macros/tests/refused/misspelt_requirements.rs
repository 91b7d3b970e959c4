use carml_runtime::carml_service;
use carml_test_macros::Greeter;

struct Service;

#[carml_service(requires(lok, wathc_tree, fly, lock: clustr, watch: planet))]
impl Greeter for Service {}

struct OfObjects;

#[carml_service(requires(store.presing, presign, store.put: planet, store.get, store.get))]
impl Greeter for OfObjects {}

fn main() {}
