"""wechatpy, for who brings a code of WeChat's."""

from wechatpy.client import WeChatClient
from wechatpy.client.api import WeChatWxa


def session(ask):
    class Door(WeChatWxa):
        API_BASE_URL = ask["at"] + "/"

    # It would fetch a token where none is given, and always at WeChat's own address; for this nobody looks at it.
    return Door(WeChatClient(ask["app"], ask["secret"], access_token="of nobody")).code_to_session(ask["code"])


ACTS = {"session": session}
