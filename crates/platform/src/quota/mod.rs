//! What people do with quota 额度: recharge, transfer, withdraw, and read their statement (K4).
