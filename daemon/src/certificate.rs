//! The certificate of the web UI: made at the first start, kept in the data directory.
//!
//! One file, readable by its owner alone, holds the private key and the certificate, so that a power
//! cut leaves both or none. Whoever has a certificate of an authority writes it there instead, key and
//! chain, and starts the daemon anew.

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The most names that a certificate is made for.
const MAX_NAMES: usize = 64;

/// A certificate with its key.
#[derive(Debug)]
pub struct Certificate {
    /// The certificate, and those that vouch for it.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its private key.
    pub key: PrivateKeyDer<'static>,
}

/// Where the certificate and its key are.
pub fn path(data: &Path) -> PathBuf {
    data.join("https.pem")
}

/// The SHA-256 fingerprint of the certificate that is served, as browsers show it; none when there is
/// no certificate. For the console: an administrator compares it before the first password is typed.
pub fn fingerprint(data: &Path) -> Option<String> {
    Some(read(&path(data)).ok()?.fingerprint())
}

impl Certificate {
    /// The certificate in the data directory. When there is none it is made for this name and these
    /// addresses; one that cannot be read is put aside, because the gateway must start.
    ///
    /// # Errors
    /// The data directory cannot be written.
    pub fn open(data: &Path, hostname: &str, addresses: &[IpAddr]) -> io::Result<Self> {
        let file = path(data);
        match read(&file) {
            Ok(certificate) => {
                std::fs::set_permissions(&file, Permissions::from_mode(0o600))?;
                return Ok(certificate);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(%error, "https.pem is unreadable: it is now https.pem.broken, a new one is made");
                std::fs::rename(&file, data.join("https.pem.broken"))?;
            }
        }
        let pem = make(hostname, addresses).map_err(io::Error::other)?;
        write(data, &file, &pem)?;
        read(&file)
    }

    /// See [`fingerprint`].
    pub fn fingerprint(&self) -> String {
        let first = self.chain.first().map(|der| der.as_ref()).unwrap_or_default();
        let octets: Vec<String> = Sha256::digest(first).iter().map(|octet| format!("{octet:02X}")).collect();
        octets.join(":")
    }
}

fn read(file: &Path) -> io::Result<Certificate> {
    let pem = std::fs::read(file)?;
    let broken = |error| io::Error::new(io::ErrorKind::InvalidData, format!("{error}"));
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(broken)?;
    if chain.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no certificate in it"));
    }
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(broken)?;
    let certificate = Certificate { chain, key };
    // A key that does not fit its certificate is as bad as none.
    crate::https::tls(&certificate).map_err(io::Error::other)?;
    Ok(certificate)
}

/// Key and certificate of a new name, as PEM.
fn make(hostname: &str, addresses: &[IpAddr]) -> Result<String, rcgen::Error> {
    let label = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    let fits = |name: &&str| !name.is_empty() && name.len() <= 64 && name.bytes().all(label);
    let hostname = Some(hostname).filter(fits).unwrap_or("demarc");
    let mut names: Vec<String> = vec![hostname.to_owned(), "localhost".to_owned()];
    names.extend(addresses.iter().map(IpAddr::to_string));
    names.dedup();
    names.truncate(MAX_NAMES);
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Demarc {hostname}"));
    // An appliance may start without knowing the date, and its fingerprint is what people trust: it
    // holds for as long as the appliance will.
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.self_signed(&key)?;
    Ok(key.serialize_pem() + &certificate.pem())
}

/// Writes it whole or not at all.
fn write(data: &Path, file: &Path, pem: &str) -> io::Result<()> {
    let new = data.join("https.pem.new");
    let _ = std::fs::remove_file(&new);
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    out.write_all(pem.as_bytes())?;
    out.sync_all()?;
    std::fs::rename(&new, file)?;
    File::open(data)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_only_its_owner_reads_it() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(fingerprint(data.path()), None);
        let addresses = ["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        let first = Certificate::open(data.path(), "gateway", &addresses).unwrap();
        let mode = std::fs::metadata(path(data.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = Certificate::open(data.path(), "renamed", &[]).unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        assert_eq!(fingerprint(data.path()), Some(first.fingerprint()));
        assert_eq!(first.fingerprint().len(), 32 * 3 - 1);
        let others = tempfile::tempdir().unwrap();
        let other = Certificate::open(others.path(), "gateway", &addresses).unwrap();
        assert_ne!(first.fingerprint(), other.fingerprint());
    }

    #[test]
    fn one_that_is_broken_is_put_aside() {
        let data = tempfile::tempdir().unwrap();
        let good = Certificate::open(data.path(), "gateway", &[]).unwrap();
        let whole = std::fs::read_to_string(path(data.path())).unwrap();
        let others = tempfile::tempdir().unwrap();
        Certificate::open(others.path(), "other", &[]).unwrap();
        let other = std::fs::read_to_string(path(others.path())).unwrap();
        let key = |pem: &str| pem[..pem.find("-----BEGIN CERT").unwrap()].to_owned();
        // A key that is another's, half a file, no key, nothing.
        let crossed = key(&other) + &whole[key(&whole).len()..];
        for broken in [crossed, whole[..whole.len() - 100].to_owned(), key(&whole), String::new()] {
            std::fs::write(path(data.path()), &broken).unwrap();
            let made = Certificate::open(data.path(), "gateway", &[]).unwrap();
            assert_ne!(made.fingerprint(), good.fingerprint());
            assert_eq!(std::fs::read_to_string(data.path().join("https.pem.broken")).unwrap(), broken);
        }
    }

    #[test]
    fn a_name_that_no_certificate_can_have_is_left_out() {
        for name in ["", "häuschen", "a b", &"x".repeat(300)] {
            let data = tempfile::tempdir().unwrap();
            let made = Certificate::open(data.path(), name, &["192.0.2.1".parse().unwrap(); 200]).unwrap();
            assert_eq!(made.chain.len(), 1);
        }
    }
}
