"""Others' SDKs, asked line by line: a JSON object on standard input, its answer on standard output.

Tests hold our stand-ins and our clients against them: what these sign has to be taken, what ours sign has to be believed, and with a byte
changed neither. A file for each SDK, and one (`doors_wechat`) for what no SDK has; only that which is asked for is loaded.
"""

import importlib
import json
import sys


def main():
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            sdk, act = ask["do"].split(".")
            answer = {"answer": importlib.import_module(sdk).ACTS[act](ask)}
        except Exception as error:  # What they throw is what is asked about.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
