//! Numbers as JSON Schema compares them: exactly, and `1.0` is the integer `1`.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// Beyond this, a float is not converted to `i128`.
const MAX_CONVERTIBLE: f64 = 1e38;

/// The value of a number that is an integer: `1.0` is one.
pub fn integer(number: &Number) -> Option<i128> {
    let exact = number.as_i64().map(i128::from);
    let exact = exact.or_else(|| number.as_u64().map(i128::from));
    exact.or_else(|| {
        let float = number.as_f64()?;
        let integral = float.fract() == 0.0 && float.abs() < MAX_CONVERTIBLE;
        integral.then_some(float as i128)
    })
}

/// Compares two numbers without rounding either.
pub fn compare(a: &Number, b: &Number) -> Ordering {
    if let (Some(a), Some(b)) = (integer(a), integer(b)) {
        return a.cmp(&b);
    }
    let floats = a.as_f64().zip(b.as_f64());
    let order = floats.and_then(|(a, b)| a.partial_cmp(&b));
    order.unwrap_or(Ordering::Equal)
}

/// Whether two values are equal: `1` and `1.0` are, also inside of arrays and objects.
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare(a, b) == Ordering::Equal,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same = |(key, a)| b.get(key).is_some_and(|b| equal(a, b));
            a.len() == b.len() && a.iter().all(same)
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn integers_beyond_the_precision_of_floats_differ() {
        let (a, b) = (
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_992_u64),
        );
        assert!(!equal(&a, &b));
        assert!(equal(&json!({"a": [1, 2.5]}), &json!({"a": [1.0, 2.5]})));
        assert!(!equal(&json!([1]), &json!([1, 1])));
    }

    #[test]
    fn numbers_are_ordered_whatever_their_form() {
        let order = |a: Value, b: Value| match (a, b) {
            (Value::Number(a), Value::Number(b)) => compare(&a, &b),
            _ => Ordering::Equal,
        };
        assert_eq!(order(json!(1), json!(1.5)), Ordering::Less);
        assert_eq!(order(json!(2.0), json!(2)), Ordering::Equal);
        assert_eq!(order(json!(u64::MAX), json!(1e300)), Ordering::Less);
        assert_eq!(order(json!(-1e300), json!(i64::MIN)), Ordering::Less);
    }
}
