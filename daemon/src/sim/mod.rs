//! The simulated world around a gateway without cards: cables, a telco, telephones and people.
//!
//! The telco is a second node, configured as the network side; a telephone is a simulated FXO port
//! with somebody at it. Everything in between is what real cards use.

pub mod phone;
pub mod world;

pub use phone::{PhoneOrder, Phones};
pub use world::World;
