//! The process that speaks MFC/R2.

fn main() {}
