import math

import pytest

from segue.config import Config
from segue.errors import ConfigError
from segue.home import Home


@pytest.fixture
def load(tmp_path):
    def load(text: str | bytes) -> Config:
        home = Home.locate(tmp_path)
        home.config_file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Config.load(home)

    return load


def test_without_a_file_the_defaults_hold(tmp_path):
    assert Config.load(Home.locate(tmp_path)) == Config()


def test_values_and_byte_order_mark(load):
    config = load("\ufeffworkers = 3\nsettle_seconds = 5\nprovider = 'cpu'\n")
    assert (config.workers, config.settle_seconds, config.provider) == (3, 5.0, "cpu")
    assert config.worker_count() == 3


@pytest.mark.parametrize(
    ("text", "seconds"), [("", 3600.0), ("rescan_minutes = 0.5", 30.0), ("rescan_minutes = 0", math.inf)]
)
def test_no_minutes_between_two_scans_means_no_second_scan(load, text, seconds):
    assert load(text).rescan_seconds() == seconds


def test_at_least_one_worker():
    assert Config().worker_count() >= 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# mine\nworker = 3\n", r"config\.toml, line 2: there is no setting `worker`.*workers"),
        ("\nworkers = 'two'\n", r"line 2: `workers`: Expected `int`, got `str`"),
        ("workers = -1\n", r"line 1: `workers`: Expected `int` >= 0"),
        ("provider = 'tpu'\n", r"line 1: `provider`"),
        ("[workers]\ncount = 3\n", r"line 1: `workers`: Expected `int`"),
        ("workers = \n", r"not valid TOML.*line 1"),
        (b"log_level = '\xff'\n", r"cannot be read"),
    ],
)
def test_what_is_wrong_is_named(load, text, sentence):
    with pytest.raises(ConfigError, match=sentence):
        load(text)


@pytest.mark.parametrize(
    ("tcp", "query", "events"),
    [
        ("127.0.0.1:0", "tcp://127.0.0.1:0", "tcp://127.0.0.1:0"),
        ("localhost:4000", "tcp://127.0.0.1:4000", "tcp://127.0.0.1:4001"),
        ("[::1]:4000", "tcp://[::1]:4000", "tcp://[::1]:4001"),
    ],
)
def test_loopback_is_allowed(load, tcp, query, events):
    address = load(f"tcp = '{tcp}'").tcp_address()
    assert (address.query, address.events) == (query, events)


@pytest.mark.parametrize("tcp", ["0.0.0.0:4000", "192.168.1.7:0", "[::]:0"])
def test_other_addresses_must_be_asked_for(load, tcp):
    with pytest.raises(ConfigError, match="other machines"):
        load(f"tcp = '{tcp}'")
    assert load(f"tcp = '{tcp}'\nallow_remote = true").tcp_address() is not None


@pytest.mark.parametrize("tcp", ["127.0.0.1", "example:80", "127.0.0.1:http", "127.0.0.1:65535", "127.0.0.1:-1", "*:1"])
def test_what_is_no_address_is_refused(load, tcp):
    with pytest.raises(ConfigError, match="tcp ="):
        load(f"tcp = '{tcp}'")
