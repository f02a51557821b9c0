//! The images under test, made by `image/build-twin`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where everything that `make image-for-tests` made is; `DEMARC_IMAGES` names another folder.
#[derive(Debug, Clone)]
pub struct Images {
    folder: PathBuf,
}

impl Images {
    /// # Panics
    /// When they were not made.
    pub fn find() -> Self {
        let folder = match std::env::var_os("DEMARC_IMAGES") {
            Some(folder) => folder.into(),
            None => root().join("target/image-test"),
        };
        assert!(
            folder.join("demarc-test.raw").is_file(),
            "no images in {}: make image-for-tests",
            folder.display()
        );
        Self { folder }
    }

    /// A disk with the shell of the tests in both versions.
    pub fn disk(&self) -> PathBuf {
        self.folder.join("demarc-test.raw")
    }

    /// The root file system of that disk.
    pub fn rootfs(&self) -> PathBuf {
        self.folder.join("rootfs.squashfs")
    }

    /// The tree of that root file system.
    pub fn tree(&self) -> PathBuf {
        self.folder.join("root")
    }

    /// Kernel of that disk, and its initramfs: Buildroot's has none.
    pub fn kernel(&self) -> (PathBuf, Option<PathBuf>) {
        let initrd = self.tree().join("boot/initrd");
        (self.tree().join("boot/vmlinuz"), initrd.is_file().then_some(initrd))
    }

    /// SHA-256 and size of the root file system in a bundle.
    pub fn contents(&self, name: &str) -> (String, usize) {
        let read =
            |what: &str| std::fs::read_to_string(self.folder.join(format!("{name}.{what}"))).expect("a file");
        (read("sha256").trim().to_owned(), read("size").trim().parse().expect("a number"))
    }

    /// A bundle of that name: `good`, `crash`, `panic`, …
    pub fn bundle(&self, name: &str) -> PathBuf {
        let path = self.folder.join(format!("{name}.raucb"));
        assert!(path.is_file(), "{} is not there: make image-for-tests", path.display());
        path
    }
}

/// The folder of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// An ext4 file system with these files, as a stick.
pub fn stick(files: &[(&Path, &str)], to: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut size = 8 << 20;
    for (from, name) in files {
        size += std::fs::copy(from, folder.path().join(name)).expect("a file");
    }
    let made = Command::new("mke2fs")
        .args(["-q", "-F", "-t", "ext4", "-L", "stick", "-d"])
        .arg(folder.path())
        .arg(to)
        .arg(format!("{}K", size / 1024 * 11 / 10 + 4096))
        .status();
    assert!(made.expect("mke2fs").success());
}
