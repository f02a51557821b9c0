//! Stereo recordings: RIFF WAVE, 16 bits, 8000 samples a second.

/// A file of two channels; the shorter one ends in silence.
#[allow(clippy::cast_possible_truncation, reason = "clamped to 16 bits")]
pub fn stereo(left: &[f64], right: &[f64]) -> Vec<u8> {
    let frames = left.len().max(right.len());
    let data = u32::try_from(frames * 4).unwrap_or(u32::MAX - 64);
    let mut file = Vec::with_capacity(frames * 4 + 44);
    file.extend(b"RIFF");
    file.extend((data + 36).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    for word in [1_u16, 2] {
        file.extend(word.to_le_bytes());
    }
    for word in [8000_u32, 32_000] {
        file.extend(word.to_le_bytes());
    }
    for word in [4_u16, 16] {
        file.extend(word.to_le_bytes());
    }
    file.extend(b"data");
    file.extend(data.to_le_bytes());
    for index in 0..frames {
        for side in [left, right] {
            let sample = side.get(index).copied().unwrap_or(0.0).round().clamp(-32_768.0, 32_767.0) as i16;
            file.extend(sample.to_le_bytes());
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_it_holds() {
        let file = stereo(&[1.0, -2.0], &[40_000.0]);
        assert_eq!(file.len(), 44 + 8);
        assert_eq!(&file[..4], b"RIFF");
        assert_eq!(u32::from_le_bytes([file[4], file[5], file[6], file[7]]), 44);
        assert_eq!(&file[44..], [1, 0, 0xFF, 0x7F, 0xFE, 0xFF, 0, 0]);
    }
}
