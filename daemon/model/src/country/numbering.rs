//! How a country numbers its telephones, and how numbers change their form.
//!
//! Prefixes and lengths are those of the national numbering plans that ITU-T publishes under E.129
//! and E.164; lengths are of the national significant number (ITU-T E.164 §6), without any prefix.
//! Numbers of a length outside the plan (short codes, free-phone numbers of odd length) have no
//! E.164 form here and travel as they were dialled.

use super::Country;

/// The numbering of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbering {
    /// Country code: `44`.
    pub country_code: &'static str,
    /// National (trunk) prefix: `0`; empty where there is none.
    pub trunk_prefix: &'static str,
    /// A full national number is understood without its trunk prefix, too.
    pub trunk_prefix_optional: bool,
    /// International prefix: `00`.
    pub international_prefix: &'static str,
    /// Further international prefixes, such as those that choose a carrier.
    pub other_international_prefixes: &'static [&'static str],
    /// Digits of a carrier code that may stand between the trunk prefix and a full number.
    pub carrier_digits: usize,
    /// Shortest national significant number.
    pub min_length: usize,
    /// Longest national significant number.
    pub max_length: usize,
    /// Numbers of the own area may be dialled without area code.
    pub local_dialling: bool,
    /// Emergency numbers.
    pub emergency: &'static [&'static str],
}

/// The longest E.164 number, without `+` (ITU-T E.164 §6.1).
const E164_MAX: usize = 15;
/// The shortest that is taken for one.
const E164_MIN: usize = 7;

const fn plan(
    country_code: &'static str,
    trunk_prefix: &'static str,
    (min_length, max_length): (usize, usize),
    local_dialling: bool,
    emergency: &'static [&'static str],
) -> Numbering {
    Numbering {
        country_code,
        trunk_prefix,
        trunk_prefix_optional: trunk_prefix.is_empty(),
        international_prefix: "00",
        other_international_prefixes: &[],
        carrier_digits: 0,
        min_length,
        max_length,
        local_dialling,
        emergency,
    }
}

const NANP: Numbering = Numbering {
    trunk_prefix_optional: true,
    international_prefix: "011",
    ..plan("1", "1", (10, 10), true, &["911"])
};
const GB: Numbering = plan("44", "0", (9, 10), true, &["999", "112"]);
const DE: Numbering = plan("49", "0", (5, 13), true, &["112", "110"]);
const FR: Numbering = plan("33", "0", (9, 9), false, &["112", "15", "17", "18", "114"]);
const IT: Numbering = plan("39", "", (6, 11), false, &["112", "113", "115", "118"]);
const ES: Numbering = plan("34", "", (9, 9), false, &["112", "061", "080", "091", "092"]);
const NL: Numbering = plan("31", "0", (9, 10), true, &["112"]);
const SE: Numbering = plan("46", "0", (7, 10), true, &["112"]);
const CH: Numbering = plan("41", "0", (9, 9), false, &["112", "117", "118", "144"]);
// A caller in Brazil names the carrier: 0 + carrier + number, 00 + carrier + foreign number.
const BR: Numbering = Numbering {
    carrier_digits: 2,
    other_international_prefixes: &["0014", "0015", "0021", "0031", "0041", "0043"],
    ..plan("55", "0", (10, 11), true, &["190", "192", "193"])
};
const MX: Numbering = plan("52", "", (10, 10), false, &["911"]);
const AR: Numbering = plan("54", "0", (10, 10), true, &["911", "100", "101", "107"]);
const AU: Numbering =
    Numbering { international_prefix: "0011", ..plan("61", "0", (9, 9), true, &["000", "112", "106"]) };
const NZ: Numbering = plan("64", "0", (8, 10), true, &["111"]);
const JP: Numbering =
    Numbering { international_prefix: "010", ..plan("81", "0", (9, 10), true, &["110", "119", "118"]) };
const IN: Numbering = plan("91", "0", (10, 10), true, &["112", "100", "101", "102", "108"]);
// Mobile numbers (11 digits) are dialled without prefix; so no local number may be that long.
const CN: Numbering = Numbering {
    trunk_prefix_optional: true,
    ..plan("86", "0", (10, 11), true, &["110", "119", "120", "122"])
};
const RU: Numbering = Numbering {
    international_prefix: "810",
    ..plan("7", "8", (10, 10), true, &["112", "101", "102", "103"])
};
const ZA: Numbering = plan("27", "0", (9, 9), false, &["112", "10111", "10177"]);
const TR: Numbering = plan("90", "0", (10, 10), true, &["112"]);

impl Country {
    /// How the country numbers its telephones.
    pub const fn numbering(self) -> &'static Numbering {
        match self {
            Country::US | Country::CA => &NANP,
            Country::GB => &GB,
            Country::DE => &DE,
            Country::FR => &FR,
            Country::IT => &IT,
            Country::ES => &ES,
            Country::NL => &NL,
            Country::SE => &SE,
            Country::CH => &CH,
            Country::BR => &BR,
            Country::MX => &MX,
            Country::AR => &AR,
            Country::AU => &AU,
            Country::NZ => &NZ,
            Country::JP => &JP,
            Country::IN => &IN,
            Country::CN => &CN,
            Country::RU => &RU,
            Country::ZA => &ZA,
            Country::TR => &TR,
        }
    }

    /// The E.164 form (`+…`) of a number as it is dialled here, in the area `area_code` (without
    /// trunk prefix; may be empty). None when it has none: short codes, emergency and service
    /// numbers, numbers of a length that the plan does not know.
    pub fn to_e164(self, dialled: &str, area_code: &str) -> Option<String> {
        self.numbering().to_e164(dialled, area_code)
    }

    /// The number as it is dialled here: with the trunk prefix, foreign ones with the international
    /// prefix. What is not E.164 stays as it is.
    pub fn national(self, number: &str) -> String {
        self.numbering().national(number)
    }

    /// The number as a telephone here shows it: as [`Country::national`], but without the
    /// long-distance `1` of North America.
    pub fn shown(self, number: &str) -> String {
        match (self, number.strip_prefix("+1")) {
            (Country::US | Country::CA, Some(ten)) => ten.to_string(),
            _ => self.national(number),
        }
    }

    /// Is this an emergency number of the country?
    pub fn is_emergency(self, number: &str) -> bool {
        self.numbering().emergency.contains(&number)
    }
}

impl Numbering {
    /// See [`Country::to_e164`].
    pub fn to_e164(&self, dialled: &str, area_code: &str) -> Option<String> {
        if let Some(number) = dialled.strip_prefix('+') {
            return is_e164(number).then(|| dialled.to_string());
        }
        if !is_digits(dialled) || self.emergency.contains(&dialled) {
            return None;
        }
        if let Some(number) = self.strip_international(dialled) {
            return is_e164(number).then(|| format!("+{number}"));
        }
        if let Some(number) = self.strip_trunk_prefix(dialled) {
            let number = self.without_carrier(number);
            return self.fits(number.len()).then(|| format!("+{}{number}", self.country_code));
        }
        if self.trunk_prefix_optional && self.fits(dialled.len()) {
            return Some(format!("+{}{dialled}", self.country_code));
        }
        let local =
            self.local_dialling && !area_code.is_empty() && self.fits(area_code.len() + dialled.len());
        local.then(|| format!("+{}{area_code}{dialled}", self.country_code))
    }

    /// See [`Country::national`].
    pub fn national(&self, number: &str) -> String {
        let Some(digits) = number.strip_prefix('+') else { return number.to_string() };
        match digits.strip_prefix(self.country_code) {
            Some(significant) => format!("{}{significant}", self.trunk_prefix),
            None => format!("{}{digits}", self.international_prefix),
        }
    }

    /// The E.164 forms that a number may be the beginning of, while its digits still come.
    pub fn e164_beginnings(&self, dialled: &str, area_code: &str) -> Vec<String> {
        if dialled.starts_with('+') {
            return vec![dialled.to_string()];
        }
        if !is_digits(dialled) {
            return Vec::new();
        }
        if let Some(number) = self.strip_international(dialled) {
            return vec![format!("+{number}")];
        }
        let code = self.country_code;
        if let Some(number) = self.strip_trunk_prefix(dialled) {
            return vec![format!("+{code}{number}")];
        }
        let mut beginnings = Vec::new();
        if self.trunk_prefix_optional {
            beginnings.push(format!("+{code}{dialled}"));
        }
        if self.local_dialling && !area_code.is_empty() {
            beginnings.push(format!("+{code}{area_code}{dialled}"));
        }
        beginnings
    }

    /// Can no further digit belong to this number? True only for numbers of the longest kind.
    pub fn is_complete(&self, dialled: &str, area_code: &str) -> bool {
        let Some(number) = self.to_e164(dialled, area_code) else { return false };
        let digits = number.len() - 1;
        digits >= E164_MAX
            || number.get(1..).is_some_and(|n| n.starts_with(self.country_code))
                && digits >= self.country_code.len() + self.max_length
    }

    fn fits(&self, length: usize) -> bool {
        (self.min_length..=self.max_length).contains(&length)
    }

    fn strip_international<'n>(&self, dialled: &'n str) -> Option<&'n str> {
        let mut prefixes = self.other_international_prefixes.iter().chain([&self.international_prefix]);
        prefixes.find_map(|prefix| dialled.strip_prefix(prefix))
    }

    fn strip_trunk_prefix<'n>(&self, dialled: &'n str) -> Option<&'n str> {
        dialled.strip_prefix(self.trunk_prefix).filter(|_| !self.trunk_prefix.is_empty())
    }

    /// Takes away a carrier code when only that makes the number fit.
    fn without_carrier<'n>(&self, number: &'n str) -> &'n str {
        let rest = number.get(self.carrier_digits..).unwrap_or(number);
        if !self.fits(number.len()) && self.fits(rest.len()) { rest } else { number }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Country codes begin with 1–9.
fn is_e164(number: &str) -> bool {
    is_digits(number) && !number.starts_with('0') && (E164_MIN..=E164_MAX).contains(&number.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Country, area code, a number as dialled, its E.164 form, its national form. The numbers are
    /// those set aside for fiction or the published ones of museums and authorities.
    const NUMBERS: &[(Country, &str, &str, &str, &str)] = &[
        (Country::US, "212", "12125550100", "+12125550100", "12125550100"),
        (Country::US, "212", "2125550100", "+12125550100", "12125550100"),
        (Country::US, "212", "5550100", "+12125550100", "12125550100"),
        (Country::US, "212", "011442079460100", "+442079460100", "011442079460100"),
        (Country::CA, "416", "5550100", "+14165550100", "14165550100"),
        (Country::GB, "20", "02079460100", "+442079460100", "02079460100"),
        (Country::GB, "20", "79460100", "+442079460100", "02079460100"),
        (Country::GB, "20", "+442079460100", "+442079460100", "02079460100"),
        (Country::GB, "20", "00442079460100", "+442079460100", "02079460100"),
        (Country::GB, "20", "0012125550100", "+12125550100", "0012125550100"),
        (Country::DE, "30", "03023125000", "+493023125000", "03023125000"),
        (Country::DE, "30", "23125000", "+493023125000", "03023125000"),
        (Country::FR, "", "0199001234", "+33199001234", "0199001234"),
        (Country::IT, "", "0669801234", "+390669801234", "0669801234"),
        (Country::IT, "", "3331234567", "+393331234567", "3331234567"),
        (Country::ES, "", "910123456", "+34910123456", "910123456"),
        (Country::NL, "20", "0201234567", "+31201234567", "0201234567"),
        (Country::SE, "8", "084650041", "+4684650041", "084650041"),
        (Country::CH, "", "0441234567", "+41441234567", "0441234567"),
        (Country::BR, "11", "01112345678", "+551112345678", "01112345678"),
        (Country::BR, "11", "0211112345678", "+551112345678", "01112345678"),
        (Country::BR, "11", "0021442079460100", "+442079460100", "00442079460100"),
        (Country::BR, "11", "12345678", "+551112345678", "01112345678"),
        (Country::MX, "", "5512345678", "+525512345678", "5512345678"),
        (Country::AR, "11", "01112345678", "+541112345678", "01112345678"),
        (Country::AU, "2", "0255501234", "+61255501234", "0255501234"),
        (Country::AU, "2", "55501234", "+61255501234", "0255501234"),
        (Country::AU, "2", "0011442079460100", "+442079460100", "0011442079460100"),
        (Country::NZ, "4", "041234567", "+6441234567", "041234567"),
        (Country::NZ, "4", "1234567", "+6441234567", "041234567"),
        (Country::JP, "3", "0312345678", "+81312345678", "0312345678"),
        (Country::JP, "3", "010442079460100", "+442079460100", "010442079460100"),
        (Country::IN, "11", "01123456789", "+911123456789", "01123456789"),
        (Country::CN, "10", "01012345678", "+861012345678", "01012345678"),
        (Country::CN, "10", "13812345678", "+8613812345678", "013812345678"),
        (Country::CN, "10", "12345678", "+861012345678", "01012345678"),
        (Country::RU, "495", "84951234567", "+74951234567", "84951234567"),
        (Country::RU, "495", "1234567", "+74951234567", "84951234567"),
        (Country::RU, "495", "810442079460100", "+442079460100", "810442079460100"),
        (Country::ZA, "", "0101234567", "+27101234567", "0101234567"),
        (Country::TR, "212", "02121234567", "+902121234567", "02121234567"),
        (Country::TR, "212", "1234567", "+902121234567", "02121234567"),
    ];

    #[test]
    fn numbers_change_their_form() {
        for &(country, area, dialled, e164, national) in NUMBERS {
            assert_eq!(country.to_e164(dialled, area).as_deref(), Some(e164), "{country:?} {dialled}");
            assert_eq!(country.national(e164), national, "{country:?} {e164}");
        }
        for country in Country::ALL {
            assert!(NUMBERS.iter().any(|n| n.0 == country), "{country:?} has no example");
        }
    }

    #[test]
    fn each_dialled_digit_leads_to_the_number() {
        for &(country, area, dialled, e164, _) in NUMBERS {
            // A carrier code cannot be told from an area code before the number is whole.
            if country.numbering().carrier_digits > 0 {
                continue;
            }
            for n in 1..=dialled.len() {
                let begun = country.numbering().e164_beginnings(&dialled[..n], area);
                // Before an international prefix is whole it looks like a national number.
                let foreign = country.numbering().strip_international(dialled).is_some()
                    && country.numbering().strip_international(&dialled[..n]).is_none();
                assert!(
                    foreign || dialled[..n] == *"+" || begun.iter().any(|b| e164.starts_with(b.as_str())),
                    "{country:?} {} is no beginning of {e164}: {begun:?}",
                    &dialled[..n]
                );
            }
        }
    }

    #[test]
    fn national_and_back() {
        for &(country, area, _, e164, _) in NUMBERS {
            // Carriers must be chosen in Brazil: the plain prefix does not lead abroad.
            if country == Country::BR && !e164.starts_with("+55") {
                continue;
            }
            assert_eq!(country.to_e164(&country.national(e164), area).as_deref(), Some(e164), "{country:?}");
        }
    }

    #[test]
    fn emergency_and_short_numbers_have_no_e164_form() {
        for country in Country::ALL {
            assert!(!country.numbering().emergency.is_empty());
            for number in country.numbering().emergency {
                assert!(country.is_emergency(number));
                assert_eq!(country.to_e164(number, ""), None, "{country:?} {number}");
            }
            for number in ["", "0", "201", "*43", "#", "+", "+0123456789", "+12a34567", "0000", "12#"] {
                assert_eq!(country.to_e164(number, ""), None, "{country:?} {number}");
            }
        }
        assert!(Country::GB.is_emergency("999"));
        assert!(!Country::GB.is_emergency("911"));
    }

    #[test]
    fn what_is_not_e164_stays() {
        assert_eq!(Country::GB.national("201"), "201");
        assert_eq!(Country::US.shown("+12125550100"), "2125550100");
        assert_eq!(Country::US.shown("+442079460100"), "011442079460100");
        assert_eq!(Country::GB.shown("+442079460100"), "02079460100");
    }

    #[test]
    fn numbers_of_full_length_are_complete() {
        let gb = Country::GB.numbering();
        assert!(gb.is_complete("02079460100", "20"));
        assert!(gb.is_complete("79460100", "20"));
        assert!(!gb.is_complete("0207946010", "20"), "nine digits are possible, ten may come");
        assert!(!gb.is_complete("0012125550100", "20"), "foreign lengths are not known");
        assert!(!gb.is_complete("201", "20"));
    }
}
