/// Follows the length prefixes through a body, however its frames are cut.
#[derive(Debug, Default)]
pub(crate) struct Framing {
    prefix: [u8; 5],
    have: u8,
    /// What is left of the current message.
    left: u64,
    /// How many bytes of the current message have passed, with its prefix.
    passed: u64,
}

/// A message whose prefix is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Its size in bytes, without the prefix.
    pub(crate) size: u64,
    /// Where in these bytes it begins; 0 if it began before them.
    pub(crate) start: usize,
}

impl Framing {
    /// Takes the next bytes of the body, and returns the first message that `stop` says yes to. The
    /// bytes after it are not looked at.
    pub(crate) fn advance(
        &mut self,
        data: &[u8],
        mut stop: impl FnMut(Message) -> bool,
    ) -> Option<Message> {
        let mut at = 0;
        let mut start = 0;
        while at < data.len() {
            if self.left > 0 {
                let rest = (data.len() - at) as u64;
                let step = rest.min(self.left);
                self.left -= step;
                self.passed += step;
                at += usize::try_from(step).unwrap_or(usize::MAX);
            } else {
                if self.have == 0 {
                    start = at;
                }
                self.prefix[usize::from(self.have)] = data[at];
                self.have += 1;
                self.passed += 1;
                at += 1;
                if usize::from(self.have) == self.prefix.len() {
                    let [_, a, b, c, d] = self.prefix;
                    let size = u64::from(u32::from_be_bytes([a, b, c, d]));
                    let message = Message { size, start };
                    if stop(message) {
                        return Some(message);
                    }
                    self.left = size;
                }
            }
            if self.left == 0 && usize::from(self.have) == self.prefix.len() {
                self.have = 0;
                self.passed = 0;
            }
        }
        None
    }

    /// How many bytes of a message that is not complete have passed, with its prefix.
    pub(crate) fn incomplete(&self) -> u64 {
        self.passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(size: u32) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend(size.to_be_bytes());
        bytes.resize(bytes.len() + size as usize, 7);
        bytes
    }

    #[test]
    fn finds_the_first_message_over_a_limit_however_frames_are_cut() {
        let body = [message(3), message(0), message(10), message(11)].concat();
        let over = |limit| move |message: Message| message.size > limit;
        let whole = Framing::default().advance(&body, over(10));
        let start = 8 + 5 + 15;
        assert_eq!(whole, Some(Message { size: 11, start }));
        for cut in 1..body.len() {
            let mut framing = Framing::default();
            let found = body
                .chunks(cut)
                .find_map(|chunk| framing.advance(chunk, over(10)));
            assert_eq!(found.map(|over| over.size), Some(11), "frames of {cut}");
            let mut framing = Framing::default();
            assert!(
                body.chunks(cut)
                    .all(|chunk| framing.advance(chunk, over(11)).is_none())
            );
            assert_eq!(framing.incomplete(), 0);
        }
    }

    #[test]
    fn knows_how_much_of_an_incomplete_message_has_passed() {
        let body = [message(3), message(0), message(6)].concat();
        let ends = [0, 8, 13, 24];
        let mut framing = Framing::default();
        for (at, byte) in body.iter().enumerate() {
            let begun = ends.iter().rev().find(|end| **end <= at + 1);
            framing.advance(&[*byte], |_| false);
            assert_eq!(framing.incomplete(), (at + 1 - begun.unwrap_or(&0)) as u64);
        }
    }
}
