use carml_runtime::carml_service;
use carml_test_macros::Greeter;

struct Service;

#[carml_service(requires(lok, wathc_tree, fly, lock: clustr, watch: planet))]
impl Greeter for Service {}

fn main() {}
