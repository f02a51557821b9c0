//! Texts in the kernel's fixed fields: ended by a zero.

/// A text for a field; what does not fit is left out, and there is always a zero at the end.
pub fn field<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [0; N];
    for (to, from) in field.iter_mut().take(N.saturating_sub(1)).zip(text.bytes()) {
        *to = from;
    }
    field
}

/// The text of a field.
pub fn of(field: &[u8]) -> String {
    let end = field.iter().position(|octet| *octet == 0).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_ends_with_a_zero() {
        assert_eq!(&field::<4>("ab"), b"ab\0\0");
        assert_eq!(&field::<4>("abcdef"), b"abc\0");
        assert_eq!(of(b"ab\0cd"), "ab");
        assert_eq!(of(b"abcd"), "abcd");
    }
}
