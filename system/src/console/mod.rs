//! The menu on the screen and the serial console: plain VT100, 80 columns, single keys.

mod menu;
mod terminal;
mod view;

pub use menu::{Action, Menu};
pub use terminal::run;
pub use view::{COLUMNS, ROWS, render};
