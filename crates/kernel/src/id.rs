//! Ids: UUIDv7 in the table, TypeID outside (`key_01h455vb4pex5vsknk084sn02q`), and a type of its own for each entity.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

use crate::{Random, Timestamp};

/// What an id is of: three or four letters that stand before the underscore.
pub trait Entity: 'static {
    const PREFIX: &'static str;
}

/// Declares `pub type $id = Id<$marker>` with its prefix.
#[macro_export]
macro_rules! id {
    ($(#[$meta:meta])* $id:ident, $marker:ident, $prefix:literal) => {
        #[doc(hidden)]
        #[derive(Debug)]
        pub enum $marker {}
        impl $crate::Entity for $marker {
            const PREFIX: &'static str = $prefix;
        }
        $(#[$meta])*
        pub type $id = $crate::Id<$marker>;
    };
}

pub struct Id<E>(Uuid, PhantomData<fn() -> E>);

/// The text is not an id of this entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct IdError;

impl<E> Id<E> {
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// A new id. Ids made one microsecond apart sort in that order.
    pub fn new(now: Timestamp, random: &Random) -> Self {
        Self::from_uuid(random.uuid_v7(now))
    }
}

/// The outside form of an id whose entity is only known by its prefix: rows that point at anything.
pub fn type_id(prefix: &str, uuid: Uuid) -> Option<String> {
    let prefix = DynamicType::new(prefix).ok()?;
    Some(TypeSafeId::from_type_and_uuid(prefix, uuid).to_string())
}

impl<E> Clone for Id<E> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<E> Copy for Id<E> {}
impl<E> PartialEq for Id<E> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<E> Eq for Id<E> {}
impl<E> PartialOrd for Id<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Id<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<E> Hash for Id<E> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<E: Entity> fmt::Display for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = DynamicType::new(E::PREFIX).map_err(|_| fmt::Error)?;
        write!(f, "{}", TypeSafeId::from_type_and_uuid(prefix, self.0))
    }
}
impl<E: Entity> fmt::Debug for Id<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<E: Entity> FromStr for Id<E> {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        // The library panics over some texts that are not ASCII, when it cuts them for its message.
        if text.len() != E::PREFIX.len() + 27 || !text.is_ascii() {
            return Err(IdError);
        }
        let id: TypeSafeId<DynamicType> = text.parse().map_err(|_| IdError)?;
        if id.type_prefix() == E::PREFIX { Ok(Self::from_uuid(id.uuid())) } else { Err(IdError) }
    }
}

impl<E: Entity> Serialize for Id<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, E: Entity> Deserialize<'de> for Id<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("expected an id that begins with {}_", E::PREFIX)))
    }
}

impl<E: Entity> utoipa::PartialSchema for Id<E> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}
impl<E: Entity> utoipa::ToSchema for Id<E> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    id!(KeyId, KeyEntity, "key");
    id!(UserId, UserEntity, "usr");

    #[test]
    fn an_id_reads_back_and_is_not_another_entitys() {
        let random = Random::seeded(1);
        let id = KeyId::new(Timestamp::from_unix(1_700_000_000), &random);
        let text = id.to_string();
        assert!(text.starts_with("key_"), "{text}");
        assert_eq!(text.parse::<KeyId>(), Ok(id));
        assert_eq!(text.parse::<UserId>(), Err(IdError));
        assert_eq!("key_".parse::<KeyId>(), Err(IdError));
        for long in ["卡".repeat(40), format!("key_{}", "密".repeat(30)), format!("{text}\u{e9}")] {
            assert_eq!(long.parse::<KeyId>(), Err(IdError), "{long}");
        }
        assert_eq!("key_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<KeyId>(), Err(IdError));
    }

    #[test]
    fn ids_sort_by_the_microsecond_of_their_making() {
        let random = Random::seeded(2);
        let start = Timestamp::from_unix(1_700_000_000);
        let ids: Vec<KeyId> = (0..2_000).map(|i| KeyId::new(start.plus_micros(i), &random)).collect();
        assert!(ids.is_sorted());
    }
}
