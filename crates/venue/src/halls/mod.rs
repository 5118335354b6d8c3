//! Halls 门店 and their tables 球台: what the staff sets up, what customers may choose, and the floor as it is now.

mod edit;
mod floor;
mod form;
mod list_edit;
mod lists;
mod machine;
mod model;
pub(crate) mod offers;
mod price_list;
mod prices;
mod public;
mod public_table;
pub(crate) mod rows;
mod service;
mod sold;

pub(crate) use edit::differences;
pub use edit::{change_table, change_venue, retire_table};
pub(crate) use floor::page as floor_page;
pub use floor::{Floor, FloorDevice, FloorPlay, FloorTable, floor};
pub use form::{ChangedTable, ChangedVenue, NewTable, NewVenue};
pub use list_edit::{NewPriceList, PriceListError, add_price_list, remove_price_list};
pub use machine::{Event, TableState, next};
pub use model::{Table, TableEntity, TableId, TariffEntity, TariffId, Venue, VenueEntity, VenueId};
pub use offers::{Offers, offers, set_offers};
pub use price_list::{DayPrices, NightPrice, PackagePrice, PriceList, SpanPrice};
pub use prices::{ChangedPrices, Prices, Tried, TriedPrices, change_price_list, change_prices, price_lists, prices, try_prices};
pub(crate) use public::table_view_graced;
pub use public::{MemberPrice, PublicVenue, TableView, VenueView, WhyNot, by_code, table_view, venue_view, venues};
pub use public_table::PublicTable;
pub use service::{create_table, create_venue, list, reissue_code, return_to_service, take_out_of_service};
pub(crate) use service::{mine as table_of_mine, new_code, not_in_maintenance};
pub use sold::{PackageQuote, Quote};
