//! Lists are paged by key, newest first: a cursor is the id of the last row seen. It grants nothing, since every
//! query is scoped to its owner; a cursor from somewhere else only starts elsewhere in one's own list.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Fault, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub Uuid);

impl Cursor {
    pub fn encode(self) -> String {
        data_encoding::BASE32_NOPAD.encode(self.0.as_bytes()).to_ascii_lowercase()
    }

    pub fn parse(text: &str) -> Result<Self, Fault> {
        // Exactly 16 bytes in 26 characters; anything else was not made by `encode`.
        let bytes = data_encoding::BASE32_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok();
        let uuid = bytes.and_then(|bytes| Uuid::from_slice(&bytes).ok());
        uuid.map(Self).ok_or_else(|| {
            Fault::field("cursor", "CURSOR_INVALID", "翻页标记无效，请从第一页开始", "This cursor is not valid; start from the first page")
        })
    }
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageAsk {
    pub after: Option<Cursor>,
    /// 1 to 200.
    pub limit: i64,
}

impl PageAsk {
    pub const DEFAULT_LIMIT: i64 = 20;
    pub const MAX_LIMIT: i64 = 200;

    pub fn first(limit: i64) -> Self {
        Self { after: None, limit: limit.clamp(1, Self::MAX_LIMIT) }
    }

    pub fn parse(cursor: Option<&str>, limit: Option<i64>) -> Result<Self, Fault> {
        let limit = limit.unwrap_or(Self::DEFAULT_LIMIT);
        if !(1..=Self::MAX_LIMIT).contains(&limit) {
            return Err(Fault::field("limit", "OUT_OF_RANGE", "每页条数应为 1 到 200", "limit must be 1 to 200"));
        }
        let after = cursor.filter(|text| !text.is_empty()).map(Cursor::parse).transpose()?;
        Ok(Self { after, limit })
    }

    /// Ids sort below this one on the asked page (newest first).
    pub fn before(&self) -> Uuid {
        self.after.map_or(Uuid::max(), |cursor| cursor.0)
    }

    /// How many rows to read: one more than shown tells whether there is a next page.
    pub const fn fetch(&self) -> i64 {
        self.limit + 1
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// A page may hold fewer than were asked for, even none, while there is a next one: see `searched_to`.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last.
    pub next_cursor: Option<String>,
    /// Of a page that is not full although there may be more: how far back it has looked. A page looks at a bounded number of rows, and
    /// where few of them match, `next_cursor` goes on from here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub searched_to: Option<Timestamp>,
    /// How many there are in all, where that is cheap to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub total: Option<i64>,
}

impl<T> Page<T> {
    /// Cuts what [`PageAsk::fetch`] read down to a page; `id` tells a row's id.
    pub fn cut(mut items: Vec<T>, ask: &PageAsk, id: impl Fn(&T) -> Uuid) -> Self {
        let limit = usize::try_from(ask.limit).unwrap_or(0);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(|last| Cursor(id(last)).encode()) } else { None };
        Self { items, next_cursor, searched_to: None, total: None }
    }

    /// Nothing, and nothing more.
    pub const fn empty() -> Self {
        Self { items: Vec::new(), next_cursor: None, searched_to: None, total: None }
    }

    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        let Self { items, next_cursor, searched_to, total } = self;
        Page { items: items.into_iter().map(f).collect(), next_cursor, searched_to, total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_a_cursor_or_is_refused(text in ".{0,40}") {
            if let Ok(cursor) = Cursor::parse(&text) {
                prop_assert_eq!(cursor.encode(), text.to_ascii_lowercase());
            }
        }

        #[test]
        fn cursors_read_back(bits: u128) {
            let cursor = Cursor(Uuid::from_u128(bits));
            prop_assert_eq!(Cursor::parse(&cursor.encode()).unwrap(), cursor);
        }
    }
}
