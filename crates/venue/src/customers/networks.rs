//! Where a customer has signed in lately, so coarse that it is a neighbourhood and no house: there some codes are kept for them, which strangers who
//! know the number cannot use up ([`code`](super::code)). Nothing else is made of it.
//!
//! What is kept is a hash under the master key, of the last [`MOST`] alone.

use std::net::IpAddr;

use platform::allowance::networks_of;
use platform::vault::Purpose;
use platform::{Cx, Result};
use store::{Tx, args};

use super::model::CustomerId;

const NETWORK: Purpose = Purpose("customer network");
/// Of one customer: home, work, a few halls, and the provider's of a phone, which change.
const MOST: i64 = 8;

/// The network that an address is of: 256 of IPv4, and a /48 of IPv6, as providers move a phone or a house about within one. Pure.
pub(super) fn coarse(address: &str) -> String {
    match address.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Ok(IpAddr::V6(_)) | Err(_) => networks_of(address).pop().unwrap_or_default(),
    }
}

/// Where a request comes from.
pub(super) fn here(cx: &Cx) -> [u8; 32] {
    cx.vault.hash(NETWORK, coarse(&cx.origin.address).as_bytes())
}

/// The customer has signed in from here. Beyond so many the one that was not seen for longest gives place.
pub(super) async fn seen(tx: &mut Tx, cx: &Cx, id: CustomerId) -> Result<()> {
    let sql = "INSERT INTO customer_networks (customer_id, network_hash, seen_at) VALUES ($1, $2, $3) \
               ON CONFLICT (customer_id, network_hash) DO UPDATE SET seen_at = excluded.seen_at";
    tx.exec(sql, args![id, here(cx), cx.now()]).await?;
    let sql = "DELETE FROM customer_networks WHERE customer_id = $1 AND network_hash NOT IN \
               (SELECT network_hash FROM customer_networks WHERE customer_id = $1 ORDER BY seen_at DESC, network_hash LIMIT $2)";
    tx.exec(sql, args![id, MOST]).await?;
    Ok(())
}

/// Somebody has become another, who is seen where they are.
pub(super) async fn forget(tx: &mut Tx, id: CustomerId) -> Result<()> {
    tx.exec("DELETE FROM customer_networks WHERE customer_id = $1", args![id]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn v2_2_one_network_is_who_has_the_same_beginning(bits in any::<u128>(), bit in 0_u32..128) {
            let other = bits ^ (1_u128 << (127 - bit));
            let six = [bits, other].map(Ipv6Addr::from);
            prop_assume!(six.iter().all(|ip| ip.to_canonical().is_ipv6()));
            let [one, two] = six.map(|ip| coarse(&ip.to_string()));
            prop_assert_eq!(one == two, bit >= 48);
            let four = [bits, other].map(|bits| coarse(&Ipv4Addr::from(u32::try_from(bits >> 96).unwrap()).to_string()));
            prop_assert_eq!(four[0] == four[1], bit >= 24);
        }
    }

    #[test]
    fn v2_2_an_address_of_ipv4_is_the_same_however_it_is_written() {
        assert_eq!((coarse("10.1.2.3").as_str(), coarse("::ffff:10.1.2.3").as_str()), ("10.1.2.0/24", "10.1.2.0/24"));
        assert_eq!((coarse("2001:db8:1:2::3").as_str(), coarse("somewhere").as_str()), ("2001:db8:1::/48", "somewhere"));
    }
}
