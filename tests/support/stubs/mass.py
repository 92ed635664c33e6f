"""A stand-in for Meta's send endpoint that takes thousands of messages and forgets no call."""

import asyncio
import re
import threading
import time
from dataclasses import dataclass

import orjson

SIZE = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Connection:
    """`ended_at`: when the other side closed it, or died; all times are `time.monotonic()`."""

    ended_at: float | None = None


@dataclass(slots=True)
class Seen:
    """One call: when it came, and when its answer left."""

    correlation_id: str
    to: str
    connection: Connection
    came_at: float
    answered_at: float | None = None

    @property
    def id(self):
        return f"wamid.mass-{self.correlation_id}"


class MassStub:
    """Answers each call after so many seconds; `seen` are the calls in the order they came."""

    def __init__(self, seconds=0.15):
        self.seen = []
        self._seconds = seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()

    async def _serve(self, reader, writer):
        connection = Connection()
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = SIZE.search(head)
                if size is None:  # a look at the account: it is out of reach
                    break
                body = await reader.readexactly(int(size[1]))
                await self._answer(orjson.loads(body), connection, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # a killed sender's
        finally:
            connection.ended_at = time.monotonic()
            writer.close()

    async def _answer(self, body, connection, writer):
        seen = Seen(body["biz_opaque_callback_data"], body["to"], connection, time.monotonic())
        self.seen.append(seen)
        await asyncio.sleep(self._seconds)
        told = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": seen.to, "wa_id": seen.to.lstrip("+")}],
            "messages": [{"id": seen.id}],
        }
        text = orjson.dumps(told)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}"
        writer.write(f"{head}\r\n\r\n".encode() + text)
        seen.answered_at = time.monotonic()
        await writer.drain()
