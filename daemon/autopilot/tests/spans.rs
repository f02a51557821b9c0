//! Far ends of every kind, each with a name, and what the autopilot finds out about it.
//!
//! The gateway's card does E1 and T1. It begins with what is usual in its country, never with what the far
//! end needs; layers 2 and 3 are spoken by the real ISDN helper at both ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use demarc_autopilot::SpanPlan;
use demarc_hal::{Framing, LineCode, Signalling, SpanKind};
use demarc_isdn::{Dialect, Side};
use demarc_model::Grade::{Country, Learnt, Probed, Read, Telco};
use demarc_model::Setting;
use demarc_model::country::Confidence::{High, Low, Medium};
use world::{Expected, World, america, europe};

const CRC4: Expected = (Setting::Framing, Some("crc4"), Read, High, "CRC-4 multiframe are found");
const BASIC: Expected =
    (Setting::Framing, Some("basic"), Read, High, "no CRC-4 multiframe: the far end sends none");
const ESF: Expected = (Setting::Framing, Some("esf"), Read, High, "ESF frames are found");
const D4: Expected = (Setting::Framing, Some("d4"), Read, High, "no frame is found in it as T1 ESF");
const HDB3: Expected = (Setting::LineCode, Some("hdb3"), Read, High, "With HDB3: 0 code violations");
const B8ZS: Expected = (Setting::LineCode, Some("b8zs"), Read, High, "With B8ZS: 0 code violations");
const AMI_E1: Expected = (Setting::LineCode, Some("ami"), Read, High, "With HDB3: 30 code violations");
const AMI_T1: Expected = (Setting::LineCode, Some("ami"), Read, High, "With B8ZS: 30 code violations");
const E1: Expected = (Setting::LineMode, Some("e1"), Read, High, "found as E1");
const T1: Expected = (Setting::LineMode, Some("t1"), Read, High, "no frame is found in it as E1");
const D_16: Expected = (Setting::Signalling, Some("isdn"), Read, High, "HDLC flags in timeslot 16");
const D_24: Expected = (Setting::Signalling, Some("isdn"), Read, High, "HDLC flags in timeslot 24");
const USER: Expected = (Setting::Side, Some("user"), Read, High, "came up with us on the user side");
const NETWORK: Expected =
    (Setting::Side, Some("network"), Read, High, "The far end's SABME comes from the user side");
const SLAVE: Expected = (Setting::Timing, Some("1"), Read, High, "With the far end's clock: 0 slips in 30 s");
const MASTER: Expected = (Setting::Timing, Some("0"), Read, High, "neither end has a clock");

/// Evidence that does not decide: the country's default stands, and the finding says so.
const EURO_OR_QSIG: Expected = (
    Setting::Dialect,
    Some("euro_isdn"),
    Country,
    Medium,
    "fits EuroISDN and QSIG alike: the default is kept",
);
const QSIG: Expected = (Setting::Dialect, Some("qsig"), Learnt, High, "network facility extension");
const NI2: Expected = (Setting::Dialect, Some("ni2"), Learnt, High, "a name in NI-2");
/// Evidence that excludes the default, and leaves more than one.
const AT_AND_T: Expected = (Setting::Dialect, Some("att5ess"), Learnt, Low, "the default is none of them");
const SERVICE: Expected = (Setting::Dialect, Some("ni2"), Learnt, High, "discriminator of NI-2");
const DMS: Expected = (Setting::Dialect, Some("dms100"), Learnt, High, "release link trunk");
const AMERICAN: Expected = (Setting::Dialect, Some("ni2"), Country, Medium, "alike: the default is kept");

/// A far end: the gateway on the user side is a telco's customer, so the far end is the network.
fn e1(framing: Framing, side: Side, dialect: Dialect) -> SpanPlan {
    let mut far = world::plan(SpanKind::E1, side, dialect);
    far.settings.framing = framing;
    far
}

fn t1(framing: Framing, code: LineCode, side: Side, dialect: Dialect) -> SpanPlan {
    let mut far = world::plan(SpanKind::T1, side, dialect);
    (far.settings.framing, far.settings.line_code) = (framing, code);
    far
}

fn with(mut plan: SpanPlan, change: impl FnOnce(&mut SpanPlan)) -> SpanPlan {
    change(&mut plan);
    plan
}

/// Plugs the far end in and compares the findings. Whatever was found must be what the far end is.
fn check(name: &str, ours: &SpanPlan, far: &SpanPlan, expected: &[Expected]) {
    let mut world = World::new(ours, far, &[]);
    world.far.service = name.ends_with("service");
    world.find_out();
    world.expect(name, expected);
    let near = &world.near.plan;
    let end = (near.mode, near.settings.framing, near.settings.line_code);
    assert_eq!(end, (far.mode, far.settings.framing, far.settings.line_code), "{name}");
    assert_eq!(world.near.driver.span_status_alarms(), [], "{name}");
    if near.settings.signalling == Signalling::Isdn {
        assert_ne!(near.side, far.side, "{name}");
        assert!(world.near.helper.is_some(), "{name}: and layer 2 is up");
    }
}

trait Alarms {
    fn span_status_alarms(&self) -> Vec<demarc_hal::Alarm>;
}

impl Alarms for demarc_hal_sim::SimDriver {
    fn span_status_alarms(&self) -> Vec<demarc_hal::Alarm> {
        demarc_hal::Driver::span_status(self, world::SPAN).unwrap().alarms
    }
}

/// A far end a line: its name, how ours begins, how it is, and what is found out.
macro_rules! far_ends {
    ($($name:ident: $ours:expr, $far:expr, [$($expected:expr),* $(,)?];)*) => {$(
        #[test]
        fn $name() {
            check(stringify!($name), &$ours, &$far, &[$($expected),*]);
        }
    )*};
}

use Dialect::{Att4ess, Att5ess, Dms100, EuroIsdn, Ni1, Ni2, Qsig};
use Framing::{Basic, Crc4, D4 as SuperFrame, Esf};
use LineCode::{Ami, B8zs};
use Side::{Network, User};

far_ends! {
    e1_crc4_telco_euroisdn: europe(), e1(Crc4, Network, EuroIsdn), [E1, CRC4, HDB3, D_16, USER, SLAVE, EURO_OR_QSIG];
    e1_basic_telco_euroisdn: europe(), e1(Basic, Network, EuroIsdn), [E1, BASIC, HDB3, D_16, USER, SLAVE, EURO_OR_QSIG];
    e1_crc4_pbx_euroisdn: europe(), e1(Crc4, User, EuroIsdn), [E1, CRC4, D_16, NETWORK, MASTER, EURO_OR_QSIG];
    e1_basic_pbx_euroisdn: europe(), e1(Basic, User, EuroIsdn), [E1, BASIC, D_16, NETWORK, MASTER, EURO_OR_QSIG];
    e1_crc4_network_qsig: europe(), e1(Crc4, Network, Qsig), [E1, CRC4, HDB3, USER, SLAVE, QSIG];
    e1_basic_network_qsig: europe(), e1(Basic, Network, Qsig), [E1, BASIC, USER, QSIG];
    e1_crc4_pbx_qsig: europe(), e1(Crc4, User, Qsig), [E1, CRC4, NETWORK, MASTER, QSIG];
    e1_basic_pbx_qsig: europe(), e1(Basic, User, Qsig), [E1, BASIC, NETWORK, MASTER, QSIG];
    e1_ami_telco_euroisdn: europe(), with(e1(Crc4, Network, EuroIsdn), |far| far.settings.line_code = Ami),
        [E1, CRC4, AMI_E1, USER, EURO_OR_QSIG];
    e1_crc4_where_basic_was_set: with(europe(), |ours| ours.settings.framing = Basic), e1(Crc4, Network, EuroIsdn),
        [E1, (Setting::Framing, Some("crc4"), Read, High, "Without CRC-4 the far end reports"), HDB3, USER];
    e1_telco_on_a_card_set_to_t1: america(), e1(Crc4, Network, EuroIsdn),
        [(Setting::LineMode, Some("e1"), Read, High, "found as E1"), CRC4, HDB3, D_16, USER, EURO_OR_QSIG];
    e1_both_masters: with(europe(), |ours| ours.settings.timing = 0), e1(Crc4, Network, EuroIsdn),
        [E1, USER, (Setting::Timing, Some("1"), Read, High, "both ends are the master")];
    t1_esf_b8zs_telco_ni2: europe(), t1(Esf, B8zs, Network, Ni2), [T1, ESF, B8ZS, D_24, USER, SLAVE, NI2];
    t1_d4_ami_telco_ni2: europe(), t1(SuperFrame, Ami, Network, Ni2), [T1, D4, AMI_T1, D_24, USER, NI2];
    t1_esf_b8zs_telco_5ess: america(), t1(Esf, B8zs, Network, Att5ess), [ESF, B8ZS, USER, SLAVE, AMERICAN];
    t1_d4_b8zs_telco_5ess: america(), t1(SuperFrame, B8zs, Network, Att5ess), [D4, B8ZS, USER, AMERICAN];
    t1_esf_ami_telco_dms100: america(), t1(Esf, Ami, Network, Dms100), [ESF, AMI_T1, USER, AMERICAN];
    t1_d4_ami_telco_4ess: america(), t1(SuperFrame, Ami, Network, Att4ess), [D4, AMI_T1, USER, SLAVE, AMERICAN];
    t1_esf_b8zs_telco_4ess: europe(), t1(Esf, B8zs, Network, Att4ess), [T1, ESF, B8ZS, USER, AMERICAN];
    t1_esf_b8zs_telco_5ess_service: america(), t1(Esf, B8zs, Network, Att5ess), [ESF, B8ZS, USER, AT_AND_T];
    t1_d4_ami_pbx_ni2_service: america(), t1(SuperFrame, Ami, User, Ni2), [D4, AMI_T1, NETWORK, MASTER, SERVICE];
    t1_esf_b8zs_telco_ni1: america(), t1(Esf, B8zs, Network, Ni1), [ESF, B8ZS, USER, AMERICAN];
    t1_esf_b8zs_pbx_dms100: america(), t1(Esf, B8zs, User, Dms100), [ESF, B8ZS, NETWORK, MASTER, DMS];
    t1_d4_b8zs_pbx_ni2: europe(), t1(SuperFrame, B8zs, User, Ni2), [T1, D4, B8ZS, NETWORK, MASTER, NI2];
    t1_esf_b8zs_pbx_qsig: america(), t1(Esf, B8zs, User, Qsig), [ESF, NETWORK, MASTER, QSIG];
    e1_r2_exchange: europe(), with(e1(Basic, Network, EuroIsdn), |far| far.settings.signalling = Signalling::R2),
        [E1, BASIC, HDB3, SLAVE, (Setting::Signalling, Some("r2"), Read, Medium, "no HDLC flags")];
    e1_isdn_where_r2_was_set: with(europe(), |ours| ours.settings.signalling = Signalling::R2), e1(Crc4, Network, EuroIsdn),
        [E1, CRC4, (Setting::Signalling, Some("isdn"), Read, High, "but HDLC flags in timeslot 16"), USER];
    t1_d4_ami_channel_associated: america(),
        with(t1(SuperFrame, Ami, Network, Ni2), |far| far.settings.signalling = Signalling::EAndM),
        [D4, AMI_T1, SLAVE, (Setting::Signalling, Some("e_and_m"), Read, Low, "No HDLC flags in timeslot 24")];
}

#[test]
fn nothing_plugged_in_is_looked_at_ever_more_rarely() {
    let mut world = World::new(&europe(), &e1(Crc4, Network, EuroIsdn), &[]);
    world.cable.unplug();
    world.pass(3600);
    world.expect("unplugged", &[(Setting::LineMode, None, Read, Low, "nothing is plugged in")]);
    assert!(!world.found.contains_key(&Setting::LineCode) && !world.found.contains_key(&Setting::Side));
    assert!((4..30).contains(&world.runs.len()), "{} tries in an hour", world.runs.len());
    let tries = world.runs.len();
    world.pass(600);
    assert!(world.runs.len() - tries <= 2, "it has slowed down");
    // A plug that goes in is noticed without a look.
    world.cable.plug();
    let status = demarc_hal::Driver::span_status(&world.near.driver, world::SPAN).unwrap();
    world.tell(demarc_autopilot::SpanInput::Status(status));
    world.find_out();
    world.expect("plugged", &[E1, CRC4, HDB3, USER]);
}

#[test]
fn a_broken_pair_is_the_telcos() {
    let mut world = World::new(&europe(), &e1(Crc4, Network, EuroIsdn), &[]);
    world.cable.break_pair(demarc_hal_sim::End::B, true);
    world.pass(120);
    world.expect("deaf", &[(Setting::Framing, Some("crc4"), Telco, Low, "look at the pair we send on")]);
    assert_eq!(world.near.plan.settings.framing, Crc4);
}

#[test]
fn a_pinned_setting_is_never_changed() {
    let far = t1(SuperFrame, Ami, User, Ni2);
    let mut world = World::new(&europe(), &far, &Setting::OF_SPAN);
    world.pass(600);
    assert_eq!(world.runs, []);
    world.expect("pinned", &[(Setting::LineMode, None, Read, Low, "no frame is found in it as E1")]);
    assert!(world.found.values().all(|finding| finding.pinned));

    // Everything but the framing may change: the line mode is found, and nothing more.
    let mut world = World::new(&america(), &far, &[Setting::Framing]);
    world.pass(600);
    assert!(world.runs.iter().all(|plan| plan.mode == SpanKind::E1 || plan.settings.framing == Esf));
    world.expect("framing", &[(Setting::Framing, None, Read, Low, "no frame is found in it as T1 ESF")]);
}

#[test]
fn a_span_in_use_is_not_touched_and_one_that_worked_gets_time() {
    let far = e1(Crc4, Network, EuroIsdn);
    let mut world = World::new(&europe(), &far, &[]);
    world.find_out();
    let runs = world.runs.len();
    world.tell(demarc_autopilot::SpanInput::InUse(true));
    world.far.run(&e1(Basic, Network, EuroIsdn)).unwrap();
    world.pass(300);
    assert_eq!(world.runs.len(), runs, "a call is on it");
    world.tell(demarc_autopilot::SpanInput::InUse(false));
    world.pass(10);
    world.expect("telco changed", &[(Setting::Framing, Some("basic"), Read, High, "sends none")]);

    // The far end is set otherwise for a moment: too short to follow.
    let runs = world.runs.len();
    world.far.run(&far).unwrap();
    world.pass(20);
    world.far.run(&e1(Basic, Network, EuroIsdn)).unwrap();
    world.pass(60);
    assert_eq!(world.runs.len(), runs);
}

#[test]
fn what_the_configuration_takes_over_keeps_its_grade() {
    let far = t1(Esf, B8zs, Network, Att5ess);
    let mut world = World::new(&america(), &far, &[]);
    world.far.service = true;
    world.find_out();
    world.expect("found", &[AT_AND_T]);
    let runs = world.runs.len();
    world.set_up(&[]);
    world.pass(60);
    world.expect("taken over", &[AT_AND_T, ESF, B8ZS, USER]);
    world.set_up(&Setting::OF_SPAN);
    world.pass(60);
    world.expect("pinned", &[AT_AND_T]);
    assert_eq!(world.runs.len(), runs);
    assert!(world.found.values().all(|finding| finding.pinned));
}

#[test]
fn what_is_refused_is_not_asked_for_all_the_time() {
    let far = with(e1(Crc4, Network, EuroIsdn), |far| far.settings.signalling = Signalling::R2);
    let mut world = World::new(&europe(), &far, &[]);
    world.refuses = true;
    world.pass(3600);
    assert!((2..=7).contains(&world.runs.len()), "{} times in an hour", world.runs.len());
    world.expect("seen all the same", &[(Setting::Signalling, Some("r2"), Read, Medium, "no HDLC flags")]);
}

#[test]
fn layer_2_that_never_comes_up_tries_both_sides_and_slows_down() {
    // Nobody speaks at the far end, though flags are there.
    let mut world = World::new(&europe(), &e1(Crc4, Network, EuroIsdn), &[]);
    world.pass(3600);
    let sides: Vec<_> = world.runs.iter().map(|plan| plan.side).collect();
    assert!(sides.chunks(2).all(|pair| pair != [User, Network]), "they alternate: {sides:?}");
    assert!((10..40).contains(&sides.len()), "{} changes in an hour", sides.len());
    world.expect("silent", &[(Setting::Side, None, Probed, Low, "layer 2 did not come up")]);
}
