"""What to play next, with nothing but pyzmq: python next.py "some title"."""

import json, os, pathlib, sys  # noqa: E401, I001
import zmq

home = pathlib.Path(os.environ.get("SEGUE_HOME") or pathlib.Path.home() / ".local/state/segue")
connection = json.loads((home / "run/connection.json").read_text())
socket = zmq.Context().socket(zmq.REQ)
socket.connect(connection["endpoints"]["query"])
socket.send_json({"jsonrpc": "2.0", "id": 1, "method": "recommend.next", "params": {"track": sys.argv[1]}})
answer = socket.recv_json()
for suggestion in answer["result"]["suggestions"] if "result" in answer else sys.exit(answer["error"]["message"]):
    print(f"{suggestion['score']:.2f}  {suggestion['title']}: {suggestion['why']}")
