//! What `chronyd` says of its servers. Sans-IO.

/// Where it takes orders.
pub const SOCKET: &str = "/run/chrony/chronyd.sock";

/// What `chronyc` is asked: no names are looked up, and a `chronyd` that hangs holds nobody up for longer than a second.
pub const ASK: [&str; 8] = ["-c", "-n", "-h", SOCKET, "-m", "timeout 1000", "retries 0", "sources"];

/// Does a time server set the clock? `sources` is what `chronyc -c sources` prints, a line of CSV a server; its second field
/// is `*` for the server that is followed. One that has not answered eight times in a row is followed no longer, and
/// then the clock runs free. `chronyc tracking` does not say so: there the clock stays `Normal` for ever.
pub fn is_synchronised(sources: &str) -> bool {
    sources.lines().any(|line| line.split(',').nth(1) == Some("*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_followed_sets_the_clock() {
        let followed =
            "^,?,192.0.2.2,0,6,0,4294967295,0.0,0.0,0.0\n^,*,192.0.2.1,3,6,17,0,0.000000019,0.0,0.000006\n";
        assert!(is_synchronised(followed));
        // It went, and another one disagrees with the rest: nobody is followed.
        assert!(!is_synchronised(
            "^,?,192.0.2.1,3,6,0,9,0.000000623,0.0,0.000005\n^,x,192.0.2.3,2,6,377,9,5.0,5.0,0.0\n"
        ));
        assert!(!is_synchronised(""), "chronyd does not answer");
    }
}
