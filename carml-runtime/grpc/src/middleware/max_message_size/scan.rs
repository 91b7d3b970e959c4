/// Follows the length prefixes through a body, however its frames are cut.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    prefix: [u8; 5],
    have: u8,
    /// What is left of the current message.
    left: u64,
}

/// A message over the limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Over {
    /// Its size in bytes.
    pub(super) size: u64,
    /// How many bytes of this frame belong to messages before it.
    pub(super) good: usize,
}

impl Scanner {
    /// Takes the next bytes of the body; the first message in them over the limit.
    pub(super) fn over(&mut self, data: &[u8], limit: u64) -> Option<Over> {
        let mut at = 0;
        let mut start = 0;
        while at < data.len() {
            if self.left > 0 {
                let rest = (data.len() - at) as u64;
                let step = rest.min(self.left);
                self.left -= step;
                at += usize::try_from(step).unwrap_or(usize::MAX);
                continue;
            }
            if self.have == 0 {
                start = at;
            }
            self.prefix[usize::from(self.have)] = data[at];
            self.have += 1;
            at += 1;
            if usize::from(self.have) == self.prefix.len() {
                let [_, a, b, c, d] = self.prefix;
                let size = u64::from(u32::from_be_bytes([a, b, c, d]));
                if size > limit {
                    return Some(Over { size, good: start });
                }
                self.have = 0;
                self.left = size;
            }
        }
        None
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
    fn finds_the_first_message_over_the_limit_however_frames_are_cut() {
        let body = [message(3), message(0), message(10), message(11)].concat();
        let whole = Scanner::default().over(&body, 10);
        assert_eq!(
            whole,
            Some(Over {
                size: 11,
                good: 8 + 5 + 15
            })
        );
        for cut in 1..body.len() {
            let mut scanner = Scanner::default();
            let found = body.chunks(cut).find_map(|chunk| scanner.over(chunk, 10));
            assert_eq!(found.map(|over| over.size), Some(11), "frames of {cut}");
            let mut scanner = Scanner::default();
            assert!(
                body.chunks(cut)
                    .all(|chunk| scanner.over(chunk, 11).is_none())
            );
        }
    }
}
