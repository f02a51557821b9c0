use super::*;
use demarc_model::config::*;

fn gateway() -> Config {
    Config::default_gateway(&mut || Secret::new("long-enough-secret"))
}

fn decision(decision: Decision) -> String {
    match decision {
        Decision::NeedDigits => "more".into(),
        Decision::Refuse { cause, .. } => format!("refuse {}", cause.value()),
        Decision::Go(way) => match way.target {
            Target::Extension(id) => format!("extension {id}"),
            Target::RingGroup(id) => format!("group {id}"),
            Target::Service { id, called } => format!("service {id} as {called}"),
            Target::Outside(outside) => {
                let trunks: Vec<_> = outside.trunks.iter().map(|t| t.0.to_string()).collect();
                let mark = if outside.emergency { "!" } else { "" };
                format!("outside{mark} {} by {}", outside.number, trunks.join(","))
            }
        },
    }
}

fn device(config: &Config, digits: &str, complete: bool) -> String {
    decision(from_device(config, digits, complete))
}

fn trunk(config: &Config, trunk: u32, digits: &str, complete: bool) -> String {
    decision(from_trunk(config, TrunkId(trunk), &CallerId::default(), digits, complete))
}

#[test]
fn a_telephone_dials_en_bloc() {
    let config = gateway();
    for (digits, expected) in [
        ("201", "extension 201"),
        ("200", "group 1"),
        ("*43", "service 1 as *43"),
        ("999", "outside! 999 by 1,2"),
        ("8999", "outside! 999 by 1,2"),
        ("02079460100", "outside 02079460100 by 1,2"),
        ("+442079460100", "outside 02079460100 by 1,2"),
        ("0012125550100", "outside 0012125550100 by 1,2"),
        ("+12125550100", "outside 0012125550100 by 1,2"),
        ("802079460100", "outside 02079460100 by 2"),
        ("8", "refuse 28"),
        ("20", "refuse 28"),
        ("", "refuse 28"),
        ("209", "refuse 1"),
        ("7", "refuse 1"),
        ("alice", "refuse 1"),
    ] {
        assert_eq!(device(&config, digits, true), expected, "{digits}");
    }
    assert_eq!(device(&config, &"0".repeat(41), true), "refuse 28");
}

#[test]
fn a_telephone_dials_digit_by_digit() {
    let config = gateway();
    for (digits, expected) in [
        ("", "more"),
        ("2", "more"),
        ("20", "more"),
        ("201", "extension 201"),
        ("*4", "more"),
        ("*43", "service 1 as *43"),
        ("99", "more"),
        ("999", "outside! 999 by 1,2"),
        ("0", "more"),
        ("0207946010", "more"),
        ("02079460100", "outside 02079460100 by 1,2"),
        ("00121255501001", "more"),
        ("8999", "outside! 999 by 1,2"),
        ("879460100", "outside 79460100 by 2"),
        ("209", "refuse 1"),
        ("7", "refuse 1"),
    ] {
        assert_eq!(device(&config, digits, false), expected, "{digits}");
    }
}

#[test]
fn a_number_inside_waits_for_longer_ones() {
    let mut config = gateway();
    config.extensions[1].number = "2011".into();
    assert_eq!(device(&config, "201", false), "more");
    assert_eq!(device(&config, "201", true), "extension 201");
    assert_eq!(device(&config, "2011", false), "extension 202");
}

#[test]
fn a_number_inside_waits_for_prefixes_of_the_outside_but_not_for_any_number() {
    let mut config = gateway();
    config.extensions[0].number = "801".into();
    assert_eq!(device(&config, "801", false), "more", "8 is the prefix of the lines");
    config.outbound_routes[1].patterns = vec![Pattern::new(".")];
    assert_eq!(device(&config, "801", false), "extension 201");
}

#[test]
fn an_emergency_number_waits_only_for_numbers_inside() {
    let mut config = gateway();
    config.outbound_routes[3].patterns = vec![Pattern::new(".")];
    assert_eq!(device(&config, "112", false), "outside! 112 by 1,2");
    config.extensions[0].number = "1120".into();
    assert_eq!(device(&config, "112", false), "more");
    assert_eq!(device(&config, "112", true), "outside! 112 by 1,2");
    assert_eq!(device(&config, "1120", false), "extension 201");
}

#[test]
fn an_emergency_number_needs_no_route() {
    let mut config = gateway();
    config.outbound_routes.clear();
    config.system.emergency_numbers = vec!["2222".into()];
    assert_eq!(device(&config, "999", true), "outside! 999 by 1,2");
    assert_eq!(device(&config, "2222", false), "outside! 2222 by 1,2");
    let mut config = gateway();
    config.outbound_routes[0].trunks = vec![TrunkId(2)];
    assert_eq!(device(&config, "999", true), "outside! 999 by 2");
    config.trunks[1].enabled = false;
    assert_eq!(
        device(&config, "999", true),
        "outside! 999 by 1",
        "a route without a trunk in use is no route"
    );
}

#[test]
fn a_service_with_an_emergency_number_is_the_call_centre() {
    let telco = Config::simulated_telco();
    assert_eq!(device(&telco, "999", true), "service 17 as 999");
    assert_eq!(trunk(&telco, 1, "112", true), "service 18 as 112");
}

#[test]
fn the_first_route_that_matches_is_taken() {
    let mut config = gateway();
    config.outbound_routes.swap(2, 3);
    assert_eq!(device(&config, "0012125550100", true), "outside 0012125550100 by 1,2");
    let way = outbound::find(&config, "0012125550100").unwrap();
    assert_eq!(way.route.as_deref(), Some("National"));
}

#[test]
fn numbers_are_changed_and_sent_in_the_form_of_the_route() {
    let mut config = gateway();
    let fxo = config.trunks[1].kind.clone();
    let pri = config.trunks[0].kind.clone();
    let mut sent = |strip, prepend: &str, format, dialled: &str, kind: &TrunkKind| {
        let route = &mut config.outbound_routes[3];
        (route.strip, route.prepend, route.format) = (strip, prepend.into(), format);
        let Target::Outside(outside) = outbound::find(&config, dialled).unwrap().target else { panic!() };
        number_for(&config, &outside, kind)
    };
    use NumberFormat::*;
    assert_eq!(sent(0, "", AsDialled, "02079460100", &pri), "02079460100");
    assert_eq!(sent(0, "", E164, "02079460100", &pri), "+442079460100");
    assert_eq!(sent(0, "", National, "02079460100", &pri), "02079460100");
    assert_eq!(sent(1, "+44", National, "02079460100", &pri), "02079460100");
    assert_eq!(sent(1, "+44", AsDialled, "02079460100", &pri), "+442079460100");
    assert_eq!(sent(1, "+44", AsDialled, "02079460100", &fxo), "02079460100", "a line dials no +");
    assert_eq!(sent(0, "", E164, "02079460100", &fxo), "02079460100");
    assert_eq!(sent(3, "", E164, "02079460100", &pri), "+442079460100", "a local number");
    assert_eq!(sent(0, "", E164, "0123", &pri), "0123", "not E.164");
}

#[test]
fn a_trunk_reaches_its_inbound_routes_only() {
    let config = gateway();
    for (from, digits, expected) in [
        (1, "+442079460900", "group 1"),
        (1, "02079460900", "group 1"),
        (1, "79460900", "group 1"),
        (1, "+442079460901", "extension 201"),
        (1, "+442079460943", "service 1 as +442079460943"),
        (1, "+442079460999", "refuse 1"),
        (1, "999", "refuse 1"),
        (1, "02079460100", "refuse 1"),
        (1, "201", "refuse 1"),
        (1, "", "refuse 28"),
        (2, "", "group 1"),
        (2, "+442079460981", "group 1"),
    ] {
        assert_eq!(trunk(&config, from, digits, true), expected, "{from} {digits}");
    }
}

#[test]
fn overlap_receiving() {
    let config = gateway();
    for (digits, expected) in [
        ("", "more"),
        ("0207946", "more"),
        ("0207946090", "more"),
        ("02079460901", "extension 201"),
        ("+4420794609", "more"),
        ("+442079460901", "extension 201"),
        ("0208", "refuse 1"),
    ] {
        assert_eq!(trunk(&config, 1, digits, false), expected, "{digits}");
    }
}

#[test]
fn direct_dialling_in_strips_and_stays_inside() {
    let mut config = gateway();
    let route = |called: &str, strip| InboundRoute {
        called: Pattern::new(called),
        destination: Destination::Internal { strip },
        ..gateway().inbound_routes[0].clone()
    };
    config.inbound_routes = vec![route("+44207946!", 8)];
    assert_eq!(trunk(&config, 1, "+442079460201", true), "refuse 1", "the last digits are 0201");
    config.inbound_routes = vec![route("+442079460!", 9)];
    assert_eq!(trunk(&config, 1, "+442079460201", true), "extension 201");
    assert_eq!(trunk(&config, 1, "02079460201", false), "extension 201");
    assert_eq!(trunk(&config, 1, "+44207946020", false), "more");
    assert_eq!(trunk(&config, 1, "+44207946020", true), "refuse 28");
    assert_eq!(trunk(&config, 1, "+442079460099", true), "refuse 1");
    // The front door of toll fraud: a number that a telephone could dial outside.
    config.inbound_routes = vec![route("!", 0)];
    for digits in ["0012125550100", "+12125550100", "999", "802079460100"] {
        assert_eq!(trunk(&config, 1, digits, true), "refuse 1", "{digits}");
    }
    assert_eq!(trunk(&config, 1, "201", true), "extension 201");
}

#[test]
fn inbound_routes_look_at_the_caller() {
    let mut config = gateway();
    config.inbound_routes[0].caller = Some(Pattern::new("+1."));
    config.inbound_routes[1].trunk = None;
    let from = |number: Option<&str>| {
        let caller = CallerId { number: number.map(Into::into), ..CallerId::default() };
        let Decision::Go(way) = from_trunk(&config, TrunkId(1), &caller, "+442079460900", true) else {
            panic!()
        };
        way.route.unwrap()
    };
    assert_eq!(from(Some("+12125550100")), "Main number");
    assert_eq!(from(Some("0012125550100")), "Main number", "compared as E.164, too");
    assert_eq!(from(Some("+442079460100")), "Lines");
    assert_eq!(from(None), "Lines");
}

/// Trunk 1 leads to a private exchange, trunk 2 outside.
fn migration() -> Config {
    let mut config = gateway();
    let TrunkKind::Pri { private, .. } = &mut config.trunks[0].kind else { panic!() };
    *private = true;
    config.outbound_routes.retain(|route| route.trunks.contains(&TrunkId(2)));
    for route in &mut config.outbound_routes {
        route.trunks = vec![TrunkId(2)];
    }
    config
}

#[test]
fn a_private_exchange_calls_as_a_telephone_does() {
    let mut config = migration();
    for (digits, complete, expected) in [
        ("999", false, "outside! 999 by 2"),
        ("02079460100", false, "outside 02079460100 by 2"),
        ("+442079460100", true, "outside 02079460100 by 2"),
        ("0207946", false, "more"),
        ("201", false, "extension 201"),
        ("*43", true, "service 1 as *43"),
        ("7", true, "refuse 1"),
        ("", false, "more"),
    ] {
        assert_eq!(trunk(&config, 1, digits, complete), expected, "{digits}");
    }
    assert_eq!(trunk(&config, 2, "02079460100", true), "group 1", "a line leads inside, as ever");
    // A route of its own comes first; one for everybody is not for it.
    let mut own = config.inbound_routes[0].clone();
    own.called = Pattern::new("0900.");
    own.destination = Destination::Reject { cause: Cause::INCOMING_BARRED };
    config.inbound_routes = vec![own.clone(), InboundRoute { trunk: None, called: Pattern::new("!"), ..own }];
    assert_eq!(trunk(&config, 1, "09001234567", true), "refuse 55");
    assert_eq!(trunk(&config, 1, "02079460100", true), "outside 02079460100 by 2");
}

#[test]
fn calls_from_outside_reach_a_private_exchange() {
    let mut config = migration();
    let route = |called: &str, strip| InboundRoute {
        trunk: Some(TrunkId(2)),
        called: Pattern::new(called),
        destination: Destination::Trunk { id: TrunkId(1), strip },
        ..gateway().inbound_routes[0].clone()
    };
    config.inbound_routes = vec![route("+4420794609!", 0)];
    assert_eq!(trunk(&config, 2, "+442079460912", true), "outside +442079460912 by 1");
    assert_eq!(trunk(&config, 2, "+442079460912", false), "outside +442079460912 by 1", "it is whole");
    assert_eq!(trunk(&config, 2, "+4420794609", false), "more");
    config.inbound_routes = vec![route("+4420794609XX", 9)];
    assert_eq!(trunk(&config, 2, "02079460912", false), "outside 912 by 1");
    assert_eq!(trunk(&config, 2, "02079460100", true), "refuse 1");
    config.inbound_routes = vec![route("!", 20)];
    assert_eq!(trunk(&config, 2, "02079460912", true), "refuse 28");
}

#[test]
fn refusal_by_route() {
    let mut config = gateway();
    config.inbound_routes[0].destination = Destination::Reject { cause: Cause::INCOMING_BARRED };
    assert_eq!(trunk(&config, 1, "+442079460900", true), "refuse 55");
}

#[test]
fn the_telco_takes_its_numbers_in_every_form() {
    let telco = Config::simulated_telco();
    for digits in ["02079460100", "+442079460100", "79460100", "00442079460100"] {
        assert!(trunk(&telco, 1, digits, true).starts_with("service 1 as"), "{digits}");
        assert!(trunk(&telco, 1, digits, false).starts_with("service 1 as"), "{digits}");
        assert!(device(&telco, digits, false).starts_with("service 1 as"), "{digits}");
    }
    for (number, what) in telco_numbers() {
        if let Some(number) = Pattern::new(number).literal() {
            assert!(device(&telco, number, true).starts_with("service"), "{number} {what}");
        }
    }
    assert_eq!(device(&telco, "02079460217", true), "service 14 as 02079460217");
    assert_eq!(device(&telco, "02079460302", true), "service 15 as 02079460302");
    assert_eq!(device(&telco, "02079460327", true), "service 16 as 02079460327");
    assert_eq!(device(&telco, "02079460328", true), "refuse 1");
    assert_eq!(device(&telco, "02079460981", false), "extension 1");
    assert_eq!(trunk(&telco, 1, "02079460981", true), "extension 1");
    assert_eq!(device(&telco, "02079460901", false), "outside 02079460901 by 1");
    assert_eq!(device(&telco, "79460901", false), "outside 79460901 by 1");
    assert_eq!(trunk(&telco, 1, "02079460901", true), "refuse 1", "the subscriber's own numbers");
}

#[test]
fn among_services_the_narrowest_pattern_wins() {
    let mut telco = Config::simulated_telco();
    telco.services[0].number = Pattern::new("02079460217");
    assert_eq!(device(&telco, "02079460217", true), "service 1 as 02079460217");
    telco.services.reverse();
    assert_eq!(device(&telco, "02079460217", true), "service 1 as 02079460217");
}
