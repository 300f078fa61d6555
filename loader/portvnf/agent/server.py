"""The agent's process: listens for operators and for peers until it is told to stop."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import ssl
import threading
from collections.abc import Callable
from functools import partial

from portvnf import defect
from portvnf.agent import control
from portvnf.agent.blade import MESSAGE_TIMEOUT_S, Blade, State, complain
from portvnf.agent.configuration import BladeSpec
from portvnf.errors import AgentError, PortvnfError
from portvnf.metrics import endpoint
from portvnf.migration import channel

HANDSHAKE_TIMEOUT_S = 30.0
POLL_S = 0.2


def run(spec: BladeSpec, take_ownership: bool = False) -> int:
    """Runs a blade's agent; returns when an operator or a signal stops it. With
    `take_ownership` it is active whatever its configuration and its last run say."""
    context = None
    if spec.agent is not None:
        spec.agent.credentials.check(spec.name)
        context = spec.agent.credentials.context(server=True)
    blade = Blade(spec)
    if blade.selection.note:
        complain(blade.selection.note)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with contextlib.ExitStack() as stack:
        stack.callback(blade.close)
        operators = stack.enter_context(_control_socket(spec))
        stack.callback(spec.control.unlink, missing_ok=True)
        peers = stack.enter_context(_peer_socket(spec)) if spec.agent else None
        if spec.metrics is not None:
            stack.enter_context(endpoint.serving(spec.metrics, blade))
        _begin(blade, take_ownership)
        _in_background(
            lambda: _accept(operators, stopping, lambda c: control.serve(c, blade, stopping.set))
        )
        if peers is not None and context is not None:
            _in_background(lambda: _accept(peers, stopping, lambda c: _peer(c, context, blade)))
        print(json.dumps({"event": "ready", **blade.status()}), flush=True)
        while not stopping.wait(POLL_S):
            pass
        if blade.state == State.IN_DOUBT:
            complain("stopped while in doubt about a migration")
    return 0


def _begin(blade: Blade, take_ownership: bool) -> None:
    gone = None if take_ownership else blade.ownership.read()
    if take_ownership or (blade.spec.active and gone is None):
        blade.start()
        return
    if gone is not None and (blade.spec.active or not gone.certain):
        complain(gone.sentence(blade.spec.name))
    blade.stand_by()


def _control_socket(spec: BladeSpec) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(spec.control))
            raise AgentError(f"another agent serves {spec.control}")
        if spec.control.exists() and not spec.control.is_socket():
            raise AgentError(f"{spec.control} is there and is no socket")
        spec.control.unlink(missing_ok=True)
        listener.bind(str(spec.control))
        spec.control.chmod(0o600)
        listener.listen()
    except OSError as error:
        listener.close()
        raise AgentError(f"cannot listen on {spec.control}: {error.strerror or error}") from None
    except AgentError:
        listener.close()
        raise
    return listener


def _peer_socket(spec: BladeSpec) -> socket.socket:
    assert spec.agent is not None
    host, port = spec.agent.listen
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise AgentError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _accept(
    listener: socket.socket, stopping: threading.Event, serve: Callable[[socket.socket], None]
) -> None:
    while not stopping.is_set():
        try:
            connection, _ = listener.accept()
        except OSError as error:
            if listener.fileno() < 0:
                return  # closed: the agent ends
            complain(f"cannot accept a connection: {error.strerror or error}")
            stopping.wait(POLL_S)  # too many files open: some will be closed
            continue
        _in_background(partial(serve, connection))


def _peer(plain: socket.socket, context: ssl.SSLContext, blade: Blade) -> None:
    assert blade.spec.agent is not None
    try:
        names = set(blade.spec.agent.peers)
        with channel.accept(context, plain, names, HANDSHAKE_TIMEOUT_S) as opened:
            opened.set_timeout(MESSAGE_TIMEOUT_S)
            _answer(opened, blade)
    except PortvnfError as error:
        complain(error.message)


def _answer(opened: channel.Channel, blade: Blade) -> None:
    try:
        blade.answer_peer(opened)
    except PortvnfError:
        raise
    except Exception as error:  # the peer is to know, and not to wait for an answer
        opened.refuse(defect.told(f"{blade.spec.name}: what {opened.peer} asked for", error))
