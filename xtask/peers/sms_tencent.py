"""Tencent Cloud's own SDK for texts."""

import warnings
from datetime import datetime, timezone

from tencentcloud.common.credential import Credential
from tencentcloud.common.http.request import RequestInternal
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

import stub
import transit

SERIAL = "5000:1045710669157053657849499619"

# A field that the SDK does not know is an error, and no remark.
warnings.simplefilter("error", UserWarning)


def client(ask):
    where = HttpProfile(protocol="http", endpoint=ask.get("at"))
    return SmsClient(Credential(ask["key"], ask["secret"]), "ap-guangzhou", ClientProfile(httpProfile=where))


def send(ask):
    wanted = models.SendSmsRequest()
    wanted.PhoneNumberSet = ["+86" + ask["phone"]]
    wanted.SmsSdkAppId = ask["app"]
    wanted.SignName = ask["sign_name"]
    wanted.TemplateId = ask["template"]
    wanted.TemplateParamSet = ask["params"]
    wanted.SessionContext = ask["id"]
    with transit.of(ask.get("change")):
        return client(ask).SendSms(wanted)._serialize()


def query(ask):
    wanted = models.PullSmsSendStatusByPhoneNumberRequest()
    wanted.PhoneNumber, wanted.SmsSdkAppId = "+86" + ask["phone"], ask["app"]
    wanted.BeginTime, wanted.Offset, wanted.Limit = ask["since"], 0, 100
    return client(ask).PullSmsSendStatusByPhoneNumber(wanted)._serialize()


def serve(ask):
    """What a client of ours has signed is signed again by the SDK, out of what has arrived. It puts what is to be signed together, and calls `Sign.sign_tc3`."""
    own = client(ask)

    def receive(request):
        at = request.headers["x-tc-timestamp"]
        day = datetime.fromtimestamp(int(at), timezone.utc).strftime("%Y-%m-%d")
        headers = {"Content-Type": request.headers["content-type"], "Host": request.headers["host"], "X-TC-Timestamp": at}
        again = RequestInternal(request.headers["host"], request.method, request.target, headers, request.body)
        signature = own._get_tc3_signature(None, again, day, "sms", ask["secret"])
        derived = "TC3-HMAC-SHA256 Credential=%s/%s/sms/tc3_request, SignedHeaders=content-type;host, Signature=%s" % (ask["key"], day, signature)
        if derived != request.headers["authorization"]:
            return said('{"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "another signature"}, "RequestId": "peer"}')
        pulls = request.headers["x-tc-action"] == "PullSmsSendStatusByPhoneNumber"
        wanted = models.PullSmsSendStatusByPhoneNumberRequest() if pulls else models.SendSmsRequest()
        wanted.from_json_string(request.body)
        stub.State.taken.append(wanted._serialize())
        if pulls:
            status, answer = models.PullSmsSendStatus(), models.PullSmsSendStatusByPhoneNumberResponse()
            status.SerialNo, status.ReportStatus, status.Description = SERIAL, "FAIL", "UNDELIV"
            answer.PullSmsSendStatusSet, answer.RequestId = [status], "peer"
            return said(answer.to_json_string())
        status, answer = models.SendStatus(), models.SendSmsResponse()
        status.SerialNo, status.PhoneNumber, status.Fee = SERIAL, wanted.PhoneNumberSet[0], 1
        status.SessionContext, status.Code, status.Message, status.IsoCode = wanted.SessionContext, "Ok", "send success", "CN"
        answer.SendStatusSet, answer.RequestId = [status], "peer"
        return said(answer.to_json_string())

    return stub.serve(receive)


def said(response):
    return 200, {"content-type": "application/json"}, '{"Response": %s}' % response


ACTS = {"send": send, "query": query, "serve": serve}
