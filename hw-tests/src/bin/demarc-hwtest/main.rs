//! `demarc-hwtest`: the hardware tests on a console.
fn main() {
    for test in demarc_hwtest::list() {
        println!("{:<12} {}", test.id, test.title);
    }
}
