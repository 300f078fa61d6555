"""Peers that are not to be trusted are turned away, and the agent goes on."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from portvnf.agent import blade as blade_module
from portvnf.errors import MigrationError
from portvnf.migration import channel
from portvnf.migration.messages import HEADER, Kind

from . import pair as pair_module
from .network import Network
from .pair import Pair, credentials
from .subscribers import Subscriber

Visit = Callable[[tuple[str, int], Path, Path], None]


def _speak(address: tuple[str, int], context: ssl.SSLContext) -> None:
    """TLS 1.3 tells a client only after its handshake that it is not wanted."""
    with (
        socket.create_connection(address, 5) as plain,
        context.wrap_socket(plain, server_hostname="b") as secured,
    ):
        secured.sendall(HEADER.pack(Kind.HELLO, 2) + b"{}")
        assert secured.recv(100) == b""


def other_authority(address: tuple[str, int], ours: Path, theirs: Path) -> None:
    context = credentials(theirs, "a").context(server=False)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _speak(address, context)


def no_certificate(address: tuple[str, int], ours: Path, theirs: Path) -> None:
    context = ssl.create_default_context(cafile=ours / "ca.crt")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _speak(address, context)


def unknown_name(address: tuple[str, int], ours: Path, theirs: Path) -> None:
    context = credentials(ours, "stranger").context(server=False)
    try:
        _speak(address, context)
    except ConnectionError:
        return  # closed before our message was read


def old_tls(address: tuple[str, int], ours: Path, theirs: Path) -> None:
    context = credentials(ours, "a").context(server=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _speak(address, context)


def plain_text(address: tuple[str, int], ours: Path, theirs: Path) -> None:
    with socket.create_connection(address, 5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
        try:
            while plain.recv(1000):
                pass
        except ConnectionError:
            pass


def silent(address: tuple[str, int], ours: Path, theirs: Path) -> None:
    with socket.create_connection(address, 5) as plain:
        assert plain.recv(1000) == b"", "the agent hangs up"


def gone(address: tuple[str, int], ours: Path, theirs: Path) -> None:
    with socket.create_connection(address, 5) as plain:
        # Closing resets the connection at once.
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


TURNED_AWAY = "an untrusted peer was turned away: "


@pytest.mark.parametrize(
    ("visit", "said"),
    [
        (other_authority, f"{TURNED_AWAY}its certificate does not verify"),
        (no_certificate, TURNED_AWAY),
        (unknown_name, "a peer whose certificate names no configured blade was turned away"),
        (old_tls, TURNED_AWAY),
        (plain_text, TURNED_AWAY),
        (silent, f"{TURNED_AWAY}no answer in time"),
        (gone, TURNED_AWAY),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_turned_away(
    pair: Pair,
    pki_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    visit: Visit,
    said: str,
) -> None:
    monkeypatch.setattr(pair_module, "HANDSHAKE_S", 0.3)
    listener = pair.listeners["b"]
    visit(listener.address, pki_folder, tmp_path / "theirs")
    # The next connection is served after it was accepted: so is this one.
    assert pair.move("a", "b")["event"] == "done"
    assert len(listener.errors) == 1 and listener.errors[0].startswith(said), listener.errors


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "a closed the channel"),
        (HEADER.pack(Kind.HELLO, 3) + b"[1]", "a control message that is not a JSON object"),
        (HEADER.pack(Kind.HELLO, 2) + b"\xff\xfe", "a control message that is not a JSON object"),
        (HEADER.pack(Kind.HELLO, 100_000) + b"[" * 100_000, "that is not a JSON object"),
        (HEADER.pack(Kind.HELLO, 2) + b"{}", "the migration protocol of a (None) is not that of b"),
        (HEADER.pack(Kind.QUERY, 1) + b"1", "a control message that is not a JSON object"),
        (b"\x63" + bytes(4), "a sent a message of kind 99, 0 bytes"),
        (HEADER.pack(Kind.COMMIT, 0), "a began with COMMIT"),
    ],
)
def test_a_trusted_peer_that_sends_nonsense(
    pair: Pair, pki_folder: Path, sent: bytes, said: str
) -> None:
    listener = pair.listeners["b"]
    keys = credentials(pki_folder, "a")
    with channel.connect(keys, "b", listener.address, 5) as opened:
        opened._connection.sendall(sent)
    assert pair.move("a", "b")["event"] == "done"
    assert len(listener.errors) == 1 and said in listener.errors[0], listener.errors


def test_a_trusted_peer_that_says_nothing(
    pair: Pair, pki_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = pair.listeners["b"]
    keys = credentials(pki_folder, "a")
    with monkeypatch.context() as impatient:
        impatient.setattr(blade_module, "MESSAGE_TIMEOUT_S", 0.3)
        with (
            channel.connect(keys, "b", listener.address, 5) as opened,
            pytest.raises(MigrationError, match="b closed the channel"),
        ):
            opened.receive()
    assert pair.move("a", "b")["event"] == "done"
    assert listener.errors == ["the channel to a broke: no answer in time"]


@pytest.mark.parametrize("name", ["stranger", "b.example"])
def test_the_source_makes_sure_who_answers(
    pair: Pair, network: Network, subscribers: list[Subscriber], name: str
) -> None:
    """b listens where another blade should be."""
    pair.introduce("a", name, pair.listeners["b"].address)
    with pytest.raises(MigrationError, match=rf"{name} at .* is not trusted: its certificate does"):
        pair["a"].migrate(name, print)
    network.pump(subscribers[:2])
    network.expect_everything()


def test_unreachable(pair: Pair, network: Network, subscribers: list[Subscriber]) -> None:
    pair.listeners["b"].refuse_connections()
    with pytest.raises(MigrationError, match=r"cannot reach b at 127.*: Connection refused"):
        pair["a"].migrate("b", print)
    network.pump(subscribers[:2])
    network.expect_everything()


def test_a_server_that_is_no_agent(pair: Pair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        pair.introduce("a", "b", listening.getsockname())
        plain: list[socket.socket] = []

        def answer(event: object) -> None:
            raise AssertionError("no event before a peer is trusted")

        import threading

        def hang_up() -> None:
            connection, _ = listening.accept()
            connection.sendall(b"220 mail.example ESMTP\r\n")
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(MigrationError, match=r"b at 127.* is not trusted: "):
            pair["a"].migrate("b", answer)
        thread.join(5)
        assert not plain and pair.owners() == ["a"]
