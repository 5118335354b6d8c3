"""Aliyun's own SDK for texts."""

import json
from urllib.parse import parse_qsl, urlsplit

from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client
from alibabacloud_tea_openapi.utils import Utils
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.request import DaraRequest
from darabonba.runtime import RuntimeOptions

import stub
import transit

ALGORITHM = "ACS3-HMAC-SHA256"


def client(ask):
    return Client(Config(access_key_id=ask["key"], access_key_secret=ask["secret"], endpoint=ask["at"], protocol="HTTP"))


def send(ask):
    wanted = models.SendSmsRequest(
        phone_numbers=ask["phone"],
        sign_name=ask["sign_name"],
        template_code=ask["template"],
        template_param=json.dumps(ask["params"]),
        out_id=ask["id"],
    )
    with transit.of(ask.get("change")):
        return client(ask).send_sms_with_options(wanted, RuntimeOptions()).body.to_map()


def query(ask):
    wanted = models.QuerySendDetailsRequest(
        phone_number=ask["phone"], biz_id=ask["called"], send_date=ask["day"], page_size=1, current_page=1
    )
    return client(ask).query_send_details_with_options(wanted, RuntimeOptions()).body.to_map()


def serve(ask):
    """What a client of ours has signed is signed again by the SDK's function, out of what has arrived, with the headers that it names."""

    def receive(request):
        given = request.headers["authorization"]
        names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        target = urlsplit(request.target)
        again = DaraRequest()
        again.method, again.pathname = request.method, target.path
        again.query = dict(parse_qsl(target.query, keep_blank_values=True))
        again.headers = {name: request.headers.get(name) for name in names}
        payload = Utils.hex_encode(Utils.hash(request.body.encode(), ALGORITHM))
        derived = Utils.get_authorization(again, ALGORITHM, payload, ask["key"], ask["secret"])
        needed = {"host"} | {name for name in request.headers if name.startswith("x-acs-")}
        fits = derived == given and needed <= set(names) and request.headers["x-acs-content-sha256"] == payload
        if not fits:
            return said(400, models.SendSmsResponseBody(code="SignatureDoesNotMatch", message=derived, request_id="peer"))
        if request.headers["x-acs-action"] == "QuerySendDetails":
            stub.State.taken.append(models.QuerySendDetailsRequest().from_map(again.query).to_map())
            detail = models.QuerySendDetailsResponseBodySmsSendDetailDTOsSmsSendDetailDTO(send_status=2, err_code="MOBILE_NOT_ON_SERVICE")
            details = models.QuerySendDetailsResponseBodySmsSendDetailDTOs([detail])
            return said(200, models.QuerySendDetailsResponseBody("OK", "OK", "peer", details, "1"))
        stub.State.taken.append(models.SendSmsRequest().from_map(again.query).to_map())
        return said(200, models.SendSmsResponseBody(code="OK", message="OK", biz_id="900619746936498440^0", request_id="peer"))

    return stub.serve(receive)


def said(status, body):
    return status, {"content-type": "application/json"}, json.dumps(body.to_map())


ACTS = {"send": send, "query": query, "serve": serve}
