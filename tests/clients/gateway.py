"""An HTTPS proxy on the loopback address that ends TLS for Salesforce's hosts and carries the calls to one simulated org.

Clients find it through the environment variable they document (`HTTPS_PROXY`) and trust its certificate through the one
they document (`REQUESTS_CA_BUNDLE`, `NODE_EXTRA_CA_CERTS`). Every other host is refused, and named.
"""

import asyncio
import contextlib
import ssl
import threading
from collections import Counter

CHUNK = 65_536
GREETING_BYTES = 16_384


class Gateway:
    """Serves in a thread of its own until `close`."""

    def __init__(self, certificate, org_port):
        self.called = Counter()
        self.refused = Counter()
        self._org_port = org_port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._context.set_alpn_protocols(["http/1.1"])
        self._loop = asyncio.new_event_loop()
        listening = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(listening,), daemon=True)
        self._thread.start()
        if not listening.wait(20):
            raise RuntimeError("the gateway does not listen")

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}"

    def close(self):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    def _serve(self, listening):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run(listening))

    async def _run(self, listening):
        self._stop = asyncio.Event()
        inside = await asyncio.start_server(self._to_org, "127.0.0.1", 0, ssl=self._context)
        self._inside_port = inside.sockets[0].getsockname()[1]
        outside = await asyncio.start_server(self._greet, "127.0.0.1", 0, limit=GREETING_BYTES)
        self._port = outside.sockets[0].getsockname()[1]
        listening.set()
        await self._stop.wait()
        outside.close()
        inside.close()
        # Clients keep connections open; with the loop they end.
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _greet(self, reader, writer):
        """Answers one CONNECT, and leads an allowed one to the listener that ends TLS."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            writer.close()
            return
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split()
        target = words[1] if len(words) == 3 and words[0] == "CONNECT" else f"not a CONNECT: {words[:2]}"
        host, _, port = target.rpartition(":")
        if port != "443" or not host.endswith(".salesforce.com"):
            self.refused[target] += 1
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            writer.close()
            return
        self.called[host] += 1
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _join(reader, writer, self._inside_port)

    async def _to_org(self, reader, writer):
        await _join(reader, writer, self._org_port)


async def _join(reader, writer, port):
    """Copies both ways between a connection and a local port until both ends are done."""
    try:
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_copy(reader, other_writer), _copy(other_reader, writer))
    except asyncio.CancelledError:
        pass  # the gateway closes while a client keeps its connection
    except OSError:
        writer.close()


async def _copy(reader, writer):
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        with contextlib.suppress(ConnectionError, ssl.SSLError, RuntimeError):
            writer.close()
