//! The whole node under random inputs: no panic, no channel with two owners, no stream without a
//! leg, one record a call, and nothing left at the end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_tests::lab::Lab;
use proptest::prelude::*;
use std::time::Duration;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nothing_is_left(
        steps in prop::collection::vec((any::<u8>(), any::<u16>(), 0_u32..4000), 1..150),
        late in any::<bool>(),
    ) {
        let set = if late { vec!["isdn-clears-late"] } else { vec![] };
        let mut lab = Lab::new(vec![], vec![], vec!["201 202 203"], set);
        let mut time = Duration::ZERO;
        for (choice, detail, wait) in steps {
            // Most things happen close together: that is where races are.
            time += Duration::from_millis(u64::from(if wait < 2000 { wait / 20 } else { wait }));
            lab.run_until(time);
            lab.chaos(choice, detail);
        }
        lab.go_home();
    }
}
