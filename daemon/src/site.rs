//! What a unit was given for its site before its first start, by an installer stick: `site` in the data directory.

use demarc_model::Config;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The longest file that is read, in octets.
const LONGEST: u64 = 4 << 20;
/// How many keys a configuration may have.
const KEYS: usize = 16;

/// The configuration for the site, with the keys of those who may enter. `None` when there is none.
///
/// # Errors
/// Why the unit cannot use it.
pub(crate) fn configuration(data: &Path) -> Result<Option<Config>, String> {
    let folder = data.join("site");
    let Some(text) = read(&folder.join("configuration.json")).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let mut config: Config = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let keys = read(&folder.join("authorized_keys")).map_err(|error| error.to_string())?.unwrap_or_default();
    let keys = keys.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    for key in keys {
        let known = &mut config.appliance.ssh.keys;
        if !known.iter().any(|one| one == key) && known.len() < KEYS {
            known.push(key.to_owned());
        }
    }
    config.validate().map_err(|errors| format!("{:?}", errors.first()))?;
    Ok(Some(config))
}

/// It is in the database now and need not lie about with its passwords. The licence stays.
pub(crate) fn forget(data: &Path) {
    for file in ["configuration.json", "authorized_keys"] {
        if let Err(error) = fs::remove_file(data.join("site").join(file))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(file, %error, "what the site was given cannot be removed");
        }
    }
}

fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text)?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampl a@example.com";

    fn given(files: &[(&str, &str)]) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join("site")).unwrap();
        for (name, text) in files {
            fs::write(data.path().join("site").join(name), text).unwrap();
        }
        data
    }

    #[test]
    fn a_site_has_its_configuration_and_keys_and_they_are_forgotten() {
        let text = serde_json::to_string(&Config::simulated_telco()).unwrap();
        let keys = format!("# office\n{KEY}\n\n{KEY}\n");
        let data = given(&[("configuration.json", &text), ("authorized_keys", &keys), ("licence.txt", "x")]);
        let mut expected = Config::simulated_telco();
        expected.appliance.ssh.keys = vec![KEY.to_owned()];
        assert_eq!(configuration(data.path()), Ok(Some(expected)));
        forget(data.path());
        assert_eq!(configuration(data.path()), Ok(None));
        assert!(data.path().join("site/licence.txt").exists());
        forget(data.path());
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        assert_eq!(configuration(given(&[]).path()), Ok(None));
        assert_eq!(configuration(Path::new("/nonexistent")), Ok(None));
        for text in ["", "{", "{\"nonsense\": 1}"] {
            assert!(configuration(given(&[("configuration.json", text)]).path()).is_err(), "{text}");
        }
    }
}
