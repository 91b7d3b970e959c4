//! One request for what is missing, and its response.

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE},
};

use super::{Interrupted, Journal, Progress, Transfer, writer::Writer};
use crate::{
    Error, ErrorKind, Event,
    http::{Reply, Validators},
    policy::location::Location,
    retry::Retries,
};

pub(super) struct Attempt<'a> {
    pub(super) transfer: &'a Transfer,
    pub(super) location: &'a Location,
    pub(super) writer: &'a Writer,
    pub(super) progress: &'a mut Progress,
    pub(super) retries: &'a mut Retries,
}

pub(super) enum Received {
    All,
    NotModified,
}

impl Attempt<'_> {
    pub(super) async fn receive_http(&mut self) -> Result<Received, Interrupted> {
        if self.is_complete() {
            // A request for what follows the last byte would be answered with 416.
            return Ok(Received::All);
        }
        let is_resume = self.is_resume();
        if !is_resume && self.progress.journal.ranges.len() > 0 {
            return Err(Interrupted::Restart {
                why: "the server gave nothing to resume by".to_owned(),
                changed: false,
            });
        }
        let transfer = self.transfer;
        let headers = if is_resume {
            let range = format!("bytes={}-", self.progress.front());
            self.range_headers(range)
        } else {
            self.conditions()
        };
        let http = &transfer.transport.http;
        let reply = http.get(self.location, transfer.trust, &headers).await?;
        match reply.status {
            StatusCode::NOT_MODIFIED if !is_resume => return Ok(Received::NotModified),
            StatusCode::PARTIAL_CONTENT if is_resume => {
                let start = self.check_range(&reply)?;
                self.progress.is_joined = true;
                if start == self.progress.front() && self.may_split(&reply) {
                    self.read_split(reply, start).await?;
                } else {
                    self.read(reply, start).await?;
                }
            }
            StatusCode::RANGE_NOT_SATISFIABLE if is_resume => {
                let total = reply.unsatisfied_total();
                if total != Some(self.progress.front()) {
                    return Err(Interrupted::Restart {
                        why: "the server has fewer bytes than are there".to_owned(),
                        changed: true,
                    });
                }
                self.progress.journal.size = total;
            }
            StatusCode::OK => {
                self.begin(&reply, is_resume).await?;
                if self.may_split(&reply) {
                    self.read_split(reply, 0).await?;
                } else {
                    self.read(reply, 0).await?;
                }
            }
            status => {
                let error = format!("the server answered {status}, which was not asked for");
                return Err(Error::new(ErrorKind::Unavailable, error).into());
            }
        }
        self.check_end()?;
        Ok(Received::All)
    }

    fn is_complete(&self) -> bool {
        let front = self.progress.front();
        front > 0 && self.progress.journal.size == Some(front)
    }

    pub(super) fn has_checksum(&self) -> bool {
        !self.transfer.expected.is_empty()
    }

    fn host(&self) -> &str {
        self.location.url.host_str().unwrap_or_default()
    }

    fn is_resume(&self) -> bool {
        self.progress.journal.ranges.len() > 0
            && (self.progress.journal.validator.is_some() || self.has_checksum())
            && !self.progress.ignores_ranges.contains(self.host())
    }

    /// With a checksum, nodes of a CDN may disagree on the validator: the checksum decides.
    pub(super) fn range_headers(&self, range: String) -> Vec<(HeaderName, HeaderValue)> {
        let validator = self.progress.journal.validator.clone();
        let validator = validator.filter(|_| !self.has_checksum());
        let headers = [(RANGE, Some(range)), (IF_RANGE, validator)];
        let headers = headers.into_iter().filter_map(|(name, value)| {
            let value = HeaderValue::try_from(value?).ok()?;
            Some((name, value))
        });
        headers.collect()
    }

    /// Whether a response is of the version of the bytes that are there. A checksum decides later.
    pub(super) fn is_same_version(&self, validators: &Validators) -> bool {
        let known = self.progress.journal.validator.as_ref();
        self.has_checksum() || known.is_some_and(|known| validators.is_version(known))
    }

    /// Asks for the file only if it is another one than the cache has.
    fn conditions(&self) -> Vec<(HeaderName, HeaderValue)> {
        let Some(known) = &self.transfer.known else {
            return Vec::new();
        };
        let named = [
            (IF_NONE_MATCH, &known.etag),
            (IF_MODIFIED_SINCE, &known.last_modified),
        ];
        let headers = named.into_iter().filter_map(|(name, value)| {
            let value = HeaderValue::try_from(value.as_ref()?).ok()?;
            Some((name, value))
        });
        headers.collect()
    }

    /// Where the body of a 206 begins: at the first byte that is missing, or before it.
    fn check_range(&mut self, reply: &Reply) -> Result<u64, Interrupted> {
        let restart = |why: &str, changed| {
            Err(Interrupted::Restart {
                why: why.to_owned(),
                changed,
            })
        };
        let front = self.progress.front();
        if reply.is_coded() {
            return restart("the server compresses the file", true);
        }
        let range = reply.content_range().filter(|range| range.start <= front);
        let Some(range) = range else {
            return restart("the server sent another range than was asked for", true);
        };
        let size = &mut self.progress.journal.size;
        match (range.total, *size) {
            (Some(total), Some(size)) if total != size => {
                return restart("the file has another size now", true);
            }
            (None, Some(size)) if range.end > size => {
                return restart("the file is longer now", true);
            }
            (Some(total), None) => *size = Some(total),
            _ => {}
        }
        let validators = reply.validators();
        if !self.is_same_version(&validators) {
            return restart("the file has changed", true);
        }
        self.progress.validators = validators;
        if let Some(size) = self.progress.journal.size {
            self.transfer.check_size(size)?;
            self.transfer.cache.make_room(size.saturating_sub(front))?;
        }
        self.started(front);
        Ok(range.start)
    }

    /// A response with the whole file.
    async fn begin(&mut self, reply: &Reply, is_resume: bool) -> Result<(), Interrupted> {
        let validators = reply.validators();
        if is_resume {
            let known = self.progress.journal.validator.as_ref();
            let changed = known.is_some_and(|known| !validators.is_version(known));
            let why = if changed {
                self.progress.count_change("the file has changed")?;
                "the file has changed"
            } else {
                let host = self.host().to_owned();
                self.progress.ignores_ranges.insert(host);
                "the server ignores ranges"
            };
            let event = Event::Restarted {
                why: why.to_owned(),
            };
            self.transfer.events.send(event);
        }
        let is_coded = reply.is_coded();
        // What is stored is the body as it was sent.
        let size = reply.length();
        if let Some(size) = size {
            self.transfer.check_size(size)?;
            self.transfer.cache.make_room(size)?;
        }
        self.progress.is_joined = false;
        self.progress.journal = Journal {
            url: self.location.identity(),
            validator: validators.strong.clone().filter(|_| !is_coded),
            size,
            checksum: self.progress.journal.checksum.take(),
            ranges: super::ranges::Ranges::default(),
        };
        self.progress.validators = validators;
        if is_coded {
            let host = self.host().to_owned();
            self.progress.ignores_ranges.insert(host);
        }
        self.writer.begin(self.progress.journal.clone()).await?;
        self.started(0);
        Ok(())
    }

    pub(super) fn started(&self, resumed: u64) {
        self.transfer.events.send(Event::Started {
            url: self.location.shown(),
            size: self.progress.journal.size,
            resumed,
        });
    }

    /// Reads a body that begins at byte `at`. What is there already is skipped.
    async fn read(&mut self, mut reply: Reply, mut at: u64) -> Result<(), Interrupted> {
        let front = self.progress.front();
        while let Some(mut chunk) = reply.chunk().await? {
            self.transfer.transport.take(chunk.len()).await;
            let skipped = front.saturating_sub(at).min(chunk.len() as u64);
            let chunk = chunk.split_off(skipped as usize);
            at += skipped;
            if !chunk.is_empty() {
                at = self.received(at, chunk).await?;
            }
        }
        Ok(())
    }

    /// Takes bytes of the file. Gives the place of the next ones.
    pub(super) async fn received(&mut self, at: u64, chunk: Bytes) -> Result<u64, Interrupted> {
        let length = chunk.len() as u64;
        let end = at + length;
        self.transfer.check_size(end)?;
        let size = self.progress.journal.size;
        if size.is_some_and(|size| end > size) {
            return Err(Interrupted::Restart {
                why: "the server sent more than it announced".to_owned(),
                changed: true,
            });
        }
        self.writer.write(at, chunk).await?;
        self.progress.journal.ranges.add(at, end);
        self.progress.received += length;
        self.retries.received(length);
        let there = self.progress.journal.ranges.len();
        self.transfer.events.progress(there, size);
        Ok(end)
    }

    pub(super) fn check_end(&mut self) -> Result<(), Interrupted> {
        let front = self.progress.front();
        match self.progress.journal.size {
            Some(size) if front < size => {
                let why = format!("the body ended after {front} of {size} bytes");
                Err(Error::new(ErrorKind::Truncated, why).into())
            }
            _ => Ok(()),
        }
    }
}
