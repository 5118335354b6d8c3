"""Others' SDKs of payment networks, asked line by line: a JSON object on standard input, its answer on standard output.

Tests hold our stand-ins against them: what these sign has to be taken, and what the stand-ins sign has to be believed.
"""

import json
import sys

from alipay import AliPay
from wechatpayv3 import WeChatPay, WeChatPayType


def wechat(ask):
    own = ask["parameters"]
    key = own["keys"][0]
    pay = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=own["merchant_id"],
        private_key=own["private_key"],
        cert_serial_no=own["serial"],
        apiv3_key=own["api_v3_key"],
        appid=own["app_id"],
        notify_url=ask["notify_url"],
        public_key=key["pem"],
        public_key_id=key["id"],
    )
    # Where it asks cannot be set otherwise.
    pay._core._gate_way = ask["at"]
    return pay


def alipay(ask):
    own = ask["parameters"]
    pay = AliPay(
        appid=own["app_id"],
        app_notify_url=ask["notify_url"],
        app_private_key_string=own["private_key"],
        alipay_public_key_string=own["keys"][0]["pem"],
        sign_type="RSA2",
    )
    pay._gateway = ask["at"]
    return pay


def whole(answer):
    code, message = answer
    return {"status": code, "body": json.loads(message) if message else None}


def yuan(fen):
    return "%d.%02d" % (fen // 100, fen % 100)


ACTS = {
    "wechat.place": lambda a: whole(wechat(a).pay(description="台费", out_trade_no=a["number"], amount={"total": a["fen"], "currency": "CNY"})),
    "wechat.query": lambda a: whole(wechat(a).query(out_trade_no=a["number"])),
    "wechat.close": lambda a: whole(wechat(a).close(out_trade_no=a["number"])),
    "wechat.refund": lambda a: whole(
        wechat(a).refund(
            out_refund_no=a["refund"],
            out_trade_no=a["number"],
            amount={"refund": a["fen"], "total": a["total"], "currency": "CNY"},
        )
    ),
    "wechat.notice": lambda a: wechat(a).callback(a["headers"], a["body"]),
    "alipay.place": lambda a: alipay(a).api_alipay_trade_precreate("台费", a["number"], yuan(a["fen"])),
    "alipay.query": lambda a: alipay(a).api_alipay_trade_query(out_trade_no=a["number"]),
    "alipay.close": lambda a: alipay(a).api_alipay_trade_close(out_trade_no=a["number"]),
    "alipay.refund": lambda a: alipay(a).api_alipay_trade_refund(
        yuan(a["fen"]), out_trade_no=a["number"], out_request_no=a["refund"]
    ),
    "alipay.notice": lambda a: alipay(a).verify(dict(a["fields"]), a["sign"]),
}


def main():
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            answer = {"answer": ACTS[ask["do"]](ask)}
        except Exception as error:  # What they throw is what is asked about.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
