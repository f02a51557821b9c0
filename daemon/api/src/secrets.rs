//! Passwords of devices and trunks are write-only: answers carry an empty one, and an empty one in
//! a request means "as it was".

use crate::noun::Noun;
use crate::problem::Problem;
use demarc_model::Config;
use demarc_model::config::Secret;
use demarc_store::random_text;

/// For answers.
pub(crate) fn hide<N: Noun>(item: &mut N) {
    if let Some(secret) = item.secret() {
        *secret = Secret::default();
    }
}

/// For answers: the whole.
pub(crate) fn hide_all(config: &mut Config) {
    config.devices.iter_mut().for_each(hide);
    config.trunks.iter_mut().for_each(hide);
}

/// An empty password stays as it was; a SIP phone that never had one gets one; a trunk without a
/// user name has none.
pub(crate) fn keep<N: Noun>(item: &mut N, old: Option<&mut N>) -> Result<(), Problem> {
    let before = old.and_then(N::secret).map(|secret| secret.clone());
    if let Some(secret) = item.secret()
        && secret.is_empty()
    {
        *secret = before.unwrap_or_default();
    }
    item.settle_secret()
}

/// As [`keep`], for the whole: things are the same when their ids are.
pub(crate) fn keep_all(config: &mut Config, old: &Config) -> Result<(), Problem> {
    fn each<N: Noun>(new: &mut [N], old: &[N]) -> Result<(), Problem> {
        for item in new {
            let mut before = old.iter().find(|other| other.id() == item.id()).cloned();
            keep(item, before.as_mut())?;
        }
        Ok(())
    }
    each(&mut config.devices, &old.devices)?;
    each(&mut config.trunks, &old.trunks)
}

/// 100 random bits that can be typed into a telephone.
pub(crate) fn generate() -> Result<Secret, Problem> {
    random_text(20).map(Secret::new).map_err(Problem::internal)
}
