//! Q.850 causes and SIP statuses (RFC 3398 §7.2.4.1 and §8.2.6.1), in three profiles.

use demarc_model::Cause;
use demarc_model::config::{CauseProfile, CauseRule, CauseWay};

/// How causes map with one peer: its own rules, and its profile for the rest.
#[derive(Debug, Clone, Copy)]
pub struct Causes<'a> {
    /// Which profile.
    pub profile: CauseProfile,
    /// Where the peer differs; the first that fits is taken.
    pub rules: &'a [CauseRule],
}

impl Causes<'_> {
    /// As [`to_status`].
    pub fn status(self, cause: Cause) -> u16 {
        let fits = |rule: &&CauseRule| rule.way != CauseWay::FromStatus && rule.cause == cause;
        self.rules.iter().find(fits).map_or_else(|| to_status(self.profile, cause), |rule| rule.status)
    }

    /// As [`from_status`].
    pub fn cause(self, status: u16) -> Cause {
        let fits = |rule: &&CauseRule| rule.way != CauseWay::ToStatus && rule.status == status;
        self.rules.iter().find(fits).map_or_else(|| from_status(self.profile, status), |rule| rule.cause)
    }
}

/// The status that refuses a call for this cause. Cause 16 has none of its own before the answer
/// (afterwards it is a BYE); Q.1912.5 makes it 480.
pub fn to_status(profile: CauseProfile, cause: Cause) -> u16 {
    match (profile, cause.value()) {
        (CauseProfile::Asterisk, 23) => 302,
        (CauseProfile::Asterisk, 38) => 500,
        (CauseProfile::Asterisk, 58) => 488,
        (_, 1..=3 | 26) => 404,
        (_, 16 | 19 | 20 | 31) => 480,
        (_, 17) => 486,
        (_, 18) => 408,
        (_, 21 | 55 | 57 | 87) => 403,
        (_, 22 | 23) => 410,
        (_, 27) => 502,
        (_, 28) => 484,
        (_, 29 | 79) => 501,
        (_, 34 | 38 | 41 | 42 | 47 | 58 | 88) => 503,
        (_, 65 | 70) => 488,
        (_, 102) => 504,
        _ => 500,
    }
}

/// The cause that a refusing status stands for, when no `Reason: Q.850` says better.
pub fn from_status(profile: CauseProfile, status: u16) -> Cause {
    Cause::from_received(match (profile, status) {
        (CauseProfile::Asterisk, 480 | 483) => 19,
        (CauseProfile::Asterisk, 408) => 18,
        (CauseProfile::Asterisk, 500) => 38,
        (CauseProfile::Asterisk, 501) => 29,
        (CauseProfile::Asterisk, 502) => 27,
        (CauseProfile::Asterisk, 503) => 34,
        (CauseProfile::Audiocodes, 501) => 38,
        (CauseProfile::Audiocodes, 482 | 483) => 127,
        (_, 400 | 481 | 500 | 503) => 41,
        (_, 401 | 402 | 403 | 407 | 603) => 21,
        (_, 404 | 485 | 604) => 1,
        (_, 405) => 63,
        (_, 406 | 415 | 501) => 79,
        (_, 408 | 504) => 102,
        (_, 410) => 22,
        (_, 413 | 414 | 416 | 420 | 421 | 423 | 505 | 513) => 127,
        (_, 480) => 18,
        (_, 482 | 483) => 25,
        (_, 484) => 28,
        (_, 486 | 600) => 17,
        (_, 502) => 38,
        (_, 606) => 58,
        _ => 31,
    })
}

/// The value of a Reason header (RFC 3326) for a cause.
pub fn to_reason(cause: Cause) -> String {
    format!("Q.850;cause={};text=\"{}\"", cause.value(), cause.text())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of a table: the inputs, and what they all become.
    type Row<'a> = (&'a [u16], u16);

    const TO_STATUS: &[Row] = &[
        (&[1, 2, 3, 26], 404),
        (&[17], 486),
        (&[18], 408),
        (&[16, 19, 20, 31], 480),
        (&[21, 55, 57, 87], 403),
        (&[22, 23], 410),
        (&[27], 502),
        (&[28], 484),
        (&[29, 79], 501),
        (&[34, 38, 41, 42, 47, 58, 88], 503),
        (&[65, 70], 488),
        (&[102], 504),
        (&[111, 127, 4, 99, 126], 500),
    ];

    const FROM_STATUS: &[Row] = &[
        (&[400, 481, 500, 503], 41),
        (&[401, 402, 403, 407, 603], 21),
        (&[404, 485, 604], 1),
        (&[405], 63),
        (&[406, 415, 501], 79),
        (&[408, 504], 102),
        (&[410], 22),
        (&[413, 414, 416, 420, 421, 423, 505, 513], 127),
        (&[480], 18),
        (&[482, 483], 25),
        (&[484], 28),
        (&[486, 600], 17),
        (&[502], 38),
        (&[606], 58),
        (&[302, 487, 499, 699], 31),
    ];

    fn status(profile: CauseProfile, cause: u16) -> u16 {
        to_status(profile, Cause::new(cause as u8).unwrap())
    }

    fn cause(profile: CauseProfile, status: u16) -> u16 {
        from_status(profile, status).value().into()
    }

    #[test]
    fn rfc_3398_both_ways() {
        for (causes, expected) in TO_STATUS {
            for value in *causes {
                assert_eq!(status(CauseProfile::Rfc3398, *value), *expected, "cause {value}");
            }
        }
        for (statuses, expected) in FROM_STATUS {
            for value in *statuses {
                assert_eq!(cause(CauseProfile::Rfc3398, *value), *expected, "status {value}");
            }
        }
    }

    /// What a profile changes, and nothing else: every other value is as in RFC 3398.
    fn differs(profile: CauseProfile, to: &[(u16, u16)], from: &[(u16, u16)]) {
        for value in 1..=127 {
            let expected = to.iter().find(|(cause, _)| *cause == value).map(|(_, status)| *status);
            assert_eq!(
                status(profile, value),
                expected.unwrap_or_else(|| status(CauseProfile::Rfc3398, value)),
                "cause {value}"
            );
        }
        for value in 300..=699 {
            let expected = from.iter().find(|(status, _)| *status == value).map(|(_, cause)| *cause);
            assert_eq!(
                cause(profile, value),
                expected.unwrap_or_else(|| cause(CauseProfile::Rfc3398, value)),
                "status {value}"
            );
        }
    }

    #[test]
    fn the_other_profiles() {
        differs(
            CauseProfile::Asterisk,
            &[(23, 302), (38, 500), (58, 488)],
            &[(480, 19), (483, 19), (408, 18), (500, 38), (501, 29), (502, 27), (503, 34)],
        );
        differs(CauseProfile::Audiocodes, &[], &[(501, 38), (482, 127), (483, 127)]);
    }

    #[test]
    fn a_peer_has_rules_of_its_own() {
        let rule = |way, cause, status| CauseRule { way, cause: Cause::new(cause).unwrap(), status };
        let rules = [
            rule(CauseWay::Both, 17, 600),
            rule(CauseWay::ToStatus, 34, 486),
            rule(CauseWay::FromStatus, 127, 480),
        ];
        let causes = Causes { profile: CauseProfile::Rfc3398, rules: &rules };
        assert_eq!(causes.status(Cause::USER_BUSY), 600);
        assert_eq!(causes.cause(600), Cause::USER_BUSY);
        assert_eq!(causes.status(Cause::NO_CIRCUIT), 486);
        assert_eq!(causes.cause(486), Cause::USER_BUSY, "the other way as the profile has it");
        assert_eq!(causes.cause(480), Cause::INTERWORKING);
        assert_eq!(causes.status(Cause::INTERWORKING), 500);
    }

    #[test]
    fn reason_header() {
        assert_eq!(to_reason(Cause::USER_BUSY), "Q.850;cause=17;text=\"User busy\"");
    }
}
