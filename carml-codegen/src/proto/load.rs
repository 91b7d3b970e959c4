//! Finds, reads and checks proto files and what they import.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::{Component, Path, PathBuf},
};

use carml_diagnostic::{BuildOption, Diagnostic, Kind, Proto, Source, Unreadable};
use prost_types::FileDescriptorSet;
use protox::file::{File, FileResolver, GoogleFileResolver};

use super::{
    Options, edition, rules,
    source::{Places, ProtoFile, outside, tag},
};

/// More imports than this, one inside the other, are not followed.
const MAX_IMPORT_DEPTH: usize = 200;

/// The files of a run, and everything that is wrong with them so far.
pub(super) struct Set {
    /// Every file without errors, imports included and before what imports them, with comments.
    pub(super) descriptors: FileDescriptorSet,
    /// The same without comments, encoded: what reflection serves.
    pub(super) encoded: Vec<u8>,
    /// Those that are on disk, by the names that imports give them.
    pub(super) sources: BTreeMap<String, ProtoFile>,
    pub(super) errors: Vec<Diagnostic>,
}

pub(super) fn load(options: &Options) -> Set {
    let mut loader = Loader {
        includes: includes(options),
        ..Loader::default()
    };
    for file in &options.files {
        if let Some(name) = loader.name(file) {
            loader.file(&name, &mut Vec::new());
        }
    }
    loader.check()
}

/// What prost would refuse, or panic at.
pub(super) fn check_options(options: &Options) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let mut refuse = |option: BuildOption, help: &'static str| {
        let kind = Kind::BuildOption(option);
        errors.push(outside("build options", kind).help(help));
    };
    let mut seen = HashSet::new();
    for (proto, rust) in &options.extern_paths {
        if !proto.starts_with('.') || proto.split('.').skip(1).any(str::is_empty) {
            let path = proto.clone();
            refuse(
                BuildOption::NotAPath { path },
                "write it with a dot before it: `.shop.v1`",
            );
        } else if !seen.insert(proto) {
            let path = proto.clone();
            refuse(BuildOption::TwoPaths { path }, "remove one of them");
        }
        if syn::parse_str::<syn::Type>(rust).is_err() {
            let path = rust.clone();
            refuse(
                BuildOption::NotARustPath { path },
                "write it like `::shared::proto::shop::v1`",
            );
        }
    }
    for (path, attribute) in options
        .type_attributes
        .iter()
        .chain(&options.field_attributes)
    {
        if syn::parse::Parser::parse_str(syn::Attribute::parse_outer, attribute).is_err() {
            let (attribute, path) = (attribute.clone(), path.clone());
            let option = BuildOption::NotAnAttribute { attribute, path };
            refuse(option, "write it like `#[derive(serde::Serialize)]`");
        }
    }
    errors
}

/// Those directories, or the first file's.
pub(super) fn includes(options: &Options) -> Vec<PathBuf> {
    if !options.includes.is_empty() {
        return options.includes.clone();
    }
    let directory = options.files.first().and_then(|file| file.parent());
    match directory {
        Some(directory) if !directory.as_os_str().is_empty() => vec![directory.to_owned()],
        _ => vec![PathBuf::from(".")],
    }
}

#[derive(Default)]
struct Loader {
    includes: Vec<PathBuf>,
    sources: BTreeMap<String, ProtoFile>,
    /// What could be parsed; each stands after what it imports.
    parsed: Vec<(String, File)>,
    /// Whether the file, and all that it imports, could be parsed.
    usable: HashMap<String, bool>,
    errors: Vec<Diagnostic>,
}

impl Loader {
    /// The name by which an import would find the file.
    fn name(&mut self, file: &Path) -> Option<String> {
        let inside = self.includes.iter().find_map(|include| {
            let (file, include) = (absolute(file), absolute(include));
            let mut rest = parts(&file);
            let inside = parts(&include).all(|part| rest.next() == Some(part));
            inside.then(|| join(rest)).flatten()
        });
        if let Some(name) = inside
            && let Some(found) = self.find(&name)
        {
            if same_file(&found, file) {
                return Some(name);
            }
            let hidden = Kind::Proto(Proto::Hidden { name });
            let shown = file.display().to_string();
            self.errors.push(outside(shown, hidden).help(format!(
                "rename {} or {}, or change the order of the include folders",
                file.display(),
                found.display()
            )));
            return None;
        }
        let name = join(parts(file)).filter(|name| self.find(name).is_some());
        if name.is_none() {
            let shown = file.display().to_string();
            let error = match fs::metadata(file) {
                Ok(_) => outside(shown, Kind::Proto(Proto::Outside)).help(format!(
                    "include one of the folders above it; included: {}",
                    list(&self.includes)
                )),
                Err(error) => Diagnostic::new(Kind::Unreadable {
                    file: shown,
                    reason: Unreadable::from(&error),
                })
                .help("check the path"),
            };
            self.errors.push(error);
        }
        name
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        let files = self.includes.iter().map(|include| include.join(name));
        let mut files = files.filter(|file| file.is_file());
        files.next().map(|file| parts(&file).collect())
    }

    /// Reads a file and what it imports. Whether all of it could be parsed.
    fn file(&mut self, name: &str, importing: &mut Vec<String>) -> Option<bool> {
        if let Some(usable) = self.usable.get(name) {
            return Some(*usable);
        }
        let file = match self.find(name) {
            Some(path) => match self.read(name, path) {
                Some(file) => file,
                None => {
                    self.usable.insert(name.to_owned(), false);
                    return Some(false);
                }
            },
            // The well-known types come with the compiler.
            None => GoogleFileResolver::new().open_file(name).ok()?,
        };
        importing.push(name.to_owned());
        let usable = self.imports(name, &file, importing);
        importing.pop();
        self.parsed.push((name.to_owned(), file));
        self.usable.insert(name.to_owned(), usable);
        Some(usable)
    }

    fn imports(&mut self, name: &str, file: &File, importing: &mut Vec<String>) -> bool {
        let mut usable = true;
        let mut seen = HashSet::new();
        for (index, import) in (0..).zip(&file.file_descriptor_proto().dependency) {
            let (problem, help) = if !seen.insert(import) {
                let import = import.clone();
                let help = "remove one of the two".to_owned();
                (Proto::ImportedTwice { import }, help)
            } else if importing.contains(import) {
                let mut files = importing.clone();
                files.push(import.clone());
                let help = "move what both files need into a third one".to_owned();
                (Proto::ImportCycle { files }, help)
            } else if importing.len() > MAX_IMPORT_DEPTH {
                let limit = MAX_IMPORT_DEPTH;
                let help = "import the files that are used directly".to_owned();
                (Proto::ImportDepth { limit }, help)
            } else if let Some(ok) = self.file(import, importing) {
                usable &= ok;
                continue;
            } else {
                let import = import.clone();
                let help = format!("include folders: {}", list(&self.includes));
                (Proto::ImportNotFound { import }, help)
            };
            usable = false;
            if let Some(source) = self.sources.get(name) {
                let places = Places::new(source, file.file_descriptor_proto());
                let error = places.error(&[tag::file::IMPORT, index], problem);
                self.errors.push(error.help(help));
            }
        }
        usable
    }

    fn read(&mut self, name: &str, path: PathBuf) -> Option<File> {
        let source = match Source::open(&path) {
            Ok(source) => ProtoFile::new(path, &source),
            Err(found) => {
                self.errors.extend(found.diagnostics().iter().cloned());
                return None;
            }
        };
        let file = if let Some(span) = edition::statement(source.text()) {
            self.errors.push(
                source
                    .error(span, Proto::Edition)
                    .help("write `syntax = \"proto3\";`"),
            );
            None
        } else {
            match File::from_source(name, source.text()) {
                Ok(file) => {
                    let errors = rules::check(&source, file.file_descriptor_proto());
                    self.errors.extend(errors);
                    Some(file)
                }
                Err(error) => {
                    self.errors.extend(refused(&error, &source));
                    None
                }
            }
        };
        self.sources.insert(name.to_owned(), source);
        file
    }

    /// Resolves the names in every file whose imports could be parsed.
    fn check(mut self) -> Set {
        let files = Files(self.parsed.iter().cloned().collect());
        let mut compiler = protox::Compiler::with_file_resolver(files);
        compiler.include_imports(true).include_source_info(true);
        let parsed = std::mem::take(&mut self.parsed);
        let mut failed = HashSet::new();
        for (name, file) in &parsed {
            let imports = &file.file_descriptor_proto().dependency;
            if !self.usable[name] || imports.iter().any(|import| failed.contains(import)) {
                failed.insert(name);
                continue;
            }
            if let Err(error) = compiler.open_file(name) {
                failed.insert(name);
                if let Some(source) = self.sources.get(name) {
                    self.errors.extend(refused(&error, source));
                }
            }
        }
        let descriptors = compiler.file_descriptor_set();
        let encoded = compiler
            .include_source_info(false)
            .encode_file_descriptor_set();
        Set {
            descriptors,
            encoded,
            sources: self.sources,
            errors: self.errors,
        }
    }
}

/// The files that were parsed, for the compiler.
struct Files(HashMap<String, File>);

impl FileResolver for Files {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let file = self.0.get(name).cloned();
        file.ok_or_else(|| protox::Error::file_not_found(name))
    }
}

/// Every error that the parser or the compiler found in one file.
fn refused(error: &protox::Error, file: &ProtoFile) -> Vec<Diagnostic> {
    let related = miette::Diagnostic::related(error).into_iter().flatten();
    let all = std::iter::once(error as &dyn miette::Diagnostic).chain(related);
    all.filter_map(|error| {
        let mut problem = plain(&error.to_string());
        let mut labels: Vec<_> = error.labels().into_iter().flatten().collect();
        // Of two places, the second is the one that is wrong, except where one of the two is used
        // and the other is what it refers to.
        labels.sort_by_key(|label| label.label() == Some("found here"));
        let last = labels.last().and_then(|label| label.label());
        // An enum value in a reserved range, which `rules` reports at the value.
        if last == Some("reserved range defined here") {
            return None;
        }
        let is_use = last == Some("found here");
        let spans: Vec<_> = labels.iter().map(|label| *label.inner()).collect();
        let span = match *spans {
            [.., span] => span.offset()..span.offset() + span.len(),
            [] if problem.ends_with("end of file") => {
                let end = file.text().trim_end().len();
                end..end
            }
            [] => 0..0,
        };
        let help = error.help().map(|help| plain(&help.to_string()));
        // The parser has the message of another error here.
        if help
            .as_ref()
            .is_some_and(|help| help.starts_with("imports may not"))
        {
            problem = "invalid import path".to_owned();
        }
        let refused = file.error(span, Proto::Refused { problem });
        Some(match (help, &*spans) {
            (Some(help), _) => refused.help(help),
            (None, [first, _]) => {
                let line = file.line(first.offset());
                let what = if is_use {
                    "it is defined"
                } else {
                    "the other is"
                };
                refused.help(format!("{what} in line {line}"))
            }
            _ => refused,
        })
    })
    .collect()
}

/// The parser's words. It quotes with apostrophes, CarML with backticks.
fn plain(message: &str) -> String {
    let message = message.replace(", but found ", ", found ");
    let message = message.replace("message numbers", "field numbers");
    if message.matches('\'').count().is_multiple_of(2) && !message.contains("'''") {
        message.replace('\'', "`")
    } else {
        message
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A path without its `.`.
fn parts(path: &Path) -> impl Iterator<Item = Component<'_>> {
    path.components().filter(|part| *part != Component::CurDir)
}

/// An import's name from the parts of a path. None if it leads out of its folder.
fn join<'a>(parts: impl Iterator<Item = Component<'a>>) -> Option<String> {
    let mut name = Vec::new();
    for part in parts {
        match part {
            Component::Normal(part) => name.push(part.to_str()?),
            _ => return None,
        }
    }
    (!name.is_empty()).then(|| name.join("/"))
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

fn list(folders: &[PathBuf]) -> String {
    let folders: Vec<String> = folders
        .iter()
        .map(|f| format!("`{}`", f.display()))
        .collect();
    folders.join(", ")
}
