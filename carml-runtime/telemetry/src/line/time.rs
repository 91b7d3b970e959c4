//! Points in time as lines have them.

use std::{
    cell::Cell,
    time::{SystemTime, UNIX_EPOCH},
};

/// RFC 3339 in UTC, with microseconds.
const LENGTH: usize = "2026-08-01T12:00:00.000000Z".len();

thread_local! {
    /// The last second that was written, as it is written.
    static LAST: Cell<(u64, [u8; LENGTH])> = const { Cell::new((u64::MAX, [0; LENGTH])) };
}

/// Writes the time, which is after 1970.
pub(super) fn write(out: &mut Vec<u8>, time: SystemTime) {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs();
    let (last, mut text) = LAST.get();
    if last != seconds {
        text = whole(seconds);
        LAST.set((seconds, text));
    }
    digits(&mut text[20..26], since.subsec_micros().into());
    out.extend_from_slice(&text);
}

fn whole(seconds: u64) -> [u8; LENGTH] {
    let (year, month, day) = date(seconds / 86_400);
    let of_day = seconds % 86_400;
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    for (range, value) in [
        (0..4, year),
        (5..7, month),
        (8..10, day),
        (11..13, of_day / 3600),
        (14..16, of_day / 60 % 60),
        (17..19, of_day % 60),
    ] {
        digits(&mut text[range], value);
    }
    text
}

/// The date of a day after 1970-01-01, in the Gregorian calendar: Howard Hinnant's
/// `civil_from_days`, in which years begin in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

fn digits(out: &mut [u8], mut value: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc() {
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (1_735_689_599_123_456, "2024-12-31T23:59:59.123456Z"),
            (1_798_761_600_000_000, "2027-01-01T00:00:00.000000Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        ] {
            for _ in 0..2 {
                let mut out = Vec::new();
                write(&mut out, UNIX_EPOCH + Duration::from_micros(micros));
                assert_eq!(String::from_utf8(out).expect("text"), expected);
            }
        }
    }
}
