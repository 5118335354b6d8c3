"""python-alipay-sdk, for Alipay."""

import json
from functools import lru_cache
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import alipay
from alipay import AliPay

import stub
import transit


def client(ask):
    return made(json.dumps(ask["parameters"]), ask.get("at"), ask.get("notify_url"))


@lru_cache
def made(parameters, at, notify_url):
    """Once: to read a key takes the SDK longer than to sign with it."""
    own = json.loads(parameters)
    pay = AliPay(
        appid=own["app_id"],
        app_notify_url=notify_url,
        app_private_key_string=own["private_key"],
        alipay_public_key_string=own["keys"][0]["pem"],
        sign_type="RSA2",
    )
    # Where it asks cannot be set otherwise.
    pay._gateway = at
    return pay


def yuan(fen):
    return "%d.%02d" % (fen // 100, fen % 100)


def place(ask):
    send = alipay.urlopen
    with mock.patch.object(alipay, "urlopen", lambda url, **more: send(transit.address(url, ask.get("change")), **more)):
        return client(ask).api_alipay_trade_precreate("台费", ask["number"], yuan(ask["fen"]))


def refund(ask):
    return client(ask).api_alipay_trade_refund(yuan(ask["fen"]), out_trade_no=ask["number"], out_request_no=ask["refund"])


def network(ask):
    """The other side: the SDK signs with whatever key it is given."""
    return client({**ask, "parameters": {**ask["parameters"], "private_key": ask["network_key"]}})


def serve(ask):
    """What a client of ours has signed is signed again by the SDK, out of what has arrived: it has to come out the same."""
    merchant, own = client(ask), network(ask)
    sign = lru_cache(own._sign)

    def fits(pairs):
        fields = {name: value for name, value in pairs if name != "sign"}
        return sorted(pairs) == sorted(parse_qsl(merchant.sign_data(fields), keep_blank_values=True))

    def receive(request):
        form = urlsplit(request.target).query if request.method == "GET" else request.body
        pairs = parse_qsl(form, keep_blank_values=True)
        node, said = "error_response", '{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-signature","sub_msg":"another signature"}'
        if fits(pairs):
            fields = dict(pairs)
            stub.State.taken.append(fields)
            node, (_, said) = fields["method"].replace(".", "_") + "_response", stub.State.says
        return 200, {"content-type": "text/html;charset=utf-8"}, '{"%s":%s,"sign":"%s"}' % (node, said, sign(said))

    return "http://%s/gateway.do" % stub.serve(receive)


ACTS = {
    "place": place,
    "query": lambda ask: client(ask).api_alipay_trade_query(out_trade_no=ask["number"]),
    "close": lambda ask: client(ask).api_alipay_trade_close(out_trade_no=ask["number"]),
    "refund": refund,
    # Whatever the SDK has no function of its own for.
    "ask": lambda ask: client(ask).server_api(ask["method"], ask["content"], **ask.get("more", {})),
    "notice": lambda ask: client(ask).verify(dict(ask["fields"]), ask["sign"]),
    # A notice as the network sends it, whose algorithm is not signed.
    "tell": lambda ask: network(ask).sign_data(ask["fields"]) + "&sign_type=RSA2",
    "serve": serve,
}
