"""WeChat's doors for apps, where no SDK has them: who brings a code, and which number a mini-program was let have.

Written from what WeChat publishes of them, and after neither our stand-in nor our client. They look at what the real ones look at, in this order:
how it was asked, which app asks, its secret or its token, and the code. Whatever they say is of status 200.
"""

import json
import secrets
import time
from base64 import b64encode
from urllib.parse import parse_qsl, urlsplit

import stub

# Seconds.
CODE_LASTS = 300
TOKEN_LASTS = 7200


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.answer = {"errcode": code, "errmsg": "%s rid: %s" % (message, secrets.token_hex(12))}


class Known:
    # `web` and `mini`: each with its name and its secret.
    apps = {}
    # What each code stands for: of which door it is, for whom, until when, and whether it was brought already.
    codes = {}
    # The mini-program's, and until when it is good.
    token = None
    # By how much the clock is ahead.
    ahead = 0
    # What the next who asks is told, whatever it asks: a status and an answer.
    instead = None


def now():
    return time.time() + Known.ahead


def query(request):
    pairs = parse_qsl(urlsplit(request.target).query, keep_blank_values=True)
    if len(dict(pairs)) != len(pairs):
        raise Refused(47001, "a parameter that is there twice")
    return dict(pairs)


def form(request):
    """What is posted: a JSON object, and nothing of it in the address."""
    if request.method != "POST":
        raise Refused(43002, "require POST method")
    if not request.body:
        raise Refused(44002, "empty post data")
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(47001, "data format error")
    return body


def admit(kind, given):
    own = Known.apps[kind]
    if not given.get("appid"):
        raise Refused(41002, "appid missing")
    if not given.get("secret"):
        raise Refused(41004, "appsecret missing")
    if given["appid"] != own["app"]:
        raise Refused(40013, "invalid appid")
    if given["secret"] != own["secret"]:
        raise Refused(40125, "invalid appsecret")


def meant(kind, code):
    """Whom a code stands for at this door, once."""
    if not code:
        raise Refused(41008, "missing code")
    known = Known.codes.get(code)
    if known is None or known["kind"] != kind or known["until"] <= now():
        raise Refused(40029, "invalid code")
    if known["brought"]:
        raise Refused(40163 if kind == "web" else 40029, "code been used")
    known["brought"] = True
    return known["who"]


def by_code(request, kind, name):
    if request.method != "GET":
        raise Refused(43001, "require GET method")
    asked = query(request)
    admit(kind, asked)
    if asked.get("grant_type") != "authorization_code":
        raise Refused(40002, "invalid grant_type")
    return meant(kind, asked.get(name))


def page(request):
    """`scope` is snsapi_base: of whom WeChat says no more than this."""
    who = by_code(request, "web", "code")
    tokens = {"access_token": secrets.token_urlsafe(60), "expires_in": TOKEN_LASTS, "refresh_token": secrets.token_urlsafe(60)}
    return {**tokens, "openid": who["openid"], "scope": "snsapi_base"}


def mini_program(request):
    who = by_code(request, "mini", "js_code")
    return {"session_key": b64encode(secrets.token_bytes(16)).decode(), **who}


def stable_token(request):
    asked = form(request)
    admit("mini", asked)
    if asked.get("grant_type") != "client_credential":
        raise Refused(40002, "invalid grant_type")
    # The same again while it is good, unless another is asked for.
    if Known.token is None or Known.token[1] <= now() or asked.get("force_refresh"):
        Known.token = secrets.token_urlsafe(384), now() + TOKEN_LASTS
    text, until = Known.token
    return {"access_token": text, "expires_in": int(until - now())}


def phone(request):
    asked, given = form(request), query(request).get("access_token")
    if not given:
        raise Refused(41001, "access_token missing")
    if Known.token is None or given != Known.token[0]:
        raise Refused(40001, "invalid credential, access_token is invalid or not latest")
    if Known.token[1] <= now():
        raise Refused(42001, "access_token expired")
    who = meant("phone", asked.get("code"))
    abroad = str(who["country"]) != "86"
    info = {
        "phoneNumber": "+%s%s" % (who["country"], who["number"]) if abroad else who["number"],
        "purePhoneNumber": who["number"],
        # Its examples have a number, its table a text.
        "countryCode": who["country"],
        "watermark": {"timestamp": int(now()), "appid": who.get("app", Known.apps["mini"]["app"])},
    }
    return {"errcode": 0, "errmsg": "ok", "phone_info": info}


DOORS = {
    "/sns/oauth2/access_token": page,
    "/sns/jscode2session": mini_program,
    "/cgi-bin/stable_token": stable_token,
    "/wxa/business/getuserphonenumber": phone,
}


def receive(request):
    path = urlsplit(request.target).path
    # What is JSON is called text at some of them.
    kind = "text/plain" if path.startswith("/sns/") else "application/json; charset=UTF-8"
    if path not in DOORS:
        return 404, {"content-type": "text/html"}, "not found"
    if Known.instead:
        (status, answer), Known.instead = Known.instead, None
        return status, {"content-type": kind}, json.dumps(answer)
    try:
        answer = DOORS[path](request)
        stub.State.taken.append(path)
    except Refused as refused:
        answer = refused.answer
    return 200, {"content-type": kind}, json.dumps(answer, ensure_ascii=False)


def serve(ask):
    Known.apps = {"web": ask["web"], "mini": ask["mini"]}
    return "http://" + stub.serve(receive)


def code(ask):
    text = secrets.token_hex(16)
    Known.codes[text] = {"kind": ask["kind"], "who": ask["who"], "until": now() + CODE_LASTS, "brought": False}
    return text


def later(ask):
    Known.ahead += ask["seconds"]


def revoke(ask):
    """Somebody has asked for another token, by the app's secret."""
    Known.token = secrets.token_urlsafe(384), now() + TOKEN_LASTS


def instead(ask):
    Known.instead = ask["status"], ask["answer"]


ACTS = {"serve": serve, "code": code, "later": later, "revoke": revoke, "instead": instead}
