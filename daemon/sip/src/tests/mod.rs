//! The room as a whole, driven by messages in virtual time.

mod fuzz;
mod incoming;
mod lab;
mod outgoing;
mod peers;
mod refer;
mod registration;
mod reoffer;
mod subscriptions;
mod timers;
mod trunks;
