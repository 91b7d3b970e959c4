//! How long prost takes: for each message it follows every path to the messages inside.

use std::collections::HashMap;

use carml_diagnostic::{Diagnostic, Proto};
use prost_types::{
    DescriptorProto, FieldDescriptorProto,
    field_descriptor_proto::{Label, Type},
};

use super::{
    clashes::is_map,
    load::Set,
    source::{Places, tag},
};

/// prost takes some seconds for more steps than this, in a build script without optimization.
const MAX_STEPS: u64 = 20_000_000;

/// The error of the first message for which prost would take too long.
pub(super) fn check(set: &Set) -> Option<Diagnostic> {
    let messages = Messages::of(set);
    let index = messages.first_over(MAX_STEPS)?;
    let Message {
        file, path, name, ..
    } = &messages.0[index];
    let descriptor = set.descriptors.file.get(*file)?;
    let places = Places::new(set.sources.get(descriptor.name())?, descriptor);
    let name = name.trim_start_matches('.').to_owned();
    let error = places.error(path, Proto::TooManyPaths { name });
    Some(error.help("make some fields of a message type `repeated`, or refer to messages by an ID"))
}

struct Message {
    /// The index of its file.
    file: usize,
    /// The path of its name in the file.
    path: Vec<i32>,
    name: String,
    fields: Vec<Field>,
}

/// Whether a message that has the field can be `Copy`, and whether it can be `Eq`.
struct Field([Answer; 2]);

#[derive(Clone, Copy)]
enum Answer {
    Yes,
    No,
    /// As the message that it holds, by its index.
    As(usize),
}

/// What prost finds out about a message, and in how many steps.
#[derive(Clone, Copy, Default)]
struct Outcome {
    yes: bool,
    steps: u64,
}

struct Messages(Vec<Message>);

impl Messages {
    fn of(set: &Set) -> Self {
        let mut found = Vec::new();
        for (index, file) in set.descriptors.file.iter().enumerate() {
            let scope = match file.package() {
                "" => String::new(),
                package => format!(".{package}"),
            };
            for (number, message) in (0..).zip(&file.message_type) {
                let path = [tag::file::MESSAGE, number];
                collect(&scope, index, &path, message, &mut found);
            }
        }
        let indices: HashMap<String, usize> = found
            .iter()
            .enumerate()
            .map(|(index, (message, _))| (message.name.clone(), index))
            .collect();
        let messages = found.into_iter().map(|(mut message, descriptor)| {
            let fields = descriptor.field.iter();
            message.fields = fields.map(|field| Field::of(field, &indices)).collect();
            message
        });
        Self(messages.collect())
    }

    /// The messages that fields of this one hold, each once per field.
    fn held(&self, index: usize) -> impl Iterator<Item = usize> {
        let fields = self.0[index].fields.iter();
        fields.filter_map(|Field(answers)| match answers[1] {
            Answer::As(held) => Some(held),
            _ => None,
        })
    }

    /// The messages in such an order that each is behind those that it holds, unless these hold
    /// it too.
    fn inner_first(&self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut seen = vec![false; self.0.len()];
        for root in 0..self.0.len() {
            if std::mem::replace(&mut seen[root], true) {
                continue;
            }
            let mut stack = vec![(root, self.held(root))];
            while let Some((index, held)) = stack.last_mut() {
                match held.find(|held| !seen[*held]) {
                    Some(next) => {
                        seen[next] = true;
                        stack.push((next, self.held(next)));
                    }
                    None => {
                        order.push(*index);
                        stack.pop();
                    }
                }
            }
        }
        order
    }

    /// A number per message, the same for messages that hold one another.
    fn circles(&self, inner_first: &[usize]) -> Vec<usize> {
        let mut holders = vec![Vec::new(); self.0.len()];
        for index in 0..self.0.len() {
            for held in self.held(index) {
                holders[held].push(index);
            }
        }
        let mut circles = vec![usize::MAX; self.0.len()];
        for root in inner_first.iter().rev() {
            let mut stack = vec![*root];
            while let Some(index) = stack.pop() {
                if circles[index] == usize::MAX {
                    circles[index] = *root;
                    stack.extend(&holders[index]);
                }
            }
        }
        circles
    }

    /// The first message that takes the steps of all to more than a limit.
    fn first_over(&self, limit: u64) -> Option<usize> {
        let order = self.inner_first();
        let circles = self.circles(&order);
        let mut reaches = vec![None; self.0.len()];
        let mut known = vec![[Outcome::default(); 2]; self.0.len()];
        let mut total = 0_u64;
        for index in order {
            for question in [0, 1] {
                let mut outcome = Outcome {
                    yes: true,
                    steps: 0,
                };
                for Field(answers) in &self.0[index].fields {
                    let inner = match answers[question] {
                        Answer::Yes => Outcome {
                            yes: true,
                            steps: 0,
                        },
                        Answer::No => Outcome::default(),
                        Answer::As(held) => {
                            let reach = reaches[held].get_or_insert_with(|| {
                                let reach = self.reach(held);
                                total = total.saturating_add(reach);
                                reach
                            });
                            let inner = if circles[held] == circles[index] {
                                Outcome::default()
                            } else {
                                known[held][question]
                            };
                            let steps = inner.steps.saturating_add(*reach);
                            Outcome { steps, ..inner }
                        }
                    };
                    outcome.yes = inner.yes;
                    outcome.steps = outcome.steps.saturating_add(inner.steps).saturating_add(1);
                    if !outcome.yes {
                        break;
                    }
                }
                total = total.saturating_add(outcome.steps);
                known[index][question] = outcome;
            }
            if total > limit {
                return Some(index);
            }
        }
        None
    }

    /// How many messages are inside of one.
    fn reach(&self, index: usize) -> u64 {
        let mut seen = vec![false; self.0.len()];
        let mut stack = vec![index];
        let mut reached = 0;
        while let Some(index) = stack.pop() {
            if !std::mem::replace(&mut seen[index], true) {
                reached += 1;
                stack.extend(self.held(index));
            }
        }
        reached
    }
}

fn collect<'a>(
    scope: &str,
    file: usize,
    path: &[i32],
    message: &'a DescriptorProto,
    found: &mut Vec<(Message, &'a DescriptorProto)>,
) {
    let name = format!("{scope}.{}", message.name());
    for (number, nested) in (0..).zip(&message.nested_type) {
        if !is_map(nested) {
            let path = [path, &[tag::message::MESSAGE, number]].concat();
            collect(&name, file, &path, nested, found);
        }
    }
    let of = Message {
        file,
        path: [path, &[tag::NAME]].concat(),
        name,
        fields: Vec::new(),
    };
    found.push((of, message));
}

impl Field {
    fn of(field: &FieldDescriptorProto, indices: &HashMap<String, usize>) -> Self {
        let repeated = field.label() == Label::Repeated;
        let (copy, eq) = match field.r#type() {
            Type::Message if repeated => (Answer::No, Answer::No),
            Type::Message => {
                let held = indices.get(field.type_name());
                let answer = held.map_or(Answer::No, |held| Answer::As(*held));
                (answer, answer)
            }
            Type::Group => (Answer::No, Answer::No),
            Type::Float | Type::Double => (Answer::Yes, Answer::No),
            Type::String | Type::Bytes => (Answer::No, Answer::Yes),
            _ => (Answer::Yes, Answer::Yes),
        };
        Self([if repeated { Answer::No } else { copy }, eq])
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Field, Message, Messages};

    /// Messages that each hold the next ones this many times.
    fn messages(held: &[&[usize]]) -> Messages {
        let field = |held: &usize| Field([Answer::As(*held); 2]);
        let messages = held.iter().map(|held| Message {
            file: 0,
            path: Vec::new(),
            name: String::new(),
            fields: held.iter().map(field).collect(),
        });
        Messages(messages.collect())
    }

    #[test]
    fn paths_are_counted_and_circles_are_not_followed() {
        // 1 holds 0 twice: two searches of one message each, and two fields, for each question.
        assert_eq!(messages(&[&[], &[0, 0]]).first_over(8), Some(1));
        assert_eq!(messages(&[&[], &[0, 0]]).first_over(9), None);

        let holds_itself = messages(&[&[0, 0]]);
        assert_eq!(holds_itself.circles(&holds_itself.inner_first()), [0]);
        let circle = messages(&[&[1], &[2], &[0], &[0, 2]]);
        let circles = circle.circles(&circle.inner_first());
        assert!(circles[0] == circles[1] && circles[1] == circles[2]);
        assert_ne!(circles[3], circles[0]);
        assert_eq!(circle.first_over(1_000), None);
    }
}
