"""How long a customer's message takes from its POST to the bubble in the owner's open thread.

One real Chromium and 49 pages without a browser that refetch as it does: 50 agents, each with
one conversation open, and 50 messages a second over those 50 conversations. The first five
seconds are printed by themselves.
"""

import argparse
import collections
import http.client
import json
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import sync_playwright

from bench.servers import cpu_seconds, stack
from tests import factories
from tests.browser.conftest import ARGUMENTS
from tests.support import arriving
from tests.support.stubs.meta import MetaStub
from tests.webhooks.posting import signed

AGENTS = 50
SENDERS = 16
TARGET_P95_MS = 150
WARM_UP = 5  # seconds: processes that never answered compile their templates and statements
WEB_PROCESSES = {"postgresql": 2, "sqlite": 1}
PROCESSES = ("web", "worker", "clock")

WATCH_BUBBLES = """
window.bubbles = {};
new MutationObserver(() => {
  for (const node of document.querySelectorAll("#thread [data-direction=in]")) {
    const text = node.textContent.match(/bench-\\d+-\\d+(?=\\.)/)?.[0];
    if (text && !(text in window.bubbles)) {
      window.bubbles[text] = (performance.timeOrigin + performance.now()) / 1000;
    }
  }
}).observe(document.body, { childList: true, subtree: true });
"""


def main():
    options = _options()
    met = True
    for database in options.database:
        met &= report(database, options, *measure(database, options))
    return 0 if met else 1


def _options():
    parser = argparse.ArgumentParser(prog="bench/bubble", description=__doc__)
    parser.add_argument("--database", nargs="*", default=["postgresql", "sqlite"])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rate", type=int, default=50, help="messages a second")
    return parser.parse_args()


def measure(database, options):
    stub = MetaStub()
    web = str(WEB_PROCESSES[database])
    with stack(database, WEB_CONCURRENCY=web, META_API_URL=stub.url) as servers:
        path, agents = _fill(servers)
        servers.start(*PROCESSES)
        servers.wait_until_ready()
        pages = _start_pages(servers, agents[1:])
        with sync_playwright() as playwright:
            tab = _open_tab(playwright, servers, agents[0])
            before = _cpu(servers)
            asked = collections.Counter()
            tab.on("request", lambda request: asked.update([_kind(request)]))
            sent = Sending(servers.port, path, options)
            began = time.time()
            sent.start()
            while sent.is_alive():
                tab.wait_for_timeout(200)
            tab.wait_for_timeout(3000)
            bubbles = tab.evaluate("window.bubbles")
        pages.stdin.write("stop\n")
        pages.stdin.flush()
        told = json.loads(pages.stdout.readline())
        pages.wait()
        lasted = time.time() - began
        used = {name: (now - before[name]) / lasted for name, now in _cpu(servers).items()}
    stub.close()
    return sent, bubbles, told, asked, used


def _fill(servers):
    """The account's address, and agents who own a conversation each."""
    agents = []
    with servers.app().app_context():
        queue = factories.make_queue()
        account = factories.make_meta_account(queue)
        for n in range(AGENTS):
            user = factories.make_user(f"Agent {n}")
            contact = factories.make_contact(f"Customer {n}", phone=_phone(n))
            opened = factories.make_interaction(account, contact, owner=user, queue=queue)
            for said in range(20):
                factories.make_message(opened, f"Earlier message {said}")
            agents.append({"email": user.email, "user": user.id, "interaction": opened.id})
        return account.webhook_path, agents


def _phone(n):
    return f"1555888{n:04d}"


def _start_pages(servers, agents):
    pages = subprocess.Popen(
        [sys.executable, "-m", "bench.watching"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    pages.stdin.write(json.dumps({"url": servers.url, "agents": agents}) + "\n")
    pages.stdin.flush()
    if pages.stdout.readline() != "ready\n":
        sys.exit("The pages without a browser did not start.")
    return pages


def _open_tab(playwright, servers, agent):
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
    tab = browser.new_page(base_url=servers.url, viewport={"width": 1440, "height": 900})
    tab.goto("/sign-in")
    tab.get_by_label("Email").fill(agent["email"])
    tab.get_by_label("Password").fill(factories.PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.wait_for_selector("[data-inbox]")
    tab.goto(f"/inbox/{agent['interaction']}")
    tab.wait_for_selector("html[data-live=connected]")
    tab.evaluate(WATCH_BUBBLES)
    return tab


def _cpu(servers):
    used = {name: cpu_seconds(servers.pid(name)) for name in PROCESSES}
    if servers.postmaster:
        used["database"] = cpu_seconds(servers.postmaster)
    return used


def _kind(request):
    path = re.sub(r"\d+", "N", request.url.partition("?")[0].split("/", 3)[-1])
    return f"{request.method} /{path}"


class Sending(threading.Thread):
    """Posts at an even pace, conversation after conversation, and notes when.

    A late answer holds up nothing: the next message leaves on another connection.
    """

    def __init__(self, port, path, options):
        super().__init__(daemon=True)
        self.at, self.took = {}, []
        self._port, self._path, self._options = port, path, options
        self._connections = threading.local()

    def run(self):
        began = time.time()
        with ThreadPoolExecutor(SENDERS) as pool:
            for n in range(self._options.rate * self._options.seconds):
                time.sleep(max(0, began + n / self._options.rate - time.time()))
                pool.submit(self._post, n % AGENTS, n)

    def _post(self, customer, n):
        text = f"bench-{customer}-{n}"
        message = {
            "from": _phone(customer),
            "id": f"wamid.{text}",
            "timestamp": str(int(time.time())),
            "type": "text",
            "text": {"body": f"{text}."},
        }
        person = {"profile": {"name": f"Customer {customer}"}, "wa_id": _phone(customer)}
        body = arriving.body({"contacts": [person], "messages": [message]})
        self.at[text] = time.time()
        if self._answer(body) == 200:
            self.took.append(time.time() - self.at[text])

    def _answer(self, body):
        if not hasattr(self._connections, "http"):
            self._connections.http = http.client.HTTPConnection("127.0.0.1", self._port)
        connection = self._connections.http
        try:
            connection.request("POST", self._path, body, signed(body))
            answer = connection.getresponse()
            answer.read()
        except (http.client.HTTPException, OSError):
            connection.close()  # idle for too long; as a provider does, ask again
            return self._answer(body)
        return answer.status


def report(database, options, sent, bubbles, told, asked, used):
    seconds = options.seconds
    print(f"\n{database}, gunicorn gevent -w {WEB_PROCESSES[database]}, {AGENTS} pages, ", end="")
    print(f"{options.rate} messages/s for {seconds} s")
    first = _since_sent(sent, bubbles | told["seen"], until=WARM_UP)
    browser = _since_sent(sent, bubbles, WARM_UP)
    pages = _since_sent(sent, told["seen"], WARM_UP)
    _line("POST to 200", sent.took)
    _line(f"first {WARM_UP} s, to bubble", first)
    _line("POST to signal", _since_sent(sent, told["signalled"], WARM_UP))
    _line("POST to bubble, 49 pages", pages)
    _line("POST to bubble, browser", browser)
    shown = len(bubbles) + len(told["seen"])
    print(
        f"  shown {shown} of {len(sent.at)} messages; the 49 pages asked {told['requests']} times"
    )
    cores = ", ".join(f"{name} {value:.2f}" for name, value in used.items())
    print(f"  cores used: {cores}")
    print("  the browser asked, for each of its messages: ", end="")
    mine = max(1, sum(1 for text in sent.at if text.startswith("bench-0-")))
    print(", ".join(f"{kind} {number / mine:.1f}" for kind, number in asked.most_common(12)))
    p95 = _percentile(pages + browser, 95)
    print(f"p95 {p95:.0f} ms; target on PostgreSQL: under {TARGET_P95_MS} ms", flush=True)
    complete = shown == len(sent.at)
    return complete and (database == "sqlite" or p95 < TARGET_P95_MS)


def _since_sent(sent, seen, after=0, until=float("inf")):
    """How long each took, of those sent so many seconds after the first."""
    began = min(sent.at.values())
    return [
        at - sent.at[text]
        for text, at in seen.items()
        if text in sent.at and after <= sent.at[text] - began < until
    ]


def _line(name, times):
    figures = "".join(f"{_percentile(times, share):8.0f}" for share in (50, 95, 99))
    print(f"  {name:28}{figures}  ms (p50, p95, p99)")


def _percentile(times, share):
    ordered = sorted(times) or [float("nan")]
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


if __name__ == "__main__":
    sys.exit(main())
