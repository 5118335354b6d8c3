//! Every text that customers are sent.

use kernel::{Fault, Fen, Page, PageAsk, Timestamp};
use platform::messages::templates::{ByMail, Template, ZONE};
use platform::settings::defs;
use platform::{Cx, Result};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{Index, Look, Sql, Tx, args};

use crate::customers::{Customer, CustomerId};

macro_rules! texts {
    ($($constant:ident = $kind:literal, $zh_title:literal $en_title:literal, $zh:literal $en:literal;)+) => {
        $(pub(crate) static $constant: Template = Template { kind: $kind, mail: ByMail::Never, title: ($zh_title, $en_title), body: ($zh, $en) };)+
        static ALL: &[&Template] = &[$(&$constant),+];
    };
}

texts! {
    WELCOME = "welcome", "欢迎" "Welcome",
        "欢迎来打球！扫台上的二维码即可开台，您的会员号是 {number}。" "Good to have you here! Scan the code on a table to open it. Your number with us is {number}.";
    WECHAT_BOUND = "account.wechat_bound", "已绑定微信" "WeChat is connected",
        "您的账户已绑定微信，今后可用它直接登录。如果那不是您的微信，请在“我的”里解绑。" "Your account opens by WeChat from now on. If that WeChat is not yours, disconnect it under “Me”.";
    WECHAT_UNBOUND = "account.wechat_unbound", "已解绑微信" "WeChat is disconnected",
        "您的账户已解绑微信，今后请用手机号登录。" "Your account opens by WeChat no longer; please sign in by your phone number.";
    PHONE_CHANGED = "account.phone_changed", "手机号已更换" "Your number was changed",
        "您的账户已改用 {phone} 登录，其他设备上的登录已退出。如非本人操作，请立即联系门店。" "Your account opens by {phone} from now on, and was signed out on other devices. If it was not you, please tell a hall at once.";
    PHONE_TAKEN_OFF = "account.phone_taken_off", "手机号已去除" "Your number was taken off",
        "门店已去除您账户的手机号 {phone}，余额和记录不变。请尽快在这台设备上用新号码登录，即可绑定。如非本人要求，请立即联系门店。" "A hall has taken {phone} off your account; your money and history stay. Please sign in by your new number soon, on this device, which adds it. If you did not ask for this, please tell a hall at once.";
    SIGNED_OUT = "account.signed_out", "已退出全部登录" "You were signed out everywhere",
        "门店已让您的账户在所有手机上退出登录，余额和记录不变。如非本人要求，请立即联系门店。" "A hall has signed your account out on all phones; your money and history stay. If you did not ask for this, please tell a hall at once.";
    RECHARGED = "wallet.recharged", "充值到账" "Money received",
        "您的钱包已充值 {amount} 元。" "{amount} yuan were added to your wallet.";
    PAID_OUT = "wallet.paid_out", "已付现金" "Cash was paid out",
        "前台已从您的钱包付给您现金 {amount} 元。如果您没有收到，请立即联系门店。" "{amount} yuan of your wallet were paid out to you in cash at the desk. If you did not get them, please tell the hall at once.";
    NOT_OPENED = "pay.not_opened", "未能开台，款项原路退回" "The table could not be opened",
        "{table} 未能开台：{reason}。已付的 {amount} 元正在原路退回。" "{table} could not be opened: {reason}. The {amount} yuan that you paid are on their way back to where they came from.";
    REFUNDED = "pay.refunded", "已原路退款" "Money went back",
        "{amount} 元已原路退回到您的付款账户。" "{amount} yuan went back to the account that they came from.";
    PAID_TWICE = "pay.paid_twice", "重复付款已退回" "A double payment went back",
        "您多付的 {amount} 元已自动原路退回。" "The {amount} yuan that you paid twice went back by themselves.";
    REFUND_DELAYED = "pay.refund_delayed", "退款需要多一点时间" "A refund takes longer",
        "{amount} 元的退款暂未成功，工作人员正在处理，款项为您保留在钱包中。" "The refund of {amount} yuan has not worked yet; somebody is looking after it, and the money is kept for you.";
    REFUNDED_BY_HAND = "pay.refunded_by_hand", "退款已由工作人员支付" "A refund was paid out by our staff",
        "{amount} 元的退款已由工作人员以其他方式支付给您。" "The refund of {amount} yuan was paid out to you by our staff.";
    REFUND_KEPT = "pay.refund_kept", "退款已转入钱包" "A refund stays in your wallet",
        "{amount} 元无法原路退回，已留在您的钱包中，可直接使用。" "{amount} yuan could not go back to where they came from, and are in your wallet for you to use.";
    LIT = "play.lit", "已开台" "Your table is open",
        "{table} 的灯已亮，计时从 {lit_at} 开始，已付至 {until_at}。" "The light of {table} is on. Time counts from {lit_at}, and is paid until {until_at}.";
    NOT_LIT = "play.not_lit", "开台未成功" "The table could not be opened",
        "{table} 的灯没有亮，冻结的 {amount} 元已全部退回。给您带来不便，非常抱歉，请换一张台。" "The light of {table} did not come on, and the {amount} yuan held for it are yours again. We are sorry; please take another table.";
    EXTENDED = "play.extended", "已续时" "More time",
        "{table} 已续至 {until_at}。" "{table} is yours until {until_at}.";
    ENDING = "play.ending", "即将到时" "Your time is nearly over",
        "{table} 已付的时间将于 {until_at} 用完，如需继续请续时。" "What you have paid for {table} lasts until {until_at}. Extend it if you want to play on.";
    CLOSED = "play.closed", "已结账" "Your bill",
        "{table} 已关台，费用 {amount} 元，退回 {released} 元。" "{table} is closed. It cost {amount} yuan; {released} yuan are yours again.";
    SPLIT_ASKED = "split.asked", "请确认您的 AA 份额" "Please confirm your share",
        "{table} 的账单已出，您的一份是 {amount} 元，请在 {by_at} 前确认。" "The bill of {table} is there. Your share is {amount} yuan; please confirm it before {by_at}.";
    SPLIT_MORE = "split.more", "球台续时，请再次确认" "More time is played; please confirm again",
        "{table} 已续时，您的一份最多为 {amount} 元，您此前确认的是 {agreed} 元。超出的部分须您再次确认，否则由发起人承担。" "{table} is played on longer. Your share may become {amount} yuan; you have confirmed {agreed}. What is more is the starter's unless you confirm again.";
    SPLIT_PAID = "split.paid", "AA 已扣款" "Your share was paid",
        "{table} 的分账已完成，您支付了 {amount} 元。" "The bill of {table} was split; you paid {amount} yuan.";
    SPLIT_MISSED = "split.missed", "AA 已结束，未向您扣款" "The split is over, and you were not charged",
        "{table} 的分账已结束，您没有确认，未向您扣款。" "The split of {table} is over. You had not confirmed, and were not charged.";
    SPLIT_NOT_CHARGED = "split.not_charged", "AA 已撤销，未向您扣款" "The split was undone, and you were not charged",
        "{table} 的分账已撤销，未向您扣款，为此冻结的金额已全部退回。" "The split of {table} was undone. You were not charged, and whatever was held for it is yours again.";
    SPLIT_DONE = "split.done", "AA 已完成" "Everybody has paid",
        "{table} 的费用 {total} 元已分账：其他人付给您的 {amount} 元已到您的钱包，您承担 {own} 元。" "The {total} yuan of {table} were split: {amount} yuan from the others are in your wallet, and {own} yuan are yours to pay.";
    SPLIT_TAKEN_OVER = "split.taken_over", "AA 已结束，余下的由您承担" "The split is over, and the rest is yours",
        "{table} 的费用 {total} 元，已确认的人付给您 {amount} 元，已到您的钱包；没有确认的由您承担，您共承担 {own} 元。" "Of the {total} yuan of {table}, {amount} yuan came into your wallet from those who had confirmed. The rest, {own} yuan, is yours.";
    SPLIT_UNDONE = "split.undone", "AA 已撤销" "The split was undone",
        "{table} 的分账已撤销，没有向任何人扣款，费用由您承担。" "The split of {table} was undone. Nobody was charged, and the bill is yours.";
    LEVEL_REACHED = "member.level", "会员升级" "A new level",
        "您的积分达到 {points}，已成为{level_zh}会员，今后开台只付 {percent}%。" "You have {points} points, and are a {level_en} member now: you pay {percent}% of the price when you open a table.";
    LEVEL_GIFT = "member.gift", "升级礼包" "A gift",
        "升级礼包 {amount} 元已存入您的钱包。" "{amount} yuan for your new level are in your wallet.";
    DEVICE_FAULT = "play.device_fault", "球台故障，已为您结束" "The table failed, and was closed for you",
        "{table} 的灯出了故障或失去联系，已自动结束，只收取此前的 {amount} 元，退回 {released} 元。非常抱歉。" "The light of {table} failed, or could not be reached, and the table was closed. Only the {amount} yuan until then were charged; {released} yuan are yours again. We are sorry.";
    LIGHT_AGAIN = "play.light_again", "灯已恢复，中断时间不收费" "Your light is there again",
        "{table} 的灯曾失去联系或熄灭约 {minutes} 分钟，现已恢复。这段时间不收费，已付的时间顺延至 {until_at}。" "The light of {table} could not be reached, or was off, for about {minutes} min, and is there again. That time costs nothing, and what you have paid lasts until {until_at}.";
    PAUSE_OVER = "play.pause_over", "暂停结束，继续计时" "Your pause is over",
        "{table} 的暂停时间已用完，灯已重新打开并继续计时，已付至 {until_at}。" "The pause of {table} is used up: its light is on again and time counts. It is paid until {until_at}.";
    HELD = "hold.made", "已为您留台" "A table is held for you",
        "{hall}已为您留好 {table}，保留至 {until_at}，到店后请用手机开台。" "{hall} holds {table} for you until {until_at}. Open it with your phone when you are there.";
    HOLD_RAN_OUT = "hold.ran_out", "留台已到时" "Your table is held no longer",
        "为您保留的 {table} 已到 {until_at}，现已释放。如仍要来，请重新选台。" "{table} was held for you until {until_at}, and is free for others now. If you still want to come, please choose a table again.";
    HOLD_RELEASED = "hold.released", "留台已被门店取消" "The hall holds your table no longer",
        "{hall}取消了为您保留的 {table}，如有疑问请联系门店。" "{hall} has released {table}, which was held for you. Please ask the hall if you want to know why.";
    HOLD_LOST = "hold.maintenance", "为您留的台需要维护" "The table held for you is out of service",
        "为您保留的 {table} 暂时不能使用，留台已取消，不计入未到次数。非常抱歉，请换一张台。" "{table}, which was held for you, cannot be used now. The hold is over, and does not count as one you did not come to. We are sorry; please take another table.";
    HOLD_LEFT = "hold.left", "留台已释放" "Your other table is free again",
        "您已在别的台开始打球，为您保留的 {table} 已释放。" "You are playing at another table, so {table} is held for you no longer.";
    ANSWERED = "complaint.answered", "您的反馈有了答复" "You were answered",
        "{hall}答复：{answer}" "{hall} answers: {answer}";
    GIVEN_BACK = "complaint.given_back", "费用已退回钱包" "Money was given back",
        "{table} 的费用中有 {amount} 元已退回您的钱包。原因：{reason}" "{amount} yuan of your bill for {table} are in your wallet again. Reason: {reason}";
}

/// Tells a customer, in the caller's transaction. Times come with the zone of the hall that they are about: it is that clock that counts there.
pub(crate) async fn tell(tx: &mut Tx, cx: &Cx, customer: CustomerId, template: &Template, params: &[(&str, String)]) -> Result<()> {
    let has = |is: fn(&str) -> bool| params.iter().any(|(name, _)| is(name));
    debug_assert!(has(|name| name == ZONE) || !has(|name| name.ends_with("_at")), "{} tells a time of no place", template.kind);
    let params: Map<String, Value> = params.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect();
    let sql = "INSERT INTO customer_messages (id, customer_id, kind, params, created_at) VALUES ($1, $2, $3, $4, $5)";
    let stored = serde_json::to_string(&params).map_err(Fault::internal)?;
    tx.exec(sql, args![cx.random.uuid_v7(cx.now()), customer, template.kind, stored, cx.now()]).await?;
    Ok(())
}

/// Whether a customer was told this once.
pub(crate) async fn was_told(sql: &mut impl Sql, customer: CustomerId, template: &Template) -> store::Result<bool> {
    let query = "SELECT 1 AS one FROM customer_messages WHERE customer_id = $1 AND kind = $2 LIMIT 1";
    Ok(sql.opt(query, args![customer, template.kind], |_| Ok(())).await?.is_some())
}

/// As people write it: 12.50.
pub(crate) fn yuan(fen: Fen) -> String {
    let (sign, fen) = (if fen < Fen::ZERO { "-" } else { "" }, fen.fen().unsigned_abs());
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

kernel::id!(
    /// 顾客消息
    MessageId, MessageEntity, "msg"
);

#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Message {
    pub id: MessageId,
    pub kind: String,
    pub title: String,
    pub body: String,
    pub read: bool,
    pub created_at: Timestamp,
}

const OF_CUSTOMER: Index = Index { name: "customer_messages_customer", columns: &["customer_id"] };

/// The customer's own, newest first.
pub async fn messages(cx: &Cx, customer: &Customer, ask: &PageAsk) -> Result<Page<Message>> {
    let mut look = Look::new("customer_messages", "id");
    look.by(&OF_CUSTOMER).along("customer_id", customer.id);
    let select = "SELECT m.id, m.kind, m.params, m.created_at, m.read_at FROM customer_messages m";
    let read = |row: &store::Row| {
        let kind: String = row.get("kind")?;
        let params: Map<String, Value> = serde_json::from_str(&row.get::<String>("params")?).unwrap_or_default();
        let template = ALL.iter().find(|template| template.kind == kind);
        let zone = cx.settings.get(defs::TIME_ZONE);
        let (title, body) = template.map_or_else(
            || (kind.clone(), String::new()),
            |template| (template.title(cx.lang).to_owned(), template.body(cx.lang, &params, &zone)),
        );
        let read = row.get::<Option<Timestamp>>("read_at")?.is_some();
        Ok(Message { id: row.get("id")?, kind, title, body, read, created_at: row.get("created_at")? })
    };
    Ok(look.page(&mut cx.db.read(), select, "m.id", ask, read, |message| message.id.uuid()).await?)
}

/// How many messages the customer has not read, counted up to 100. Asked with what the app asks anyway.
pub async fn unread(cx: &Cx, customer: &Customer) -> Result<i64> {
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM (SELECT 1 AS one FROM customer_messages WHERE customer_id = $1 AND read_at IS NULL LIMIT 100) n";
    Ok(cx.db.read().one(sql, args![customer.id], |row| row.get("n")).await?)
}

/// Marks what the customer has been shown as read: `newest`, and what came before. What has come since stays unread. Doing so twice is fine.
pub async fn mark_read(cx: &Cx, customer: &Customer, newest: MessageId) -> Result<()> {
    let mut tx = cx.db.begin().await?;
    let sql = "UPDATE customer_messages SET read_at = $1 WHERE customer_id = $2 AND read_at IS NULL AND id <= $3";
    tx.exec(sql, args![cx.now(), customer.id, newest]).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_people_write_them() {
        let written = [0, 5, 50, 100, 123_456, -7].map(|fen| yuan(Fen::new(fen)));
        assert_eq!(written, ["0.00", "0.05", "0.50", "1.00", "1234.56", "-0.07"]);
    }
}
