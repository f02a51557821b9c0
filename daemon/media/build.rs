//! Finds the system's spandsp.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if let Err(error) = pkg_config::Config::new().atleast_version("0.0.6").probe("spandsp") {
        println!("cargo::error=spandsp is needed (Debian: libspandsp-dev, pkg-config): {error}");
    }
}
