//! The two languages that Cuekey speaks. Chinese is the source; English is complete.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Lang {
    #[default]
    #[serde(rename = "zh-CN")]
    Zh,
    #[serde(rename = "en")]
    En,
}

impl Lang {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The first language of an `Accept-Language` header (or a stored tag) that Cuekey speaks; Chinese otherwise.
    /// Weights are not sorted: browsers send them in order.
    pub fn from_header(header: &str) -> Self {
        for tag in header.split(',') {
            let tag = tag.split(';').next().unwrap_or_default().trim();
            let primary = tag.split('-').next().unwrap_or_default();
            if primary.eq_ignore_ascii_case("en") {
                return Self::En;
            }
            if primary.eq_ignore_ascii_case("zh") {
                return Self::Zh;
            }
        }
        Self::Zh
    }

    /// Chooses between two texts of the same meaning.
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn a_header_names_the_first_known_language() {
        assert_eq!(Lang::from_header("fr, en-GB;q=0.8, zh"), Lang::En);
        assert_eq!(Lang::from_header("zh-TW,en"), Lang::Zh);
        assert_eq!(Lang::from_header(""), Lang::Zh);
    }
}
