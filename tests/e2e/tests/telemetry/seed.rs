//! The blocks `logger` and `tracer` as operators have them.

use carml_diagnostic::{Format, Source};
use carml_runtime::config::{Loader, Schema};

const BLOCKS: &str = "\
logger:
  hooks:
    - syslog
    - elastic_search
  elastic_search:
    username: admin
    password: PASSWORD
    endpoints:
      - elastic_cache.website.com:28124
    ca_cert: BASE64XXXXXXXX
tracer:
  enabled: true
  provider: zipkin
  endpoints:
    - trace.website.com:9411
";

#[test]
fn the_blocks_load_as_they_are() {
    let source = Source::new("carml.yml", BLOCKS, Format::Yaml);
    let loader = Loader::new(Schema::base().unwrap()).source(source);
    let loaded = loader.placeholders_as_warnings().load().unwrap();
    let findings = loaded.warnings().findings();
    let messages: Vec<&str> = findings.iter().map(|f| &*f.message).collect();
    // It is a placeholder for a certificate.
    assert_eq!(messages, ["`ca_cert` is not base64"]);
}
