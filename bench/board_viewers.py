"""So many open boards without a browser: each is told by its socket, or hears the signal and
fetches, as the page does where it is not told.

A process of its own, told what to do by JSON on standard input; it prints what the viewers saw.
"""

import asyncio
import json
import random
import re
import sys
import time
import zlib
from base64 import b64encode
from datetime import datetime

AT = re.compile(rb"x-computed-at: (\S+)", re.IGNORECASE)
WRITTEN_AT = re.compile(rb'data-at="([^"]+)"')
BEGINNING = 1_000  # bytes of a board that say when it was computed
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
TAG = re.compile(rb"etag: (\S+)", re.IGNORECASE)
RESTING = 0.6  # seconds between two fetches of a page: as `data-live-every` says, and chance
ASK_AGAIN = 5  # seconds without a signal, as in board.js
HEARTBEAT = 20  # as in live.js
TOGETHER = 20  # open the page at the same moment
OPENED_WITHIN = 240  # seconds for all of them


async def main():
    order = json.loads(sys.stdin.readline())
    kind = {"socket": Told, "signals": Fetching}[order["by"]]
    viewers = [kind(order["host"], order["port"], cookie) for cookie in order["cookies"]]
    async with asyncio.timeout(OPENED_WITHIN):
        for batch in range(0, len(viewers), TOGETHER):
            await asyncio.gather(*(one.open() for one in viewers[batch : batch + TOGETHER]))
    print("ready", flush=True)
    counted = time.time() + order["rest"]
    until = counted + order["seconds"]
    looking = (one.look(until) for one in viewers)
    await asyncio.gather(asyncio.sleep(until - time.time()), *looking)
    seen = [[(at, age) for at, age in one.seen if at >= counted] for one in viewers]
    failed = sum(one.failed for one in viewers)
    print(json.dumps({"seen": seen, "failed": failed}), flush=True)


class Viewer:
    rooms = ("alarms", "sending")  # of whatever else is live on the page

    def __init__(self, host, port, cookie):
        self._host, self._port, self._cookie = host, port, cookie
        self.seen = []  # (when it was there, how old it was)
        self.failed = 0

    async def open(self):
        socket = await asyncio.open_connection(self._host, self._port)
        self._hears, self._says = socket
        self._says.write(self._request("/socket.io/?EIO=4&transport=websocket", UPGRADE))
        await self._hears.readuntil(b"\r\n\r\n")
        await self._frame()
        self._say("40")
        await self._frame()
        for number, room in enumerate(self.rooms):
            self._say(f'42{number}["watch",{{"room":"{room}"}}]')
        # From here on: whoever answers no ping while others still open is cut off.
        self._living = [asyncio.create_task(work()) for work in (self._hear, self._beat)]
        await self.begin()

    def close(self):
        for task in self._living:
            task.cancel()

    async def _beat(self):
        await asyncio.sleep(random.uniform(0, HEARTBEAT))
        rooms = json.dumps(self.rooms)
        while True:
            self._say(f'429["beat",{{"rooms":{rooms}}}]')
            await asyncio.sleep(HEARTBEAT)

    async def _hear(self):
        try:
            while True:
                await self._hear_one()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.failed += 1

    async def _hear_one(self):
        said = await self._frame()
        if said == b"2":
            self._say("3")
        elif said.startswith(b'451-["board"'):
            self.came(await self._frame())
        else:
            self.other(said)

    def came(self, packed):
        """A board was told."""

    def other(self, said):
        """What else the socket says."""

    async def _connect(self):
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)

    async def _ask(self, more):
        self._writer.write(self._request("/board/now", more))
        return await self._reader.readuntil(b"\r\n\r\n")

    def _saw(self, at):
        self.seen.append((time.time(), time.time() - datetime.fromisoformat(at).timestamp()))

    def _request(self, path, more):
        host = f"{self._host}:{self._port}"
        lines = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
        return f"{lines}Cookie: {self._cookie}\r\n{more}\r\n".encode()

    def _say(self, words):
        """A short frame of a client is masked; a mask of zeros leaves it as it is."""
        data = words.encode()
        self._says.write(bytes([0x81, 0x80 | len(data)]) + bytes(4) + data)

    async def _frame(self):
        _, length = await self._hears.readexactly(2)
        if length == 126:
            length = int.from_bytes(await self._hears.readexactly(2), "big")
        return await self._hears.readexactly(length)


class Told(Viewer):
    """By the socket, once it has said what it looks at."""

    async def begin(self):
        self._asked = asyncio.Event()
        self._say('423["board",{"address":""}]')
        await self._asked.wait()

    def other(self, said):
        if said.startswith(b"433"):
            self.failed += b"told" not in said
            self._asked.set()

    def came(self, packed):
        """A board before the first tick says nothing."""
        words = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed, BEGINNING)
        at = WRITTEN_AT.search(words)
        if at and b"aria-busy" not in words:
            self._saw(at[1].decode())

    async def look(self, until):
        await asyncio.sleep(until - time.time())
        self.close()


class Fetching(Viewer):
    """At each signal, by the ordinary address."""

    rooms = ("board", *Viewer.rooms)

    async def begin(self):
        self._signal = asyncio.Event()
        self._tag = ""
        await self._connect()
        await self._fetch()

    def other(self, said):
        if said.startswith(b'42["changed"') and b'"board"' in said:
            self._signal.set()

    async def look(self, until):
        while (left := until - time.time()) > 0:
            try:
                await asyncio.wait_for(self._signal.wait(), min(ASK_AGAIN, left))
            except TimeoutError:
                if left < ASK_AGAIN:
                    break
            self._signal.clear()
            if at := await self._fetch():
                self._saw(at)
            await asyncio.sleep(RESTING * random.uniform(0.75, 1.25))
        self.close()

    async def _fetch(self):
        """When what came was computed; None where it was an error, or before the first tick."""
        try:
            head = await self._ask(FETCH + self._tag)
        except (asyncio.IncompleteReadError, ConnectionError):
            # Kept alive for two seconds and closed since: as a browser does.
            await self._connect()
            head = await self._ask(FETCH + self._tag)
        if length := LENGTH.search(head):
            await self._reader.readexactly(int(length[1]))
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 304")):
            self.failed += 1
            return None
        self._tag = f"If-None-Match: {TAG.search(head)[1].decode()}\r\n"
        at = AT.search(head)
        return at and at[1].decode()


FETCH = "HX-Request: true\r\nAccept-Encoding: gzip\r\n"
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {b64encode(bytes(16)).decode()}\r\n"
)


if __name__ == "__main__":
    asyncio.run(main())
