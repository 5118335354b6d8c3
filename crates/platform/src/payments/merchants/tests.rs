//! What is forgotten of a merchant is in no process's memory.

use kernel::HOUR;
use store::jobs::Outcome;
use zeroize::Zeroizing;

use super::*;
use crate::payments::parameters::AlipayParameters;
use crate::upkeep;

fn alipay(seller: &str) -> Parameters {
    Parameters::Alipay(AlipayParameters {
        app_id: "2021000000000001".into(),
        seller_id: seller.into(),
        private_key: Zeroizing::new("ours".into()),
        alipay_key: "theirs".into(),
    })
}

/// One takes another's place, and this process has spoken as both. Answers who we are.
async fn replaced(cx: &Cx) -> MerchantId {
    let mut tx = cx.db.begin().await.unwrap();
    for seller in ["2088000000000001", "2088000000000002"] {
        kept::set(&mut tx, cx, &alipay(seller)).await.unwrap();
    }
    let now = current(&mut tx, ChannelKind::Alipay).await.unwrap();
    tx.commit().await.unwrap();
    let all = kept::all(&mut cx.db.read(), ChannelKind::Alipay).await.unwrap();
    let channel: Arc<dyn Channel> = Arc::new(Gone);
    for kind in [ChannelKind::Alipay, ChannelKind::AlipayFreeze] {
        for one in &all {
            cx.payments.opened.write().unwrap().insert((kind, one.id), (one.version, Arc::clone(&channel)));
        }
    }
    assert_eq!(spoken_as(cx).len(), 4);
    now
}

/// As whom this process has spoken, by either kind.
fn spoken_as(cx: &Cx) -> Vec<MerchantId> {
    cx.payments.opened.read().unwrap().keys().map(|(_, id)| *id).collect()
}

on_platform! {
    async fn k12_1_who_forgets_a_merchant_has_it_in_memory_no_more(bench) {
        let cx = bench.system();
        let now = replaced(&cx).await;
        bench.clock.step(2 * HOUR);
        assert!(matches!(forget_job(cx.clone()).await, Outcome::Done));
        assert_eq!(spoken_as(&cx), [now; 2]);
    }

    async fn k12_1_what_another_process_has_forgotten_goes_from_memory_too(bench) {
        let cx = bench.system();
        let now = replaced(&cx).await;
        bench.exec("UPDATE pay_merchants SET parameters = NULL WHERE replaced_at IS NOT NULL", args![]).await;
        upkeep::tick(&cx, upkeep::SCHEDULES, bench.clock.now()).await.unwrap();
        assert_eq!(spoken_as(&cx), [now; 2]);
    }
}
