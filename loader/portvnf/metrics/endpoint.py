"""The HTTP endpoint that Prometheus scrapes: GET /metrics, nothing else.

A few scrapes at a time, each with a time limit; whoever comes beyond that is sent away, so
that nobody can tie the agent up. It ends with the agent.
"""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from portvnf import defect
from portvnf.agent.blade import Blade
from portvnf.errors import AgentError, HostError

AT_ONCE = 4
TIMEOUT_S = 5.0
_PATHS = ("/", "/metrics")

Write = Callable[[], bytes]


@contextmanager
def serving(address: tuple[str, int], blade: Blade) -> Iterator[int]:
    """Serves the blade's metrics meanwhile; gives the TCP port. A HostError when the library is
    missing, an AgentError when nobody can listen there."""
    write, kind = _writer(blade)
    with _listen(address, write, kind) as server:
        thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def _writer(blade: Blade) -> tuple[Write, str]:
    """What writes a scrape's answer, and the answer's type. A blade without metrics can do
    without the library."""
    try:
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        from portvnf.metrics.collector import registry_of
    except ImportError:
        raise HostError(
            "[metrics] needs the Python package prometheus_client "
            "(Debian: python3-prometheus-client)"
        ) from None
    registry = registry_of(blade)
    return lambda: generate_latest(registry), CONTENT_TYPE_LATEST


def _listen(address: tuple[str, int], write: Write, kind: str) -> _Server:
    try:
        return _Server(address, write, kind)
    except OSError as error:
        where = f"{address[0]}:{address[1]}"
        raise AgentError(f"cannot listen on {where}: {error.strerror or error}") from None


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 16

    def __init__(self, address: tuple[str, int], write: Write, kind: str) -> None:
        self.write = write
        self.kind = kind
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._free = threading.Semaphore(AT_ONCE)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        # An OSError is the scraper's: it left.
        if isinstance(error, Exception) and not isinstance(error, OSError):
            defect.told("a scrape of the metrics", error)


class _Handler(BaseHTTPRequestHandler):
    timeout = TIMEOUT_S
    server: _Server

    def do_GET(self) -> None:
        if self.path.partition("?")[0] not in _PATHS:
            self.send_error(HTTPStatus.NOT_FOUND, "metrics are at /metrics")
            return
        try:
            body = self.server.write()
        except Exception as error:  # the scraper is to know that it is not the network
            said = defect.told("a scrape of the metrics", error).message
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR, explain=said)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.server.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """The Server header; which Python runs is nobody's business."""
        return "portvnf"

    def log_message(self, format: str, *arguments: object) -> None:
        """A scrape is no news."""
