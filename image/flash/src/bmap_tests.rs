use super::*;

fn map() -> BlockMap {
    let digest = |octet| Some([octet; 32]);
    let ranges = vec![
        Range { first: 0, last: 0, digest: digest(1) },
        Range { first: 5, last: 9, digest: digest(2) },
        Range { first: 24, last: 24, digest: digest(3) },
    ];
    BlockMap { image_size: 24 * 4096 + 100, block_size: 4096, ranges }
}

#[test]
fn what_is_written_is_read_again() {
    let text = map().to_xml();
    assert_eq!(BlockMap::parse_checked(&text), Ok(map()));
}

#[test]
fn a_map_of_bmaptool_is_read() {
    // As bmaptool 3.6 writes it: comments, a mapped count with a comment behind it, SHA-256 in attributes.
    let text = r#"<?xml version="1.0" ?>
<!-- This file contains the block map for an image file, <Range> and all. -->
<bmap version="2.0">
    <!-- Image size in bytes: 12.0 KiB -->
    <ImageSize> 12288 </ImageSize>
    <BlockSize> 4096 </BlockSize>
    <BlocksCount> 3 </BlocksCount>
    <MappedBlocksCount> 2     </MappedBlocksCount>
    <ChecksumType> sha256 </ChecksumType>
    <BmapFileChecksum> 00 </BmapFileChecksum>
    <BlockMap>
        <Range chksum="ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7"> 0 </Range>
        <Range> 2 </Range>
    </BlockMap>
</bmap>"#;
    let map = BlockMap::parse(text).unwrap();
    assert_eq!((map.image_size, map.block_size, map.ranges.len()), (12288, 4096, 2));
    assert_eq!(map.ranges[0].digest.unwrap()[0], 0xad);
    assert_eq!(map.ranges[1], Range { first: 2, last: 2, digest: None });
}

#[test]
fn the_last_block_may_be_short_and_gaps_are_the_rest() {
    let map = map();
    assert_eq!(map.blocks(), 25);
    assert_eq!(map.octets_of(&map.ranges[2]), (24 * 4096, 100));
    assert_eq!(map.gaps(), [(4096, 4 * 4096), (10 * 4096, 14 * 4096)]);
    assert_eq!(map.mapped_octets() + map.gaps().iter().map(|gap| gap.1).sum::<u64>(), map.image_size);
}

#[test]
fn a_changed_map_is_damaged() {
    let text = map().to_xml();
    assert_eq!(BlockMap::parse_checked(&text.replace(" 5-9 ", " 5-8 ")), Err(Error::Damaged));
    assert_eq!(BlockMap::parse_checked(&text.replace("chksum=\"01", "chksum=\"02")), Err(Error::Damaged));
}

#[test]
fn wrong_maps_are_refused() {
    let good = map().to_xml();
    for (from, to) in [
        (" 5-9 ", " 9-5 "),
        (" 5-9 ", " 5-99 "),
        (" 5-9 ", " 0-9 "),
        (" 5-9 ", " five "),
        ("<BlockSize> 4096 ", "<BlockSize> 0 "),
        ("<BlockSize> 4096 ", "<BlockSize> 4095 "),
        ("sha256", "sha1"),
        ("version=\"2.0\"", "version=\"1.2\""),
        ("<BlockMap>", ""),
        ("chksum=\"0101", "chksum=\"é01"),
        ("</Range>", ""),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        assert!(BlockMap::parse(&text).is_err(), "{from} → {to}");
    }
}

#[test]
fn no_cut_of_a_map_harms() {
    let text = map().to_xml();
    for end in 0..text.len() {
        let _ = BlockMap::parse(&text[..end]);
        let _ = BlockMap::parse(&text[end..]);
    }
}
