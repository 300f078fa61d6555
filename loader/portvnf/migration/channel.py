"""The channel between two agents: TLS 1.3, each side with a certificate of the same trust.

A peer is who its certificate says (subject alternative name), and it must be one of the
peers that the blade's configuration lists.
"""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from portvnf.errors import ConfigError, MigrationError, PortvnfError
from portvnf.migration.messages import (
    HEADER,
    LARGEST,
    Kind,
    decode_control,
    encode_control,
)

# How long a refused peer is listened to, so that it gets to read why.
REFUSAL_LINGER_S = 5.0


@dataclass(frozen=True)
class Credentials:
    """Paths of PEM files."""

    certificate: Path
    key: Path
    trust: Path

    def context(self, server: bool) -> ssl.SSLContext:
        """A TLS context that demands a certificate of the peer, whichever side it is."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        for path in (self.certificate, self.key, self.trust):
            if not path.is_file():
                raise ConfigError(f"there is no file {path}: make it with portvnf pki")
        try:
            context.load_cert_chain(self.certificate, self.key)
            context.load_verify_locations(self.trust)
        except (ssl.SSLError, OSError) as error:
            raise ConfigError(f"{self.certificate} or {self.trust} is unusable: {error}") from None
        return context

    def check(self, name: str) -> None:
        """Makes sure that peers would take this side for `name`: it shakes hands with itself,
        in memory. A ConfigError says why not."""
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = self.context(server=True).wrap_bio(to_server, to_client, server_side=True)
        client = self.context(server=False).wrap_bio(to_client, to_server, server_hostname=name)
        for side in (client, server, client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                raise ConfigError(
                    f"peers would not take {self.certificate} for {name}: {error.verify_message}"
                ) from None
            except ssl.SSLError as error:
                raise ConfigError(f"{self.certificate} is unusable: {error}") from None


def names_in(certificate: Any) -> set[str]:
    """The DNS names that a verified certificate is for."""
    alternatives = (certificate or {}).get("subjectAltName", ())
    return {name for kind, name in alternatives if kind == "DNS"}


class Channel:
    """A connected, authenticated peer. Every error is a MigrationError that names it."""

    def __init__(self, connection: ssl.SSLSocket, peer: str, timeout_s: float) -> None:
        self.peer = peer
        self._connection = connection
        self._timeout_s = timeout_s
        self._deadline: float | None = None
        self._limit = ""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Channel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def set_timeout(self, timeout_s: float) -> None:
        """How long to wait for the peer each time from now on."""
        self._timeout_s = timeout_s

    def set_deadline(self, moment: float | None, limit: str = "") -> None:
        """Until when (time.monotonic()) all that is sent and received from now on must be
        done, and what that limit is called; None: there is none but the timeout."""
        self._deadline, self._limit = moment, limit

    def _arm(self) -> None:
        """Sets the time that the next call on the connection may take."""
        timeout_s = self._timeout_s
        if self._deadline is not None:
            # 0 would mean "do not wait", which is another error.
            timeout_s = max(min(timeout_s, self._deadline - time.monotonic()), 0.001)
        self._connection.settimeout(timeout_s)

    def _broken(self, error: OSError) -> MigrationError:
        late = self._deadline is not None and time.monotonic() >= self._deadline
        if late and isinstance(error, TimeoutError):
            return MigrationError(f"{self.peer} did not answer within {self._limit}")
        return MigrationError(f"the channel to {self.peer} broke: {_text(error)}")

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def send(self, kind: Kind, payload: bytes = b"") -> None:
        """Sends one message."""
        rest = memoryview(HEADER.pack(kind, len(payload)) + payload)
        try:
            while rest:
                self._arm()
                rest = rest[self._connection.send(rest) :]
        except OSError as error:
            raise self._broken(error) from None

    def refuse(self, error: PortvnfError) -> None:
        """Sends REFUSE with the error's sentence and ends the connection, so that the peer
        gets to read it: what it still sends is taken and thrown away, for a closed socket
        with unread bytes would reset the connection."""
        try:
            self.send_control(Kind.REFUSE, message=error.message)
            self._connection.shutdown(socket.SHUT_WR)
            self._connection.settimeout(REFUSAL_LINGER_S)
            deadline = time.monotonic() + REFUSAL_LINGER_S
            while time.monotonic() < deadline and self._connection.recv(1 << 18):
                pass
        except (MigrationError, OSError):
            return  # the channel is what failed: the peer knows by itself

    def send_control(self, kind: Kind, **content: Any) -> None:
        """Sends one control message."""
        self.send(kind, encode_control(content))

    def receive(self) -> tuple[Kind, bytes]:
        """The next message; REFUSE becomes a MigrationError with the peer's sentence."""
        number, length = HEADER.unpack(self._exactly(HEADER.size))
        if length > LARGEST or number not in Kind.__members__.values():
            raise MigrationError(f"{self.peer} sent a message of kind {number}, {length} bytes")
        payload = self._exactly(length)
        if number == Kind.REFUSE:
            sentence = decode_control(payload).get("message", "no reason given")
            raise MigrationError(f"{self.peer} refuses: {sentence}")
        return Kind(number), payload

    def expect(self, kind: Kind) -> dict[str, Any]:
        """The next message, which must be this control message."""
        received, payload = self.receive()
        if received != kind:
            raise MigrationError(f"{self.peer} sent {received.name} where {kind.name} was due")
        return decode_control(payload)

    def _exactly(self, length: int) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            try:
                self._arm()
                part = self._connection.recv(min(length - len(parts), 1 << 18))
            except OSError as error:
                raise self._broken(error) from None
            if not part:
                raise MigrationError(f"{self.peer} closed the channel")
            parts += part
        return bytes(parts)


def connect(
    credentials: Credentials, peer: str, address: tuple[str, int], timeout_s: float
) -> Channel:
    """Connects to a peer agent and makes sure that it is that peer."""
    where = f"{peer} at {address[0]}:{address[1]}"
    context = credentials.context(server=False)
    try:
        plain = socket.create_connection(address, timeout_s)
    except OSError as error:
        raise MigrationError(f"cannot reach {where}: {_text(error)}") from None
    try:
        # check_hostname is on: the certificate must be for this peer's name.
        return Channel(context.wrap_socket(plain, server_hostname=peer), peer, timeout_s)
    except (OSError, ValueError) as error:
        plain.close()
        raise MigrationError(f"{where} is not trusted: {_text(error)}") from None


def accept(
    context: ssl.SSLContext, plain: socket.socket, peers: set[str], timeout_s: float
) -> Channel:
    """Authenticates a peer that connected; it must be one of `peers`."""
    plain.settimeout(timeout_s)
    secured = None
    try:
        plain.getpeername()  # wrap_socket would leak the socket of a peer that has left already
        secured = context.wrap_socket(plain, server_side=True)
        known = names_in(secured.getpeercert()) & peers
    except (OSError, ValueError) as error:  # a peer that has left already may cause either
        (secured or plain).close()
        raise MigrationError(f"an untrusted peer was turned away: {_text(error)}") from None
    if not known:
        secured.close()
        raise MigrationError("a peer whose certificate names no configured blade was turned away")
    return Channel(secured, known.pop(), timeout_s)


def _text(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not verify ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or str(error)
