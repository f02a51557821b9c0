//! The configuration of a gateway that nobody has set up yet.
