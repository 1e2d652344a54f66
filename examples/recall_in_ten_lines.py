"""The lessons that fit a task, from Python's standard library alone: put `prompt` behind your agent's instructions."""

import json
import os
import sys
from urllib.request import Request, urlopen

task = sys.argv[1] if len(sys.argv) > 1 else "The card I paid with is closed. Where will my refund go?"
token = os.environ.get("LOOPWRIGHT_ACCESS_TOKEN")
asked = {"agent": "shop-support", "task": task, "run_key": os.environ.get("RUN_KEY", ""), "tool": "", "k": 3}
headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
url = os.environ.get("LOOPWRIGHT_URL", "http://127.0.0.1:8501")
with urlopen(Request(f"{url}/api/recall", json.dumps(asked).encode(), headers), timeout=3) as answer:
    recalled = json.load(answer)
print(f"recall {recalled['recall_id']} ({recalled['arm']})", recalled["prompt"], sep="\n")
