"""The sockets and journeys of the running product."""

from tests.support import running

live_server, processes = running.live_server, running.processes
