//! What comes from outside, and what must hold whatever it is.

mod answers;
mod client;
mod export;
mod headers;
mod kernel_texts;
mod payments;
mod settings;
mod urls;
mod venue;

use crate::Target;

macro_rules! targets {
    ($($module:ident::$name:ident from $seeds:ident;)+) => {
        pub const TARGETS: &[Target] = &[$(Target { name: stringify!($name), seeds: $module::$seeds, check: $module::$name }),+];

        #[cfg(test)]
        mod short {
            $(#[test]
            fn $name() {
                crate::short(crate::target(stringify!($name)).expect("it is in the table"));
            })+
        }
    };
}

targets! {
    client::key_texts from KEY_TEXTS;
    client::canonical_requests from CANONICAL_REQUESTS;
    client::times_and_nonces from TIMES_AND_NONCES;
    kernel_texts::cursors from CURSORS;
    kernel_texts::type_ids from TYPE_IDS;
    kernel_texts::times from TIMES;
    kernel_texts::typed_texts from TYPED_TEXTS;
    kernel_texts::names_and_addresses from NAMES_AND_ADDRESSES;
    kernel_texts::passwords from PASSWORDS;
    settings::values from VALUES;
    settings::idempotency from IDEMPOTENCY;
    export::cells from CELLS;
    export::files from FILES;
    urls::callback_urls from CALLBACK_URLS;
    venue::tasmota from TASMOTA;
    venue::shelly from SHELLY;
    venue::modbus from MODBUS;
    venue::tariffs from TARIFFS;
    payments::wechat_notices from WECHAT_NOTICES;
    payments::alipay_notices from ALIPAY_NOTICES;
    payments::wechat_bills from WECHAT_BILLS;
    payments::alipay_bills from ALIPAY_BILLS;
    answers::aliyun_answers from ALIYUN_ANSWERS;
    answers::tencent_answers from TENCENT_ANSWERS;
    answers::wechat_answers from WECHAT_ANSWERS;
    headers::forwarded from FORWARDED;
    headers::languages from LANGUAGES;
}
