//! The process's arguments.

use std::ffi::OsString;

use lexopt::{
    Arg::{Long, Short},
    ValueExt as _,
};

use super::{App, AppError, Mode};

pub(super) const USAGE: &str = "\
usage: [--config FILE]… [--set KEY=VALUE]… [--check | --print-schema | --help]

  --config FILE    read this config instead of searching for one; later files win; a key of a
                   store, such as etcd://10.0.0.1:2379/config/shop.yml, wins over files
  --set KEY=VALUE  set one value over all files: --set registry.timeout=5s
  --check          check the config and what is made from it, then end
  --print-schema   print the config's whole JSON Schema, then end
  --help           print this, then end

Without --config: $CARML_CONFIG_FILE, else the first of ./carml.yml, ./.carml_config.yml and
~/.carml_config.yml. SIGTERM ends the service when the calls in flight have ended.";

pub(super) fn apply<C>(mut app: App<C>, args: impl IntoIterator<Item = OsString>) -> App<C> {
    let mut parser = lexopt::Parser::from_args(args);
    if let Err(error) = read(&mut app, &mut parser) {
        app.mode = Err(AppError::Arguments(format!("{error}\n{USAGE}")));
    }
    app
}

fn read<C>(app: &mut App<C>, parser: &mut lexopt::Parser) -> Result<(), lexopt::Error> {
    while let Some(argument) = parser.next()? {
        match argument {
            Long("config") => app.files.push(parser.value()?.into()),
            Long("set") => app.sets.push(parser.value()?.string()?),
            Long("check") => app.mode = Ok(Mode::Check),
            Long("print-schema") => app.mode = Ok(Mode::PrintSchema),
            Long("help") | Short('h') => app.mode = Ok(Mode::Usage),
            other => return Err(other.unexpected()),
        }
    }
    Ok(())
}
