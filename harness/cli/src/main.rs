//! podproof
fn main() {}
