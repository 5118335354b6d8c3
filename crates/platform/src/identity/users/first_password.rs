//! The password that a new user is mailed, and must change at its first sign-in.

use ::store::Tx;
use kernel::{Lang, Random};
use zeroize::Zeroizing;

use crate::identity::Principal;
use crate::messages::{self, templates};
use crate::{Cx, Result};

/// No letters or digits that are mistaken for others: `0 o`, `1 l i`.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS: usize = 5;
const GROUP: usize = 4;

pub(super) struct FirstPassword {
    text: Zeroizing<String>,
    pub hash: String,
}

impl FirstPassword {
    /// Slow on purpose, and so for before a transaction.
    pub async fn make(cx: &Cx) -> Result<Self> {
        let text = first_password(&cx.random);
        let hash = cx.passwords.hash(&text, &cx.random).await?;
        Ok(Self { text, hash })
    }

    /// Sends a user its credentials.
    pub async fn mail(&self, tx: &mut Tx, cx: &Cx, creator: &Principal, name: &str, email: &str, lang: Lang) -> Result<()> {
        let letter = [
            ("name", name.to_owned()),
            ("creator", creator.name.clone()),
            ("url", format!("{}/sign-in", cx.install.public_url)),
            ("password", self.text.to_string()),
        ];
        // Not `tell`: a notification would keep the password.
        messages::mail(tx, cx, email, lang, &templates::CREDENTIALS, &letter).await
    }
}

/// Five groups of four characters: 99 random bits that a person can type from a letter.
fn first_password(random: &Random) -> Zeroizing<String> {
    let mut password = Zeroizing::new(String::with_capacity(GROUPS * (GROUP + 1)));
    for place in 0..GROUPS * GROUP {
        if place > 0 && place % GROUP == 0 {
            password.push('-');
        }
        let choice = usize::try_from(random.below(ALPHABET.len() as u64)).unwrap_or(0);
        password.push(char::from(ALPHABET[choice]));
    }
    password
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn first_passwords_differ_and_can_be_typed() {
        let random = Random::seeded(7);
        let made: HashSet<String> = (0..500).map(|_| first_password(&random).to_string()).collect();
        assert_eq!(made.len(), 500);
        for password in made {
            assert_eq!(password.len(), 24);
            assert!(password.split('-').all(|group| group.len() == 4 && group.bytes().all(|b| ALPHABET.contains(&b))), "{password}");
        }
    }
}
