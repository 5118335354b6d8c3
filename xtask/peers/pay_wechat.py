"""wechatpayv3, for WeChat Pay."""

import json
import re
import time
import uuid
from base64 import b64encode
from functools import lru_cache
from types import SimpleNamespace
from unittest import mock

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from wechatpayv3 import WeChatPay, WeChatPayType, utils

import stub
import transit


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
    with transit.of(ask.get("change")):
        amount = {"total": ask["fen"], "currency": "CNY"}
        return whole(client(ask).pay(description="台费", out_trade_no=ask["number"], amount=amount))


def refund(ask):
    amount = {"refund": ask["fen"], "total": ask["total"], "currency": "CNY"}
    return whole(client(ask).refund(out_refund_no=ask["refund"], out_trade_no=ask["number"], amount=amount))


def network(ask):
    """The other side: the SDK signs with whatever key it is given."""
    return client({**ask, "parameters": {**ask["parameters"], "private_key": ask["network_key"]}})


def seal(network, body):
    at, nonce = str(int(time.time())), uuid.uuid4().hex
    return {
        "wechatpay-timestamp": at,
        "wechatpay-nonce": nonce,
        "wechatpay-serial": network._core._public_key_id,
        "wechatpay-signature": network.sign([at, nonce, body]),
        "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
    }


def serve(ask):
    """What a client of ours has signed is signed again by the SDK's function, out of what has arrived, at its own time and with its own nonce."""
    own = ask["parameters"]
    key, theirs = utils.load_private_key(own["private_key"]), network(ask)

    def fits(request):
        given = request.headers["authorization"]
        said = dict(re.findall(r'(\w+)="([^"]*)"', given))
        at, nonce = said.get("timestamp", "0"), said.get("nonce_str")
        if not at.isdigit():
            return False
        with mock.patch.object(utils, "time", SimpleNamespace(time=lambda: at)):
            again = utils.build_authorization(request.target, request.method, own["merchant_id"], own["serial"], key, request.body, nonce)
        return given == again

    def receive(request):
        status, answer = 401, '{"code": "SIGN_ERROR", "message": "another signature"}'
        if fits(request):
            stub.State.taken.append({"method": request.method, "target": request.target, "body": request.body})
            status, answer = stub.State.says
        return status, {"content-type": "application/json", **seal(theirs, answer)}, answer

    return "http://" + stub.serve(receive)


def tell(ask):
    """A notice as the network sends it: encrypted, and signed by the SDK."""
    nonce, resource = uuid.uuid4().hex[:12], json.dumps(ask["resource"]).encode()
    sealed = AESGCM(ask["parameters"]["api_v3_key"].encode()).encrypt(nonce.encode(), resource, b"transaction")
    body = json.dumps(
        {
            "id": "EV-1",
            "create_time": "2026-11-28T20:00:00+08:00",
            "resource_type": "encrypt-resource",
            "event_type": "TRANSACTION.SUCCESS",
            "summary": "支付成功",
            "resource": {
                "original_type": "transaction",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": b64encode(sealed).decode(),
                "associated_data": "transaction",
                "nonce": nonce,
            },
        }
    )
    return {"headers": seal(network(ask), body), "body": body}


ACTS = {
    "place": place,
    "query": lambda ask: whole(client(ask).query(out_trade_no=ask["number"])),
    "close": lambda ask: whole(client(ask).close(out_trade_no=ask["number"])),
    "refund": refund,
    "sign": lambda ask: client(ask).sign(ask["lines"]),
    "serve": serve,
    "tell": tell,
    "notice": lambda ask: client(ask).callback(ask["headers"], ask["body"]),
}
