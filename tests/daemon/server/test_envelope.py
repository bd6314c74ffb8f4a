import json
import subprocess
import sys
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from segue import errors
from segue.protocol import envelope
from segue.protocol.envelope import Fault, Request, decode_params, find_method, make_error, parse, parse_answer
from segue.protocol.methods import MAX_BATCH

PING = {"jsonrpc": "2.0", "id": 1, "method": "daemon.ping"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*PING, "params"]) | st.text(), inner),
)


def only(body: bytes) -> Request | Fault:
    parsed = parse(body)
    assert not parsed.batch
    assert len(parsed.items) == 1
    return parsed.items[0]


@pytest.mark.parametrize("request_id", [0, -5, 2**70, "", "a", None])
def test_ids_come_back(request_id):
    request = only(json.dumps({**PING, "id": request_id}).encode())
    assert request.id == request_id
    assert json.loads(envelope.encode_result(request.id, {}))["id"] == request_id


def test_notification_has_no_id():
    assert only(b'{"jsonrpc":"2.0","method":"daemon.ping"}').id is UNSET


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b"\xff", b"{'a':1}", b"[" * 200_000, b"[1,"])
def test_no_json(body):
    fault = only(body)
    assert isinstance(fault.error, errors.ParseError)
    assert fault.id is None


@pytest.mark.parametrize(
    ("body", "request_id"),
    [
        ("1", None),
        ("{}", None),
        ("[]", None),
        ('{"jsonrpc":"1.0","id":7,"method":"x"}', 7),
        ('{"jsonrpc":"2.0","id":7}', 7),
        ('{"jsonrpc":"2.0","id":7,"method":1}', 7),
        ('{"jsonrpc":"2.0","id":1.5,"method":"x"}', None),
        ('{"jsonrpc":"2.0","id":true,"method":"x"}', None),
        ('{"jsonrpc":"2.0","id":{},"method":"x"}', None),
        ('{"jsonrpc":"2.0","id":7,"method":"x","parms":{}}', 7),
        ('{"jsonrpc":"2.0","id":"' + "i" * 500 + '","method":"x"}', None),
        (json.dumps([PING] * (MAX_BATCH + 1)), None),
    ],
)
def test_no_request(body, request_id):
    fault = only(body.encode())
    assert isinstance(fault.error, errors.InvalidRequestError)
    assert fault.id == request_id


def test_batch_keeps_what_is_right_in_it():
    parsed = parse(json.dumps([PING, 5, {**PING, "id": 2}]).encode())
    assert parsed.batch
    assert [type(item) for item in parsed.items] == [Request, Fault, Request]


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()) | st.text().map(lambda text: text.encode()))
def test_no_bytes_raise(body):
    for item in parse(body).items:
        if isinstance(item, Fault):
            assert json.loads(envelope.encode_error(item.id, item.error))["error"]["message"]


@given(JSON)
def test_no_params_raise_anything_else(value):
    request = only(json.dumps({**PING, "method": "recommend.similar", "params": value}).encode())
    if isinstance(request, Request):
        with suppress(errors.InvalidParamsError):
            assert decode_params(find_method(request.method), request.params).path


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({}, "required field `path`"),
        ({"path": "a", "limt": 3}, "unknown field `limt`.*`path`, `limit`"),
        ({"path": 5}, "`path`: Expected `str`, got `int`"),
        ({"path": "a", "limit": 201}, "`limit`: Expected `int` <= 200"),
        ({"path": "a", "limit": "3"}, "`limit`: Expected `int`, got `str`"),
        ({"path": ""}, "`path`: Expected `str` of length >= 1"),
        ({"path": "x" * 4097}, "`path`: Expected `str` of length <= 4096"),
        (["a"], "Expected `object`, got `array`"),
    ],
)
def test_params_are_strict_and_the_error_names_the_field(params, sentence):
    with pytest.raises(errors.InvalidParamsError, match=sentence):
        decode_params(find_method("recommend.similar"), msgspec.Raw(json.dumps(params).encode()))


@pytest.mark.parametrize("raw", [b"", b"null", b"{}", b" {} "])
def test_no_params_is_fine_where_none_are_needed(raw):
    decode_params(find_method("daemon.ping"), msgspec.Raw(raw))


def test_unknown_method_names_the_known_ones():
    with pytest.raises(errors.UnknownMethodError, match=r"recommend\.next"):
        find_method("recommend.nxt")


def all_errors(kind: type[errors.SegueError] = errors.SegueError) -> list[type[errors.SegueError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in all_errors(child))]


def test_codes_are_unique():
    codes = [kind.code for kind in all_errors() if kind.__module__.startswith("segue.errors")]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", [kind for kind in all_errors() if kind.__module__.startswith("segue.errors")])
def test_every_error_survives_the_wire(kind):
    answer = parse_answer(envelope.encode_error(3, kind("Do this, then that.")))
    assert answer.id == 3
    assert type(answer.error) is kind
    assert str(answer.error) == "Do this, then that."


def test_numbers_are_those_of_the_standard():
    for kind, number in [
        (errors.ParseError, -32700),
        (errors.InvalidRequestError, -32600),
        (errors.UnknownMethodError, -32601),
        (errors.InvalidParamsError, -32602),
        (errors.SegueError, -32603),
        (errors.TrackNotFoundError, -32000),
    ]:
        assert json.loads(envelope.encode_error(1, kind("x")))["error"]["code"] == number


def test_code_of_a_newer_daemon_is_kept_in_the_sentence():
    error = make_error("from-the-future", "Look up.")
    assert type(error) is errors.SegueError
    assert str(error) == "Look up. (from-the-future)"


def test_file_names_that_are_no_utf8_do_not_break_an_error():
    error = errors.NotAudioError("No audio in caf\udce9.mp3.")
    assert "No audio in caf" in json.loads(envelope.encode_error(1, error))["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id":{}}', b'{"id":1,"error":5}', b"\xff"])
def test_no_answer(body):
    with pytest.raises(errors.ProtocolError):
        parse_answer(body)


def test_thin_modules_stay_thin():
    script = (
        "import sys, segue.client, segue.home, segue.config, segue.protocol.envelope\n"
        "heavy = {'numpy', 'onnxruntime', 'hnswlib', 'librosa', 'torch', 'scipy', 'asyncio', 'psutil'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
