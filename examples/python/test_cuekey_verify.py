"""python3 -m unittest  （环境变量 / environment: CUEKEY_FORGED=数量 count, CUEKEY_SEED=种子 seed）

约定的测试向量、伪造的答复、设备码、命令。The contract's vectors, forged answers, device ids, the command.
"""

import base64
import contextlib
import io
import json
import os
import random
import tempfile
import unittest
from pathlib import Path

import cuekey_verify as cuekey
from cuekey_testkit import CONTRACT, NOW, PROJECT, PUBLIC, SDK_TESTS, SECRET, VECTORS, Server, forge, signed, verdict


class Contract(unittest.TestCase):
    def test_k8_1_requests_are_signed_as_the_contract_says(self):
        self.assertEqual(len(VECTORS["requests"]), 4)
        for v in VECTORS["requests"]:
            text = cuekey.canonical_request(v["method"], v["target"], v["timestamp"], v["nonce"], v["body"].encode())
            self.assertEqual(text, v["canonical"])
            self.assertEqual(cuekey.sign_request(v["secret"], text), v["signature"])

    def test_k8_1_answers_are_checked_as_the_contract_says(self):
        self.assertEqual(base64.b64encode(PUBLIC.public_bytes_raw()).decode(), VECTORS["response_public_key"])
        self.assertEqual(len(VECTORS["responses"]), 4)
        for v in VECTORS["responses"]:
            body = v["body"].encode()
            text = cuekey.canonical_response(v["request_nonce"], v["status"], v["timestamp"], body)
            self.assertEqual(text, v["canonical"])
            headers = [("Cuekey-Response-Timestamp", str(v["timestamp"])), ("Cuekey-Response-Signature", v["signature"])]
            self.assertEqual(cuekey.check_answer(PUBLIC, v["request_nonce"], v["status"], headers, body), v["timestamp"])

    def test_k8_1_the_copy_of_the_vectors_is_the_contracts(self):
        if not CONTRACT.exists():
            self.skipTest("the contract is not beside this repository")
        self.assertEqual(json.loads(CONTRACT.read_text("utf-8")), VECTORS)

    def test_k3_1b_keys_are_normalised_as_in_the_other_languages(self):
        for row in json.loads((SDK_TESTS / "key-text.json").read_text("utf-8")):
            self.assertEqual(cuekey.normalise(row["typed"]), row["sent"])


class Forged(unittest.TestCase):
    def test_k8_1_no_forged_answer_is_believed(self):
        seed, count = int(os.environ.get("CUEKEY_SEED", 1)), int(os.environ.get("CUEKEY_FORGED", 20_000))
        rng, kinds, tried = random.Random(seed), {}, 0
        genuine = [(v["request_nonce"], v["timestamp"], signed(PROJECT, v["request_nonce"], v["status"], v["timestamp"],
                                                               v["body"].encode())) for v in VECTORS["responses"]]
        genuine.append(("Zm9yZ2VkLW5vbmNl_-0", NOW, signed(PROJECT, "Zm9yZ2VkLW5vbmNl_-0", 200, NOW, verdict())))
        for nonce, now, answer in genuine:
            cuekey.check_fresh(cuekey.check_answer(PUBLIC, nonce, *answer), now)
        while tried < count:
            original = rng.choice(genuine)
            kind, nonce, now, answer = forge(rng, *original)
            if (nonce, now, answer) == original:
                continue
            tried, kinds[kind] = tried + 1, kinds.get(kind, 0) + 1
            with self.assertRaises(cuekey.ForgedAnswer, msg="seed %d: %s %r" % (seed, kind, answer)):
                cuekey.check_fresh(cuekey.check_answer(PUBLIC, nonce, *answer), now)
        self.assertEqual((sum(kinds.values()), len(kinds)), (count, 17), kinds)


class Local(unittest.TestCase):
    def test_k3_2a_the_device_id_stays_the_same(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "deep", "device-id")
            first = cuekey.load_device_id(path)
            self.assertEqual((len(first), cuekey.load_device_id(path), os.listdir(os.path.dirname(path))), (32, first, ["device-id"]))
            Path(path).write_bytes(b"\xff\x00")
            self.assertRaises(cuekey.ConfigurationError, cuekey.load_device_id, path)
            self.assertEqual(Path(path).read_bytes(), b"\xff\x00")

    def test_k8_1_settings_that_cannot_work_are_refused(self):
        key = VECTORS["response_public_key"]
        for urls, api_key, public_key in [([], "pk_a", key), ("keys.example.com", "pk_a", key), ("https://h/prefix", "pk_a", key),
                                          ("https://h", "sk_a", key), ("https://h", "pk_a\n", key), ("https://h", "pk_a", "AAAA")]:
            self.assertRaises(cuekey.ConfigurationError, cuekey.CuekeyClient, urls, api_key, SECRET, public_key)


class Command(unittest.TestCase):
    def run_command(self, *argv):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cuekey.main(list(argv))
        return code, out.getvalue(), err.getvalue()

    def test_k8_2_the_command_and_the_demos_file(self):
        def behave(server, request):
            server.now = int(request.headers["Cuekey-Timestamp"])
            good = b"G00DKEY" in request.body
            return server.honest(request, 200, verdict() if good else verdict("EXPIRED", "renew"))

        server = Server(behave)
        self.addCleanup(server.close)
        project = {"id": "prj_1", "api_key": "pk_test", "secret": SECRET, "response_public_key": VECTORS["response_public_key"]}
        demo = {"console": server.url + "/console/", "accounts": [], "project": project, "keys": ["GOODKEY", "B"]}
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "demo.json")
            Path(path).write_text(json.dumps(demo), "utf-8")
            device = ["--device-file", os.path.join(directory, "device-id")]
            code, out, _ = self.run_command("--demo", path, *device)
            self.assertEqual(code, 0)
            self.assertIn("有效 valid VALID", out)
            code, out, _ = self.run_command("--demo", path, "B", *device)
            self.assertEqual(code, 1)
            self.assertIn("EXPIRED", out)
            self.assertEqual(self.run_command("--demo", path, "--query")[0], 0)
            self.assertEqual(self.run_command("--demo", directory)[0], 2)
        given = ["--url", server.url, "--api-key", "pk_test", "--secret", SECRET, "--public-key", project["response_public_key"]]
        self.assertEqual(self.run_command(*given, "GOODKEY", "--device", "d")[0], 0)
        code, _, err = self.run_command(*given[:-1], base64.b64encode(bytes(32)).decode(), "GOODKEY", "--device", "d")
        self.assertEqual(code, 2)
        self.assertIn("答复不可信 / answer not believed", err)
        self.assertEqual(self.run_command()[0], 2)


if __name__ == "__main__":
    unittest.main()
