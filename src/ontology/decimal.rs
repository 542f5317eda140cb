//! Decimal numbers of any precision, within bounds that keep comparing them cheap.

use std::str::FromStr;

use bigdecimal::BigDecimal;

/// The longest decimal number, in characters. Reading one takes time quadratic in its digits.
pub const LONGEST_DECIMAL: usize = 1000;

/// The largest power of ten by which a decimal number is multiplied or divided: to compare two numbers, their digits
/// are written out.
pub const LARGEST_EXPONENT: i64 = 10_000;

/// Why a text is not a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// It does not have the form of a number.
    #[error("expected digits, perhaps with a sign, a point and an exponent")]
    Form,
    /// It is longer than [`LONGEST_DECIMAL`], or its exponent is larger than [`LARGEST_EXPONENT`].
    #[error(
        "a decimal number has at most {LONGEST_DECIMAL} characters and an exponent of at most {LARGEST_EXPONENT}"
    )]
    Range,
}

/// Reads a decimal number.
///
/// # Errors
/// When the text is no number, or is out of bounds.
pub fn decimal(text: &str) -> Result<BigDecimal, DecimalError> {
    let is_part = |it: u8| it.is_ascii_digit() || b"+-.eE".contains(&it);
    if !text.bytes().all(is_part) || !text.bytes().any(|it| it.is_ascii_digit()) {
        return Err(DecimalError::Form);
    }
    if text.len() > LONGEST_DECIMAL {
        return Err(DecimalError::Range);
    }
    // The parser also fails where the exponent does not fit into 64 bits.
    let exponent = text.split_once(['e', 'E']).map_or("", |it| it.1);
    let number = BigDecimal::from_str(text).map_err(|_| match exponent.len() {
        0..=5 => DecimalError::Form,
        _ => DecimalError::Range,
    })?;
    if number.fractional_digit_count().abs() > LARGEST_EXPONENT {
        return Err(DecimalError::Range);
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_out_of_bounds_are_refused() {
        for text in ["9.90", "-0", "+1", "1e3", ".5", "1E-10000", "1e10000"] {
            assert!(decimal(text).is_ok(), "{text}");
        }
        let long = "1".repeat(LONGEST_DECIMAL + 1);
        for text in [
            "1e10001",
            "1e-10001",
            "1e999999999",
            "1e-9999999999999999999999",
            &long,
        ] {
            assert_eq!(decimal(text), Err(DecimalError::Range), "{text}");
        }
        for text in ["", "e", "1_000", "0x1F", "1e", "1.2.3", "much", "NaN", "١"] {
            assert_eq!(decimal(text), Err(DecimalError::Form), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9eE.+-]{0,30}|\\PC*") {
            let _ = decimal(&text);
        }
    }
}
