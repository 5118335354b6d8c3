//! Product two, self-service billiards 自助台球. So far only what a stretch of play costs.

pub mod tariff;
