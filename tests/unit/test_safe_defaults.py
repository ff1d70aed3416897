"""Gradient is safe by default: this machine only, no statistics, no error detail on screen."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[2]
SECRET = "valeur confidentielle"
LISTEN = "0A"  # state of a listening socket in /proc/net/tcp
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


class Server(NamedTuple):
    port: int
    output: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real server, its real settings, and an application that fails at once."""
    script = tmp_path_factory.mktemp("app") / "failing.py"
    script.write_text(f"raise ValueError({SECRET!r})\n")
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("STREAMLIT_")}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / "serve.py"), str(script)],
        env=environment | {"PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    first_line = process.stdout.readline()
    yield Server(port, first_line)
    process.terminate()
    rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert rest == "Gradient est arrêté.\n"


def open_session(port: int, host: str = "127.0.0.1") -> ClientConnection:
    """Connect to this machine as a page of this host would."""
    sock = socket.create_connection(("127.0.0.1", port))
    return connect(f"ws://{host}:{port}/_stcore/stream", sock=sock)


@pytest.fixture(scope="module")
def messages(server: Server) -> list[ForwardMsg]:
    """What a browser receives while the failing application runs."""
    start = BackMsg()
    start.rerun_script.query_string = ""
    received: list[ForwardMsg] = []
    with open_session(server.port) as session:
        session.send(start.SerializeToString())
        while not received or received[-1].WhichOneof("type") != "script_finished":
            data = session.recv(timeout=20)
            assert isinstance(data, bytes)
            received.append(ForwardMsg.FromString(data))
    return received


def test_prints_its_address_in_french_and_nothing_else(server: Server) -> None:
    expected = f"Gradient est prêt : http://127.0.0.1:{server.port} (Ctrl+C pour arrêter)\n"
    assert server.output == expected


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="/proc/net/tcp n'existe pas ici")
def test_listens_on_loopback_only(server: Server) -> None:
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    rows = [line.split() for path in tables if path.exists() for line in path.open()]
    listening = [row[1].split(":") for row in rows if row[3] == LISTEN]
    addresses = {address for address, port in listening if int(port, 16) == server.port}
    assert addresses
    assert addresses <= LOOPBACK


def test_another_address_of_this_machine_is_refused(server: Server) -> None:
    # 127.0.0.2 reaches a server that listens everywhere, not one bound to 127.0.0.1.
    if not sys.platform.startswith("linux"):
        pytest.skip("127.0.0.2 n'est joignable que sous Linux")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", server.port), timeout=2)


def test_a_foreign_host_name_is_refused(server: Server) -> None:
    with open_session(server.port, host="localhost"):
        pass
    with pytest.raises(InvalidStatus), open_session(server.port, host="exemple.fr"):
        pass


def test_no_usage_statistics(messages: list[ForwardMsg]) -> None:
    sessions = [m.new_session for m in messages if m.WhichOneof("type") == "new_session"]
    assert sessions
    assert not any(session.config.gather_usage_stats for session in sessions)


def test_error_details_stay_on_the_server(messages: list[ForwardMsg]) -> None:
    errors = [
        message.delta.new_element.exception
        for message in messages
        if message.delta.new_element.WhichOneof("type") == "exception"
    ]
    assert len(errors) == 1
    assert not errors[0].stack_trace
    assert "ValueError" not in errors[0].type
    assert not any(SECRET in str(message) for message in messages)
