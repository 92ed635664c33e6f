"""Posts signed webhooks beside everything else a loop does: receipts, and customers who write."""

import asyncio
import itertools
import json
import time
from collections import Counter, defaultdict

from webapp.providers.signing import sign

CONNECTIONS = 16
FLUSHED_EVERY = 0.2  # seconds until a batch goes that is not full
CUSTOMERS = 500


class Poster:
    """`paths`: {number id: path of its account's webhook}; `batch` receipts go in one request."""

    def __init__(self, port, paths, secret, batch):
        self._port, self._paths, self._secret, self._batch = port, paths, secret, batch
        self._gathered = defaultdict(list)
        self._requests = asyncio.Queue()
        self.answers = Counter()

    @property
    def waiting(self):
        return self._requests.qsize()

    async def run(self, per_second):
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(self._post())
            group.create_task(self._flush())
            if per_second:
                group.create_task(self._write(per_second))

    def add(self, number_id, status):
        self._gathered[number_id].append(status)
        if len(self._gathered[number_id]) >= self._batch:
            self._send(number_id, {"statuses": self._gathered.pop(number_id)})

    async def _flush(self):
        while True:
            await asyncio.sleep(FLUSHED_EVERY)
            for number_id in list(self._gathered):
                self._send(number_id, {"statuses": self._gathered.pop(number_id)})

    async def _write(self, per_second):
        """Customers write at an even pace; each text says when it was posted."""
        began, number_id = time.monotonic(), next(iter(self._paths))
        for n in itertools.count():
            await asyncio.sleep(max(0, began + n / per_second - time.monotonic()))
            phone = f"15552{n % CUSTOMERS:06d}"
            message = {
                "from": phone,
                "id": f"wamid.in-{n:08d}",
                "timestamp": str(int(time.time())),
                "type": "text",
                "text": {"body": f"at {time.time():.4f}"},
            }
            card = {"profile": {"name": f"Customer {phone}"}, "wa_id": phone}
            self._send(number_id, {"contacts": [card], "messages": [message]})

    def _send(self, number_id, parts):
        metadata = {"display_phone_number": "", "phone_number_id": number_id}
        value = {"messaging_product": "whatsapp", "metadata": metadata, **parts}
        change = {"value": value, "field": "messages"}
        entry = {"id": "bench", "changes": [change]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        head = (
            f"POST {self._paths[number_id]} HTTP/1.1\r\nHost: bench.example\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"X-Hub-Signature-256: {sign(self._secret, body)}\r\n\r\n"
        )
        self._requests.put_nowait(head.encode() + body)

    async def _connection(self):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(0.2)

    async def _post(self):
        reader = writer = None
        while True:
            request = await self._requests.get()
            status = None
            while status is None:  # an idle connection may be closed: said once more
                if writer is None or writer.is_closing():
                    reader, writer = await self._connection()
                try:
                    status = await _answer(reader, writer, request)
                except (OSError, asyncio.IncompleteReadError):
                    writer.close()
            self.answers[status] += 1


async def _answer(reader, writer, request):
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
    await reader.readexactly(int(length or 0))
    return head[9:12].decode()
