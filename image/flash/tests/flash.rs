//! Images are written to files, and to loop devices where this machine lets us make one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{MIB, Sample, filled};
use demarc_flash::bmap::BlockMap;
use demarc_flash::image::{Image, map_beside};
use demarc_flash::write::{Error, Options, Stage, verify, write};
use demarc_flash::{gpt, map, open_target};
use std::fs::{self, File};
use std::process::Command;

#[test]
fn an_image_is_written_whole_whatever_the_disk_held() {
    let sample = Sample::new();
    for path in [&sample.raw, &sample.compressed] {
        let mut target = filled(sample.folder.path(), 48 * MIB, 0xAA);
        let report =
            write(&mut Image::open(path).unwrap(), &sample.map, &mut target, Options::default(), &mut |_| {})
                .unwrap();
        assert_eq!(report.written, sample.map.mapped_octets());
        assert_eq!(report.verified, report.written);
        assert_eq!(report.cleared, sample.map.gaps().iter().map(|gap| gap.1).sum::<u64>());
        sample.assert_on(&mut target);
    }
}

#[test]
fn only_mapped_blocks_are_touched_when_asked() {
    let sample = Sample::new();
    let mut target = filled(sample.folder.path(), 40 * MIB, 0xAA);
    let options = Options { clear: false, ..Options::default() };
    write(&mut Image::open(&sample.compressed).unwrap(), &sample.map, &mut target, options, &mut |_| {})
        .unwrap();
    let found = common::read(&mut target);
    for (start, length) in sample.map.gaps() {
        // The table that was there is taken away first, whether the map names all of it or not.
        let (from, to) = (start.max(34 * 512) as usize, (start + length) as usize);
        assert!(found[from..to].iter().all(|octet| *octet == 0xAA));
    }
    assert_eq!(verify(&sample.map, &mut target, &mut |_| {}).unwrap(), sample.map.mapped_octets());
}

#[test]
fn what_was_cut_off_has_no_table_and_goes_on() {
    let sample = Sample::new();
    let short = sample.folder.path().join("short.raw");
    fs::write(&short, &sample.octets[..30 * MIB as usize]).unwrap();
    let mut target = filled(sample.folder.path(), 40 * MIB, 0);
    // An older system is on the disk: its table must not stay.
    common::table(40 * MIB).write(&mut target, 40 * MIB).unwrap();
    let cut =
        write(&mut Image::open(&short).unwrap(), &sample.map, &mut target, Options::default(), &mut |_| {});
    assert!(matches!(cut, Err(Error::Image(_))), "{cut:?}");
    assert_eq!(gpt::read(&mut target).unwrap(), None);

    let mut stages = Vec::new();
    let resume = Options { resume: true, ..Options::default() };
    let report = write(
        &mut Image::open(&sample.compressed).unwrap(),
        &sample.map,
        &mut target,
        resume,
        &mut |progress| {
            assert!(progress.done <= progress.total);
            stages.push(progress.stage);
        },
    )
    .unwrap();
    assert!(report.kept > 8 * MIB, "{report:?}");
    assert_eq!(report.kept + report.written, sample.map.mapped_octets());
    stages.dedup();
    assert_eq!(stages, [Stage::Comparing, Stage::Writing, Stage::Clearing, Stage::Verifying]);
    sample.assert_on(&mut target);

    // What is finished needs nothing more.
    let report =
        write(&mut Image::open(&sample.raw).unwrap(), &sample.map, &mut target, resume, &mut |_| {}).unwrap();
    assert_eq!((report.written, report.cleared), (0, 0));
}

#[test]
fn a_damaged_image_makes_no_disk_that_starts() {
    let sample = Sample::new();
    let damaged = sample.folder.path().join("damaged.raw");
    let mut octets = sample.octets.clone();
    octets[20 * MIB as usize + 7] ^= 1;
    fs::write(&damaged, octets).unwrap();
    let mut target = filled(sample.folder.path(), 40 * MIB, 0);
    let result =
        write(&mut Image::open(&damaged).unwrap(), &sample.map, &mut target, Options::default(), &mut |_| {});
    assert!(matches!(result, Err(Error::Damaged(..))), "{result:?}");
    assert_eq!(gpt::read(&mut target).unwrap(), None);
}

#[test]
fn a_compressed_image_that_is_cut_or_changed_is_an_error() {
    let sample = Sample::new();
    let whole = fs::read(&sample.compressed).unwrap();
    let broken = sample.folder.path().join("broken.zst");
    for end in [5, 100, whole.len() / 2, whole.len() - 5] {
        fs::write(&broken, &whole[..end]).unwrap();
        let mut target = filled(sample.folder.path(), 40 * MIB, 0);
        let result = Image::open(&broken).map(|mut image| {
            write(&mut image, &sample.map, &mut target, Options::default(), &mut |_| {}).is_err()
        });
        assert!(result.unwrap_or(true), "cut at {end}");
    }
}

#[test]
fn a_disk_that_forgets_is_found_out() {
    let sample = Sample::new();
    let mut target = filled(sample.folder.path(), 40 * MIB, 0);
    write(&mut Image::open(&sample.raw).unwrap(), &sample.map, &mut target, Options::default(), &mut |_| {})
        .unwrap();
    for range in sample.map.ranges.iter().step_by(3) {
        let (start, length) = sample.map.octets_of(range);
        common::flip(&mut target, start + length - 1);
        let found = verify(&sample.map, &mut target, &mut |_| {});
        assert!(matches!(found, Err(Error::Differs(first, _)) if first == range.first), "{found:?}");
        common::flip(&mut target, start + length - 1);
    }
    assert!(verify(&sample.map, &mut target, &mut |_| {}).is_ok());
}

#[test]
fn a_map_without_checksums_can_be_written_but_not_compared() {
    let sample = Sample::new();
    let mut map = sample.map.clone();
    map.ranges[0].digest = None;
    let mut target = filled(sample.folder.path(), 40 * MIB, 0xAA);
    let result =
        write(&mut Image::open(&sample.raw).unwrap(), &map, &mut target, Options::default(), &mut |_| {});
    assert!(matches!(result, Err(Error::NoChecksums)));
    let options = Options { verify: false, ..Options::default() };
    write(&mut Image::open(&sample.raw).unwrap(), &map, &mut target, options, &mut |_| {}).unwrap();
    sample.assert_on(&mut target);
}

#[test]
fn a_map_does_not_depend_on_holes_and_has_the_efi_partition_whole() {
    let sample = Sample::new();
    // The sample was written densely; a copy of it with holes has the same map.
    let sparse = sample.folder.path().join("sparse.raw");
    assert!(
        Command::new("cp").arg("--sparse=always").arg(&sample.raw).arg(&sparse).status().unwrap().success()
    );
    assert_eq!(map::make(&mut File::open(&sparse).unwrap()).unwrap(), sample.map);
    let efi = gpt::read(&mut File::open(&sample.raw).unwrap()).unwrap().unwrap().named("EFI").unwrap();
    let blocks = efi.start / 4096..(efi.start + efi.length) / 4096;
    let mapped =
        |block: &u64| sample.map.ranges.iter().any(|range| (range.first..=range.last).contains(block));
    assert!(blocks.clone().all(|block| mapped(&block)));
    assert!(sample.map.mapped_blocks() < sample.map.blocks() / 2);
}

#[test]
fn the_image_builders_make_the_same_map() {
    let sample = Sample::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../block-map");
    let output = Command::new(script).arg(&sample.raw).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(BlockMap::parse_checked(&theirs).unwrap(), sample.map);
    assert_eq!(theirs, sample.map.to_xml());
}

#[test]
fn the_map_is_found_beside_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("demarc.raw.zst");
    assert_eq!(map_beside(&image), None);
    fs::write(folder.path().join("demarc.raw.bmap"), "").unwrap();
    assert_eq!(map_beside(&image), Some(folder.path().join("demarc.raw.bmap")));
}

/// The command on a loop device. Needs root and a kernel that gives loop devices; says so when it has not.
#[test]
fn a_loop_device_is_written_by_the_command_and_refused_when_mounted() {
    let sample = Sample::new();
    let backing = sample.folder.path().join("backing");
    filled(sample.folder.path(), 64 * MIB, 0x55);
    fs::rename(sample.folder.path().join("target"), &backing).unwrap();
    let Some(device) = common::Loop::new(&backing) else {
        eprintln!("no loop device can be made here: not tested");
        return;
    };
    let flash = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_demarc-flash")).args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    fs::write(sample.folder.path().join("demarc.raw.bmap"), sample.map.to_xml()).unwrap();
    let image = sample.compressed.to_str().unwrap();
    let (done, said) = flash(&["write", image, &device.path]);
    assert!(!done && said.contains("give --yes"), "{said}");
    let (done, said) = flash(&["write", image, &device.path, "--yes"]);
    assert!(done, "{said}");
    sample.assert_on(&mut File::open(&device.path).unwrap());
    // While something holds it alone, as a mount does, nobody else may open it to write.
    let held = open_target(device.path.as_ref(), true).unwrap();
    let (done, said) = flash(&["write", image, &device.path, "--yes", "--resume"]);
    assert!(!done && said.to_lowercase().contains("busy"), "{said}");
    drop(held);
    let (done, said) = flash(&["write", image, &device.path, "--yes", "--resume"]);
    assert!(done && said.contains("written 0 B"), "{said}");
}
