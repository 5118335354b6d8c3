"""wechatpayv3, for WeChat Pay."""

import json
from functools import lru_cache

from wechatpayv3 import WeChatPay, WeChatPayType


def client(ask):
    return made(json.dumps(ask["parameters"]), ask.get("at"), ask.get("notify_url"))


@lru_cache
def made(parameters, at, notify_url):
    """Once: to read a key takes the SDK longer than to sign with it."""
    own = json.loads(parameters)
    key = own["keys"][0]
    pay = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=own["merchant_id"],
        private_key=own["private_key"],
        cert_serial_no=own["serial"],
        apiv3_key=own["api_v3_key"],
        appid=own["app_id"],
        notify_url=notify_url,
        public_key=key["pem"],
        public_key_id=key["id"],
    )
    # Where it asks cannot be set otherwise.
    pay._core._gate_way = at
    return pay


def whole(answer):
    code, message = answer
    return {"status": code, "body": json.loads(message) if message else None}


def place(ask):
    amount = {"total": ask["fen"], "currency": "CNY"}
    return whole(client(ask).pay(description="台费", out_trade_no=ask["number"], amount=amount))


def refund(ask):
    amount = {"refund": ask["fen"], "total": ask["total"], "currency": "CNY"}
    return whole(client(ask).refund(out_refund_no=ask["refund"], out_trade_no=ask["number"], amount=amount))


ACTS = {
    "place": place,
    "query": lambda ask: whole(client(ask).query(out_trade_no=ask["number"])),
    "close": lambda ask: whole(client(ask).close(out_trade_no=ask["number"])),
    "refund": refund,
    "notice": lambda ask: client(ask).callback(ask["headers"], ask["body"]),
}
