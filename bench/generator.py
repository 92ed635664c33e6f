"""Posts signed webhooks over kept-alive connections as fast as they are answered.

A process of its own, told what to do by JSON on standard input: one thread, one epoll, requests
made beforehand, so that little of the machine goes into asking.
"""

import json
import select
import socket
import sys
import time

from webapp.providers.signing import sign

HEAD_END = b"\r\n\r\n"


def main():
    order = json.load(sys.stdin)
    requests = [
        _request(order["path"], order["secret"], body)
        for body in bodies(order["number_id"], order["seed"], order["prepared"])
    ]
    sys.stdin.close()
    run = Run(order["port"], order["connections"], requests)
    began, cpu = time.perf_counter(), time.process_time()
    run.until(began + order["seconds"])
    lasted = time.perf_counter() - began
    json.dump(
        {
            "seconds": lasted,
            "cpu": time.process_time() - cpu,
            "answers": run.answers,
            "latencies": run.latencies,
        },
        sys.stdout,
    )


def bodies(number_id, seed, count):
    """Text messages as Meta sends them, 750 to 1,450 bytes, each with an id of its own."""
    now = int(time.time())
    for n in range(count):
        customer = f"15551{seed % 100:02d}{n % 5000:04d}"
        text = f"Message {n} of run {seed}: " + "where is my parcel? " * (n % 36)
        message = {
            "from": customer,
            "id": f"wamid.bench-{seed}-{n:06d}",
            "timestamp": str(now),
            "type": "text",
            "text": {"body": text},
        }
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550100200", "phone_number_id": number_id},
            "contacts": [{"profile": {"name": f"Customer {customer}"}, "wa_id": customer}],
            "messages": [message],
        }
        change = {"value": value, "field": "messages"}
        entry = {"id": "104555010077001", "changes": [change]}
        yield json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def _request(path, secret, body):
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: facebookexternalua\r\n"
        f"Accept: */*\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-Hub-Signature-256: {sign(secret, body)}\r\n\r\n"
    )
    return head.encode() + body


class Run:
    def __init__(self, port, connections, requests):
        self.answers = {}
        self.latencies = []
        self._requests = iter(requests)
        self._poll = select.epoll()
        self._connections = {}
        for _ in range(connections):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._poll.register(connection, select.EPOLLIN)
            self._connections[connection.fileno()] = [connection, 0.0]

    def until(self, end):
        for state in self._connections.values():
            self._ask(state)
        while time.perf_counter() < end:
            for number, _ in self._poll.poll(0.1):
                self._answered(self._connections[number])

    def _ask(self, state):
        request = next(self._requests, None)
        if request is None:
            raise SystemExit("the generator prepared too few requests")
        state[1] = time.perf_counter()
        state[0].sendall(request)

    def _answered(self, state):
        answer = state[0].recv(65536)
        if not answer:
            raise SystemExit("the server closed a connection")
        while not _complete(answer):
            answer += state[0].recv(65536)
        self.latencies.append(time.perf_counter() - state[1])
        status = answer[9:12].decode()
        self.answers[status] = self.answers.get(status, 0) + 1
        self._ask(state)


def _complete(answer):
    head, end, body = answer.partition(HEAD_END)
    if not end:
        return False
    length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
    return len(body) >= int(length)


if __name__ == "__main__":
    main()
