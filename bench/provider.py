"""Stands in for Meta at a campaign's pace: takes messages, answers late, posts receipts.

A process of its own, told what to do by JSON in the first line of its standard input; says on which
port it listens, and what it saw once that input ends. One thread, one loop, no HTTP library.
"""

import asyncio
import json
import re
import ssl
import sys
import time
from collections import Counter

from bench.posting import Poster

HEAD_END = b"\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
TO = re.compile(rb'"to":"\+?(\d+)"')
NAME = re.compile(rb'"biz_opaque_callback_data":"([^"]+)"')
STATUSES = (("sent", 0.0), ("delivered", 0.3), ("read", 0.8))  # and how long after the answer


def main():
    asyncio.run(Provider(json.loads(sys.stdin.readline())).run())


class Provider:
    def __init__(self, order):
        self._latency, self._certificate = order["latency"], order["certificate"]
        self._poster = Poster(order["port"], order["paths"], order["secret"], order["batch"])
        self._receipts, self._customers = order["receipts"], order["inbound"]
        self._people = Counter()
        self._times = []

    async def run(self):
        loop = asyncio.get_running_loop()
        tls = self._certificate and ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if tls:
            tls.load_cert_chain(self._certificate)
        server = await loop.create_server(
            lambda: Connection(self), "127.0.0.1", 0, ssl=tls, backlog=1024
        )
        print(server.sockets[0].getsockname()[1], flush=True)
        posting = asyncio.create_task(self._poster.run(self._customers))
        await loop.run_in_executor(None, sys.stdin.read)
        if posting.done():
            posting.result()  # what ended it ends the bench
        posting.cancel()
        json.dump(self._seen(), sys.stdout)

    def take(self, head, body, write):
        self._times.append(time.time())
        number, to = len(self._times), TO.search(body)[1].decode()
        self._people[to] += 1
        message_id = f"wamid.bench-{number:08d}"
        said = b'{"messages":[{"id":"%s"}]}' % message_id.encode()
        loop = asyncio.get_running_loop()
        loop.call_later(self._latency, write, ANSWER % (len(said), said))
        if self._receipts:
            number_id, name = head.split(b"/", 3)[2].decode(), NAME.search(body)[1].decode()
            for status, later in STATUSES:
                loop.call_later(
                    self._latency + later, self._receipt, number_id, message_id, to, name, status
                )

    def _receipt(self, number_id, message_id, to, name, status):
        self._poster.add(
            number_id,
            {
                "id": message_id,
                "status": status,
                "timestamp": str(int(time.time())),
                "recipient_id": to,
                "biz_opaque_callback_data": name,
            },
        )

    def _seen(self):
        twice = [to for to, times in self._people.items() if times > 1]
        return {
            "times": self._times,
            "people": len(self._people),
            "twice": len(twice),
            "answers": self._poster.answers,
            "waiting": self._poster.waiting,
        }


class Connection(asyncio.Protocol):
    def __init__(self, provider):
        self._provider = provider
        self._read = b""

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._read += data
        head, end, body = self._read.partition(HEAD_END)
        length = LENGTH.search(head)
        if not end or (length and len(body) < int(length[1])):
            return
        self._read = b""
        if head.startswith(b"POST "):
            self._provider.take(head, body, self._answer)
        else:
            self._answer(BUSY)  # to clock's look at the account; what was known of it stays

    def _answer(self, said):
        if not self._transport.is_closing():
            self._transport.write(said)


if __name__ == "__main__":
    main()
