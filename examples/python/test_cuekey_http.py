"""python3 -m unittest

在回环上面对诚实的、作假的和断线的服务器。Against servers on loopback: honest, lying and broken ones.
"""

import random
import unittest

import cuekey_verify as cuekey
from cuekey_testkit import NOW, PROJECT, SECRET, STRANGER, VECTORS, Server, forge, signed, verdict


class OverHttp(unittest.TestCase):
    def serve(self, behave):
        server = Server(behave)
        self.addCleanup(server.close)
        return server

    def client(self, *servers, clock=NOW, secret=SECRET, api_key="pk_test"):
        urls = [server if isinstance(server, str) else server.url for server in servers]
        return cuekey.CuekeyClient(urls, api_key, secret, VECTORS["response_public_key"], clock=lambda: clock)

    def refused(self, error, behave, clock=NOW):
        server = self.serve(behave)
        client = self.client(server, clock=clock)
        with self.assertRaises(error) as caught:
            client.verify("7K2M9", "d")
        return server, client, caught.exception

    def test_k8_2_verdicts(self):
        said = self.client(self.serve(Server.honest)).verify(" 7k2m9–ｏ ", "d", "前台")
        self.assertEqual((said.valid, said.code, said.key["remaining_seconds"]), (True, "VALID", 60))
        for code, action in [("NOT_FOUND", "exit"), ("EXPIRED", "renew"), ("DEVICE_MISMATCH", "contact"), ("LATER", "?")]:
            said = self.client(self.serve(lambda s, r: s.honest(r, 200, verdict(code, action)))).verify("7K2M9", "d")
            self.assertEqual((said.valid, said.code, said.action), (False, code, action))

    def test_k8_1_the_request_says_what_was_asked(self):
        server = self.serve(Server.honest)
        self.client(server).verify(" 7k2m9–ｏ ", "d", "desk")
        self.assertEqual(server.seen, [("POST", "/client/v1/keys/verify",
                                        b'{"key":"7K2M90","device":{"id":"d","name":"desk"}}')])

    def test_k8_3_query_and_time(self):
        self.assertEqual(self.client(self.serve(Server.honest)).query("7K2M9")["id"], "key_1")
        missing = self.serve(lambda s, r: s.honest(r, 404, b'{"code":"NOT_FOUND"}'))
        self.assertIsNone(self.client(missing).query("7K2M9"))
        gone = self.serve(lambda s, r: s.honest(r, 410, b'{"code":"NOT_FOUND"}'))
        self.assertRaises(cuekey.Refused, self.client(gone).query, "7K2M9")
        client = self.client(self.serve(lambda s, r: s.honest(r, 200, b'{"unix":%d}' % (NOW + 42))))
        self.assertEqual((client.time(), client.clock_offset_seconds), (NOW + 42, 42))

    def test_k8_1_refusals_tell_code_and_wait(self):
        def limited(server, request):
            status, headers, body = server.sign(request, 429, b'{"code":"RATE_LIMITED","message":"slow"}')
            return status, headers + [("Retry-After", "30")], body

        error = self.refused(cuekey.Refused, limited)[2]
        self.assertEqual((error.status, error.code, error.message, error.retry_after), (429, "RATE_LIMITED", "slow", 30))
        server = self.serve(Server.honest)
        for client, code in [(self.client(server, secret="sk_wrong"), "SIGNATURE_INVALID"),
                             (self.client(server, api_key="pk_other"), "API_KEY_UNKNOWN")]:
            with self.assertRaises(cuekey.CuekeyError) as caught:
                client.verify("7K2M9", "d")
            self.assertEqual(caught.exception.code, code)

    def test_k8_1_a_wrong_clock_is_corrected_once(self):
        for clock in (NOW - 86400, NOW + 86400, 0):
            server = self.serve(Server.honest)
            client = self.client(server, clock=clock)
            self.assertTrue(client.verify("7K2M9", "d").valid)
            self.assertEqual((server.asked, client.clock_offset_seconds), (2, NOW - clock))
        skewed = b'{"code":"TIMESTAMP_SKEWED"}'
        server, _, error = self.refused(cuekey.Refused, lambda s, r: s.sign(r, 401, skewed), NOW - 86400)
        self.assertEqual((server.asked, error.code), (2, "TIMESTAMP_SKEWED"))

    def test_k8_1_nobody_but_the_server_sets_the_clock(self):
        skewed = b'{"code":"TIMESTAMP_SKEWED","unix":%d}' % NOW
        for lie in (lambda s, r: (401, [], skewed),
                    lambda s, r: signed(STRANGER, r.nonce, 401, NOW, skewed),
                    lambda s, r: signed(PROJECT, "another-requests-nonce", 401, NOW, skewed),
                    lambda s, r: s.sign(r, 401, b'{"code":"NONCE_REUSED"}')):
            server, client, _ = self.refused(cuekey.ForgedAnswer, lie, NOW - 86400)
            self.assertEqual((server.asked, client.clock_offset_seconds), (1, 0))

    def test_k8_1_lies_are_refused(self):
        claimed = verdict().replace(b'"code": "VALID"', b'"code": "API_KEY_UNKNOWN"')
        self.refused(cuekey.ForgedAnswer, lambda s, r: (200, [], verdict()))
        self.refused(cuekey.ForgedAnswer, lambda s, r: signed(STRANGER, r.nonce, 200, NOW, verdict()))
        self.refused(cuekey.ForgedAnswer, lambda s, r: signed(PROJECT, r.nonce, 200, NOW - 301, verdict()))
        self.refused(cuekey.ForgedAnswer, lambda s, r: signed(PROJECT, r.nonce, 200, NOW + 301, verdict()))
        self.refused(cuekey.ForgedAnswer, lambda s, r: (200, [], claimed))
        self.refused(cuekey.ApiKeyUnknown, lambda s, r: (401, [], claimed))
        self.refused(cuekey.ForgedAnswer, lambda s, r: (401, [("Cuekey-Response-Timestamp", str(NOW))], claimed))
        self.refused(cuekey.ForgedAnswer, lambda s, r: (200, [], b" " * (3 << 20)))
        honest = self.serve(Server.honest)
        self.refused(cuekey.ForgedAnswer, lambda s, r: (303, [("Location", honest.url + "/client/v1/keys/verify")], b""))
        self.assertEqual(honest.asked, 0)

    def test_k8_1_altered_answers_are_refused_over_http(self):
        rng = random.Random(2)

        def altering(server, request):
            original = request.nonce, NOW, server.sign(request, 200, verdict())
            while True:
                _, nonce, now, answer = forge(rng, *original)
                text = "".join(value for _, value in answer[1])
                fits = all(" " < c <= "~" for c in text) and 200 <= answer[0] < 600 and answer[0] not in (204, 304)
                if fits and (nonce, now) == original[:2] and answer != original[2]:
                    return answer

        client = self.client(self.serve(altering))
        for number in range(300):
            with self.assertRaises(cuekey.ForgedAnswer, msg=number):
                client.verify("7K2M9", "d")

    def test_k8_1_a_replayed_answer_is_refused(self):
        kept = []

        def replaying(server, request):
            kept.append(server.honest(request))
            return kept[0]

        client = self.client(self.serve(replaying))
        self.assertTrue(client.verify("7K2M9", "d").valid)
        self.assertRaises(cuekey.ForgedAnswer, client.verify, "7K2M9", "d")

    def test_k8_1_the_next_host_is_asked(self):
        nobody = "http://127.0.0.1:1"
        blocked = self.serve(lambda s, r: (200, [], b"<html>"))
        cut = self.serve(lambda s, r: (200, [("Content-Length", "500")], b"{}"))
        for first in (nobody, blocked, cut):
            self.assertTrue(self.client(first, self.serve(Server.honest)).verify("7K2M9", "d").valid)
        self.assertRaises(cuekey.TransportError, self.client(nobody, cut).verify, "7K2M9", "d")
        self.assertRaises(cuekey.ForgedAnswer, self.client(nobody, blocked, nobody).verify, "7K2M9", "d")
        final = self.serve(lambda s, r: s.sign(r, 403, b'{"code":"TEMPORARILY_BANNED"}'))
        self.assertRaises(cuekey.Refused, self.client(final, self.serve(Server.honest)).verify, "7K2M9", "d")

    def test_k8_2_a_signed_answer_that_contradicts_itself_is_no_verdict(self):
        for body in (verdict("EXPIRED").replace(b"false", b"true"), verdict().replace(b"true", b"1"), b"{}", b"[]", b"", b"x"):
            self.refused(cuekey.Unreadable, lambda s, r: s.sign(r, 200, body))


if __name__ == "__main__":
    unittest.main()
