//! A layer around any deserializer, for what serde's derives take and people do not mean: a list in the order of the fields
//! in place of an object, and a name that stands twice in an object whose names are free, anywhere in a body; and in queries the NUL
//! character, which PostgreSQL knows in no text. (The texts of a body are cleaned by its form, which names all that is wrong at once.)

use std::collections::HashSet;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};

/// What is said of a text that holds it.
pub(crate) const NUL: &str = "the NUL character";

/// Deserializes objects from objects only. `nul`: whether texts may hold the NUL character.
pub(crate) struct Strict<D> {
    pub inner: D,
    pub nul: bool,
}

macro_rules! forward {
    ($($name:ident($($argument:ident: $type:ty),*)),+ $(,)?) => {$(
        fn $name<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$name($($argument,)* Watch { inner: visitor, object: false, nul: self.nul })
        }
    )+};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;
    forward!(
        deserialize_any(), deserialize_bool(), deserialize_i8(), deserialize_i16(), deserialize_i32(), deserialize_i64(), deserialize_i128(),
        deserialize_u8(), deserialize_u16(), deserialize_u32(), deserialize_u64(), deserialize_u128(), deserialize_f32(), deserialize_f64(),
        deserialize_char(), deserialize_str(), deserialize_string(), deserialize_bytes(), deserialize_byte_buf(), deserialize_option(),
        deserialize_unit(), deserialize_unit_struct(name: &'static str), deserialize_newtype_struct(name: &'static str), deserialize_seq(),
        deserialize_tuple(len: usize), deserialize_tuple_struct(name: &'static str, len: usize), deserialize_map(), deserialize_identifier(),
        deserialize_enum(name: &'static str, variants: &'static [&'static str]), deserialize_ignored_any(),
    );
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_struct(name, fields, Watch { inner: visitor, object: true, nul: self.nul })
    }
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Looks at what arrives before the type's own visitor does.
struct Watch<V> {
    inner: V,
    object: bool,
    nul: bool,
}

impl<V> Watch<V> {
    fn text<E: Error>(&self, text: &str) -> Result<(), E> {
        if self.nul || !text.contains('\0') { Ok(()) } else { Err(E::custom(NUL)) }
    }
}

macro_rules! pass {
    ($($name:ident: $type:ty),+ $(,)?) => {$(
        fn $name<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$name(value)
        }
    )+};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watch<V> {
    type Value = V::Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }
    pass!(
        visit_bool: bool, visit_i8: i8, visit_i16: i16, visit_i32: i32, visit_i64: i64, visit_i128: i128, visit_u8: u8, visit_u16: u16,
        visit_u32: u32, visit_u64: u64, visit_u128: u128, visit_f32: f32, visit_f64: f64, visit_char: char, visit_bytes: &[u8],
        visit_borrowed_bytes: &'de [u8], visit_byte_buf: Vec<u8>,
    );
    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        self.text(text)?;
        self.inner.visit_str(text)
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        self.text(text)?;
        self.inner.visit_borrowed_str(text)
    }
    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
        self.text(&text)?;
        self.inner.visit_string(text)
    }
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }
    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }
    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Strict { inner, nul: self.nul })
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Strict { inner, nul: self.nul })
    }
    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        if self.object {
            return Err(A::Error::invalid_type(Unexpected::Seq, &"an object"));
        }
        self.inner.visit_seq(Parts { inner: access, nul: self.nul })
    }
    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let parts = Parts { inner: access, nul: self.nul };
        // Of the fields of a type serde itself allows each only once.
        if self.object { self.inner.visit_map(parts) } else { self.inner.visit_map(Members { inner: parts, seen: HashSet::new() }) }
    }
    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Parts { inner: access, nul: self.nul })
    }
}

/// The same for what is inside of lists, objects and enums.
struct Parts<A> {
    inner: A,
    nul: bool,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Parts<S> {
    type Value = S::Value;
    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Strict { inner, nul: self.nul })
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Parts<A> {
    type Error = A::Error;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.inner.next_element_seed(Parts { inner: seed, nul: self.nul })
    }
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Parts<A> {
    type Error = A::Error;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.inner.next_key_seed(Parts { inner: seed, nul: self.nul })
    }
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(Parts { inner: seed, nul: self.nul })
    }
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// An object whose names are free. Which of two would count is the reader's choice, and each reader chooses another.
struct Members<A> {
    inner: Parts<A>,
    seen: HashSet<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<A> {
    type Error = A::Error;
    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        let Some(name) = self.inner.next_key::<String>()? else { return Ok(None) };
        let text: StrDeserializer<'_, A::Error> = name.as_str().into_deserializer();
        let key = seed.deserialize(text)?;
        // After the name was read, so that whoever notes the way to a mistake knows it.
        if self.seen.contains(&name) {
            return Err(A::Error::custom(format!("duplicate field `{name}`")));
        }
        self.seen.insert(name);
        Ok(Some(key))
    }
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(seed)
    }
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Parts<A> {
    type Error = A::Error;
    type Variant = Parts<A::Variant>;
    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(Parts { inner: seed, nul: self.nul })?;
        Ok((value, Parts { inner: variant, nul: self.nul }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Parts<A> {
    type Error = A::Error;
    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.newtype_variant_seed(Parts { inner: seed, nul: self.nul })
    }
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, Watch { inner: visitor, object: false, nul: self.nul })
    }
    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Watch { inner: visitor, object: true, nul: self.nul })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        a: String,
        b: Option<i64>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        one: Inner,
        #[serde(default)]
        many: Vec<Inner>,
        #[serde(default)]
        perhaps: Option<Inner>,
        #[serde(default)]
        map: BTreeMap<String, Inner>,
    }

    fn read(text: &str) -> Result<Outer, serde_json::Error> {
        Outer::deserialize(Strict { inner: &mut serde_json::Deserializer::from_str(text), nul: false })
    }

    #[test]
    fn objects_are_objects_however_deep() {
        let inner = r#"{"a": "x", "b": 1}"#;
        let whole = format!(r#"{{"one": {inner}, "many": [{inner}], "perhaps": {inner}, "map": {{"k": {inner}}}}}"#);
        assert_eq!(read(&whole).unwrap(), serde_json::from_str(&whole).unwrap());
        for place in 0..4 {
            let listed =
                whole.match_indices(inner).nth(place).map(|(at, _)| format!("{}[\"x\", 1]{}", &whole[..at], &whole[at + inner.len()..]));
            let listed = listed.unwrap();
            assert!(serde_json::from_str::<Outer>(&listed).is_ok(), "serde alone takes it: {listed}");
            assert!(read(&listed).unwrap_err().to_string().contains("an object"), "{listed}");
        }
    }

    #[test]
    fn no_name_stands_twice_in_an_object() {
        let inner = r#"{"a": "x"}"#;
        let twice = format!(r#"{{"one": {inner}, "map": {{"k": {inner}, "j": {inner}, "k": {{"a": "y"}}}}}}"#);
        assert!(serde_json::from_str::<Outer>(&twice).is_ok(), "serde alone takes the last");
        assert!(read(&twice).unwrap_err().to_string().starts_with("duplicate field `k`"));
        let twice = format!(r#"{{"one": {inner}, "one": {inner}}}"#);
        assert!(read(&twice).unwrap_err().to_string().starts_with("duplicate field `one`"));
        let value = |text: &str| serde_json::Value::deserialize(Strict { inner: &mut serde_json::Deserializer::from_str(text), nul: true });
        assert_eq!(value(r#"{"a": {"b": [1]}, "b": 2}"#).unwrap(), serde_json::json!({"a": {"b": [1]}, "b": 2}));
        assert!(value(r#"{"a": {"b": 1, "b": 2}}"#).is_err());
    }

    #[test]
    fn no_text_holds_the_nul_character_nor_a_name_of_a_field() {
        for text in [r#"{"one": {"a": "x\u0000"}}"#, r#"{"one": {"a": "x"}, "map": {"\u0000": {"a": "x"}}}"#] {
            assert!(serde_json::from_str::<Outer>(text).is_ok());
            assert!(read(text).unwrap_err().to_string().contains("NUL"), "{text}");
        }
    }
}
