//! Whole numbers of 64 bits as texts.

/// Why a text is no whole number of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Int64Error {
    /// It does not have the form.
    #[error("expected digits, as in 42")]
    Form,
    /// It is another way to write a number: with a plus, with zeros before the digits, or with the sign of minus zero.
    #[error("a number has one form: write {0}")]
    Other(i64),
    /// It does not fit.
    #[error("it is not from -9223372036854775808 to 9223372036854775807")]
    Range,
}

/// Reads a whole number in the only form that answers have: identifiers such as `007` would else lose their zeros.
///
/// # Errors
/// If the text is no number, has another form, or does not fit.
pub fn int64(text: &str) -> Result<i64, Int64Error> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return Err(Int64Error::Form);
    }
    let number: i64 = text.parse().map_err(|_| Int64Error::Range)?;
    if itoa::Buffer::new().format(number) == text {
        Ok(number)
    } else {
        Err(Int64Error::Other(number))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_has_one_form() {
        for (text, number) in [
            ("+1", 1),
            ("007", 7),
            ("-0", 0),
            ("+0", 0),
            ("00", 0),
            ("-01", -1),
        ] {
            assert_eq!(int64(text), Err(Int64Error::Other(number)), "{text}");
        }
        for text in ["", "-", "+", "1.0", "1e0", " 1", "1 ", "0x1", "1_0", "\u{661}"] {
            assert_eq!(int64(text), Err(Int64Error::Form), "{text}");
        }
        for text in [
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999",
        ] {
            assert_eq!(int64(text), Err(Int64Error::Range), "{text}");
        }
    }

    proptest! {
        #[test]
        fn each_number_is_read_as_it_is_written(number: i64) {
            prop_assert_eq!(int64(&number.to_string()), Ok(number));
        }
    }
}
