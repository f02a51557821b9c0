//! Primary rate over cross-connected spans: our helper at one end, and at the other libpri alone or our
//! helper again.

pub mod calls;
pub mod far_end;
pub mod interop;
pub mod our_end;
pub mod span;

pub use far_end::FarEnd;
pub use our_end::OurEnd;
pub use span::Wire;

use demarc_isdn::Dialect;

/// Every dialect with the short name of its capture.
pub const DIALECTS: [(Dialect, &str); 7] = [
    (Dialect::EuroIsdn, "euroisdn"),
    (Dialect::Ni2, "ni2"),
    (Dialect::Ni1, "ni1"),
    (Dialect::Att5ess, "5ess"),
    (Dialect::Att4ess, "4ess"),
    (Dialect::Dms100, "dms100"),
    (Dialect::Qsig, "qsig"),
];
