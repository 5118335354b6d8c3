#!/usr/bin/env python3
"""验证 Cuekey 卡密，只相信项目私钥签过名的答复。单个文件，只依赖 cryptography（pip install cryptography）。
Verifies Cuekey card keys, and believes only answers signed with the project's private key.
One file; it needs `cryptography` and nothing else.

作为模块 / as a module:

    client = CuekeyClient("https://keys.example.com", "pk_…", "sk_…", "T6i2…+BQ=")
    verdict = client.verify("7K2M9-QX4TD-0HVNW-3RB6F-8YJCE", load_device_id("device-id"))
    if not verdict.valid:
        raise SystemExit(verdict.message)

作为命令 / as a command (退出码 exit code: 0 有效 valid, 1 无效 not valid, 2 没有结论 no verdict):

    python3 cuekey_verify.py --url https://… --api-key pk_… --secret sk_… --public-key … KEY --device ID
    python3 cuekey_verify.py --demo DIR/demo.json

必须成立 / what must hold: `check_answer` 是唯一的关口，没有通过它的字节不会成为结论。
`check_answer` is the one gate: no bytes become a verdict without having passed it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import secrets
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WINDOW_SECONDS = 300
BODY_LIMIT_BYTES = 1 << 20
TIMESTAMP_HEADER = "cuekey-response-timestamp"
SIGNATURE_HEADER = "cuekey-response-signature"


class CuekeyError(Exception):
    """没有结论；`code` 不变 / no verdict; `code` is stable."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class ConfigurationError(CuekeyError):
    """设置不可能有效 / settings that cannot work."""

    def __init__(self, text):
        super().__init__("CONFIGURATION", text)


class TransportError(CuekeyError):
    """没有答复。路上的任何人都能造成，所以不要长期放行 / no answer. Anybody on the way can cause it."""


class ForgedAnswer(CuekeyError):
    """不是项目自己的答复，绝不是结论 / not the project's own answer, and never a verdict."""

    def __init__(self, text):
        super().__init__("FORGED", "答复不可信 / answer not believed: " + text)


class ApiKeyUnknown(CuekeyError):
    """未签名的提示：服务器说不认识这个 API key / an unsigned hint that the server does not know the API key."""


class Refused(CuekeyError):
    """服务器（已签名）拒绝了请求。retry_after 是秒数，不在签名之内。
    The server refused the request, and signed that. `retry_after` is in seconds, and not under the signature."""

    def __init__(self, status, code, message, retry_after):
        super().__init__(code, "请求被拒绝 / refused: %s (HTTP %d) %s" % (code, status, message or ""))
        self.status, self.message, self.retry_after = status, message, retry_after


class Unreadable(CuekeyError):
    """确实来自服务器，但不合约定 / from the server, but not what the contract says."""

    def __init__(self, status):
        super().__init__("UNREADABLE", "看不懂服务器的答复 / unreadable answer (HTTP %d)" % status)


@dataclass(frozen=True)
class Verdict:
    """服务器的结论。`key` 在 NOT_FOUND 时为 None / the server's judgement; `key` is None for NOT_FOUND."""

    valid: bool
    code: str
    message: str
    action: str
    key: dict | None
    server_time: str


def normalise(typed):
    """不分大小写，去掉连字符和空格，全角转半角，O→0，I、L→1 / the key as it is sent, however it was typed."""
    out = []
    for c in typed:
        if "\uff01" <= c <= "\uff5e":
            c = chr(ord(c) - 0xFEE0)
        if not re.match("[\t-\r \xa0\u2000-\u200d\u202f\u2060\u3000\ufeff\xad\u2010-\u2015\u2212-]", c):
            out.append(c.upper() if c.isascii() else c)
    return "".join(out).translate({ord("O"): "0", ord("I"): "1", ord("L"): "1"})


def canonical_request(method, target, timestamp, nonce, body):
    """请求签名所覆盖的文本 / what a request's HMAC covers."""
    return "\n".join(("cuekey-request-v1", method, target, str(timestamp), nonce, hashlib.sha256(body).hexdigest()))


def canonical_response(nonce, status, timestamp, body):
    """答复签名所覆盖的文本 / what an answer's Ed25519 signature covers."""
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join(("cuekey-response-v1", nonce, "%03d" % status, str(timestamp), digest))


def sign_request(secret, canonical):
    """Cuekey-Signature 的值 / the value of Cuekey-Signature."""
    return "v1=" + hmac.new(secret.encode(), canonical.encode(), hashlib.sha256).hexdigest()


def check_answer(public_key, nonce, status, headers, body):
    """检查签名，返回签名时刻（Unix 秒）；时刻是否够新由 check_fresh 判断。
    Checks the signature and returns its Unix seconds, for check_fresh to judge. `headers`: (name, value) pairs."""

    def only(name, form):
        values = [value for key, value in headers if key.lower() == name]
        if len(values) != 1:
            raise ForgedAnswer("HTTP %d, %s × %d" % (status, name, len(values)))
        # 只认服务器写的那一种写法 / one spelling alone, so that no changed header means the same
        if not re.fullmatch(form, values[0]):
            raise ForgedAnswer("%s 格式不对 / malformed" % name)
        return values[0]

    timestamp = int(only(TIMESTAMP_HEADER, "0|[1-9][0-9]{0,17}"))
    text = only(SIGNATURE_HEADER, "v1=[A-Za-z0-9+/]{86}==")[3:]
    signature = base64.b64decode(text)
    if base64.b64encode(signature).decode() != text:
        raise ForgedAnswer("%s 含多余的比特 / stray bits" % SIGNATURE_HEADER)
    try:
        public_key.verify(signature, canonical_response(nonce, status, timestamp, body).encode())
    except InvalidSignature:
        raise ForgedAnswer("签名不符 / the signature is not the project's over this answer") from None
    return timestamp


def check_fresh(timestamp, now):
    """前后超过 300 秒的答复不可信 / an answer more than 300 s from `now`, either way, is not believed."""
    if abs(timestamp - now) > WINDOW_SECONDS:
        raise ForgedAnswer("签名时刻 / signed at %d, 本机 / here %d" % (timestamp, now))


def load_device_id(path):
    """本机的随机设备码，首次调用时写入文件。不枚举硬件：网卡、虚拟机、克隆盘都会让硬件码变化或重复，
    把付了钱的人锁在门外。/ This device's random id, kept in a file. Hardware is not enumerated: network cards
    come and go, clones share serial numbers, and each surprise locks a paying customer out."""
    path = os.path.abspath(os.path.expanduser(path))
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        fresh = secrets.token_hex(16)
        draft = path + "." + fresh
        with open(draft, "x", encoding="ascii") as file:
            file.write(fresh + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # 不会覆盖 / never replaces, so programs that start together agree
        except FileExistsError:
            pass
        except OSError:  # FAT 等没有硬链接 / no hard links there
            os.replace(draft, path)
        if os.path.exists(draft):
            os.remove(draft)
    with open(path, "rb") as file:
        text = file.read().decode("ascii", "replace").strip()
    if not re.fullmatch("[0-9a-f]{32}", text):
        # 不自动重写：新设备码会再占一个名额 / not replaced by itself: a new id takes a new seat of the key
        raise ConfigurationError("设备码文件已损坏 / damaged device id file: " + path)
    return text


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """每个状态都是答复；也不跟随跳转 / every status is an answer, and no redirect is followed."""

    def http_response(self, request, response):
        return response

    https_response = http_response


class CuekeyClient:
    """一个项目的客户端。urls：一个或多个地址，依次尝试 / one project's client; `urls`: one or several, in order.
    timeout：每次等待网络的秒数 / `timeout`: seconds for each wait on the network.
    clock、nonce 可替换，供测试 / `clock` and `nonce` can be replaced, for tests."""

    def __init__(self, urls, api_key, secret, public_key, *, timeout=10, clock=time.time, nonce=None):
        self._urls = [url.rstrip("/") for url in ([urls] if isinstance(urls, str) else urls)]
        for url in self._urls:
            parts = urllib.parse.urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.username:
                raise ConfigurationError("地址应形如 / URL should be like https://keys.example.com: %r" % url)
        if not self._urls or not re.fullmatch("pk_[!-~]+", api_key):
            raise ConfigurationError("需要地址和 pk_ 开头的 API key / needs a URL and an API key that starts with pk_")
        try:
            self._public_key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        except ValueError:
            raise ConfigurationError("公钥应为 32 字节的 base64 / public key: base64 of 32 bytes") from None
        self._api_key, self._secret, self._timeout, self._clock = api_key, secret, timeout, clock
        self._nonce = nonce or (lambda: secrets.token_hex(16))
        self._opener = urllib.request.build_opener(_AnyStatus)
        self.clock_offset_seconds = 0

    def verify(self, key, device_id, device_name=None):
        """这张卡密在这台设备上是否有效；首次使用会绑定并激活 / whether the key is good on this device."""
        if not device_id.strip():
            raise ConfigurationError("设备码为空 / empty device id")
        device = {"id": device_id, **({"name": device_name} if device_name else {})}
        status, said, _ = self._ask("POST", "/client/v1/keys/verify", {"key": normalise(key), "device": device})
        texts = [said.get(name) for name in ("code", "message", "action", "server_time")]
        valid, facts = said.get("valid"), said.get("key")
        # valid 与 code 说的是同一件事，不一致就都不信 / the two say one thing; where they differ, neither is trusted
        consistent = isinstance(valid, bool) and valid == (texts[0] == "VALID")
        if not consistent or not all(isinstance(text, str) for text in texts) or not isinstance(facts, (dict, type(None))):
            raise Unreadable(status)
        code, message, action, server_time = texts
        return Verdict(valid, code, message, action, facts, server_time)

    def query(self, key):
        """查询卡密，不改变任何东西；没有则为 None / looks a key up and changes nothing; None if there is none."""
        try:
            status, said, _ = self._ask("POST", "/client/v1/keys/query", {"key": normalise(key)})
        except Refused as refused:
            if (refused.status, refused.code) == (404, "NOT_FOUND"):
                return None
            raise
        if not isinstance(said.get("key"), dict):
            raise Unreadable(status)
        return said["key"]

    def time(self):
        """服务器的 Unix 秒，并据此校正 / the server's Unix seconds; mends this client's clock by them."""
        status, said, _ = self._ask("GET", "/client/v1/time")
        if type(said.get("unix")) is not int:
            raise Unreadable(status)
        self._adopt(said["unix"])
        return said["unix"]

    def _now(self):
        return int(self._clock()) + self.clock_offset_seconds

    def _adopt(self, server_time):
        self.clock_offset_seconds = server_time - int(self._clock())

    def _ask(self, method, path, said=None):
        """依次问各个地址，直到得到项目自己的答复 / the hosts in order, until one gives the project's own answer."""
        body = b"" if said is None else json.dumps(said, separators=(",", ":")).encode()
        telling = (TransportError, ApiKeyUnknown, ForgedAnswer)
        errors = []
        for url in self._urls:
            try:
                return self._ask_host(url, method, path, body)
            except telling as error:
                errors.append(error)
        raise max(errors, key=lambda error: telling.index(type(error)))

    def _ask_host(self, url, method, path, body):
        signed_at, status, headers, raw = self._exchange(url, method, path, body)
        said = _read_json(raw)
        if status == 401 and said.get("code") == "TIMESTAMP_SKEWED":
            # 签名里有本次的 nonce，不可能是旧答复 / signed over this request's nonce, so it cannot be an old one
            self._adopt(signed_at)
            signed_at, status, headers, raw = self._exchange(url, method, path, body)
            said = _read_json(raw)
        check_fresh(signed_at, self._now())
        if status == 200 and said:
            return status, said, headers
        if status == 200 or not isinstance(said.get("code"), str):
            raise Unreadable(status)
        wait = dict((name.lower(), value) for name, value in headers).get("retry-after", "")
        wait = int(wait) if re.fullmatch("[0-9]{1,9}", wait) else None
        raise Refused(status, said["code"], said.get("message") or said.get("detail"), wait)

    def _exchange(self, url, method, path, body):
        timestamp, nonce = self._now(), self._nonce()
        signature = sign_request(self._secret, canonical_request(method, path, timestamp, nonce, body))
        headers = {"Cuekey-Key": self._api_key, "Cuekey-Timestamp": str(timestamp), "Cuekey-Nonce": nonce,
                   "Cuekey-Signature": signature, "Content-Type": "application/json", "Accept-Encoding": "identity"}
        request = urllib.request.Request(url + path, data=body or None, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                raw, status, lines = response.read(BODY_LIMIT_BYTES + 1), response.status, response.headers.items()
                if response.length and len(raw) <= BODY_LIMIT_BYTES:  # 半途断线 / the connection was lost midway
                    raise http.client.IncompleteRead(raw, response.length)
        except (OSError, http.client.HTTPException) as error:
            raise TransportError("TRANSPORT", "%s 没有答复 / no answer: %s" % (url, error)) from error
        names = [name.lower() for name, _ in lines]
        unsigned = TIMESTAMP_HEADER not in names and SIGNATURE_HEADER not in names
        if unsigned and status == 401 and _read_json(raw).get("code") == "API_KEY_UNKNOWN":
            raise ApiKeyUnknown("API_KEY_UNKNOWN", "%s 说不认识这个 API key（未签名）/ API key unknown (unsigned)" % url)
        return check_answer(self._public_key, nonce, status, lines, raw), status, lines, raw


def _read_json(raw):
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {}


def _settings(args):
    """命令行参数，其次演示文件，再次环境变量 / the command line, then the demo's file, then the environment."""
    found, urls, key = {}, args.url, args.key
    if args.demo:
        try:
            with open(args.demo, encoding="utf-8") as file:
                demo = json.load(file)
            found, console = dict(demo["project"]), urllib.parse.urlsplit(demo["console"])
            urls = urls or ["%s://%s" % (console.scheme, console.netloc)]
            key = key or demo["keys"][0]
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ConfigurationError("演示文件不可用 / demo file: %s: %r" % (args.demo, error)) from error

    def setting(name):
        return getattr(args, name) or found.get(name) or os.environ.get("CUEKEY_" + name.upper(), "")

    urls = urls or [url.strip() for url in os.environ.get("CUEKEY_URL", "").split(",") if url.strip()]
    credentials = [setting(name) for name in ("api_key", "secret", "response_public_key")]
    if not (urls and all(credentials) and (key or args.time)):
        raise ConfigurationError("缺少参数，见 --help / something is missing, see --help")
    return CuekeyClient(urls, *credentials), key


def main(argv=None):
    """命令 / the command; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("key", nargs="?", metavar="KEY", help="卡密 / the card key")
    parser.add_argument("--url", action="append", help="可重复 / may be repeated (CUEKEY_URL)")
    parser.add_argument("--api-key", help="pk_… (CUEKEY_API_KEY)")
    parser.add_argument("--secret", help="sk_…，放环境变量更安全 / safer in the environment (CUEKEY_SECRET)")
    parser.add_argument("--public-key", dest="response_public_key", help="base64 (CUEKEY_RESPONSE_PUBLIC_KEY)")
    parser.add_argument("--demo", metavar="DIR/demo.json", help="从演示文件读取 / read all of it from the demo's file")
    parser.add_argument("--device", metavar="ID", help="设备码；缺省用文件里的随机码 / by default a random one in a file")
    parser.add_argument("--device-file", default="~/.cuekey-device-id")
    parser.add_argument("--query", action="store_true", help="只查询 / look it up, change nothing")
    parser.add_argument("--time", action="store_true", help="只问时间 / only ask for the time")
    args = parser.parse_args(argv)
    try:
        client, key = _settings(args)
        if args.time or args.query:
            answer = client.time() if args.time else client.query(key)
            print(json.dumps(answer, ensure_ascii=False, indent=2))
            return 1 if answer is None else 0
        verdict = client.verify(key, args.device or load_device_id(args.device_file))
    except (CuekeyError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print("%s %s: %s (action: %s)" % ("有效 valid" if verdict.valid else "无效 not valid",
                                      verdict.code, verdict.message, verdict.action))
    if verdict.key:
        print(json.dumps(verdict.key, ensure_ascii=False, indent=2))
    return 0 if verdict.valid else 1


if __name__ == "__main__":
    sys.exit(main())
