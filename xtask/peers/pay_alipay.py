"""python-alipay-sdk, for Alipay."""

from alipay import AliPay


def client(ask):
    own = ask["parameters"]
    pay = AliPay(
        appid=own["app_id"],
        app_notify_url=ask.get("notify_url"),
        app_private_key_string=own["private_key"],
        alipay_public_key_string=own["keys"][0]["pem"],
        sign_type="RSA2",
    )
    # Where it asks cannot be set otherwise.
    pay._gateway = ask.get("at")
    return pay


def yuan(fen):
    return "%d.%02d" % (fen // 100, fen % 100)


def refund(ask):
    return client(ask).api_alipay_trade_refund(yuan(ask["fen"]), out_trade_no=ask["number"], out_request_no=ask["refund"])


ACTS = {
    "place": lambda ask: client(ask).api_alipay_trade_precreate("台费", ask["number"], yuan(ask["fen"])),
    "query": lambda ask: client(ask).api_alipay_trade_query(out_trade_no=ask["number"]),
    "close": lambda ask: client(ask).api_alipay_trade_close(out_trade_no=ask["number"]),
    "refund": refund,
    "notice": lambda ask: client(ask).verify(dict(ask["fields"]), ask["sign"]),
}
