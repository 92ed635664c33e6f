"""Connections that say whether anything left, and ones that lead to public addresses only."""

import ipaddress
import socket
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.connection import create_connection

from .faults import unreached

USER_AGENT = "Parley"
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NeverLeft(Exception):
    """No connection was made, so not one byte of the request can have arrived.

    Neither requests nor urllib3 says so by itself: a certificate refused and a connection broken
    after the request are the same SSLError, a slow handshake the same ReadTimeout as a slow answer.
    """

    permanent = False

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class NotPublic(NeverLeft):
    """The name leads into this machine or its network, where no stranger may send us."""

    permanent = True


def new_session() -> requests.Session:
    return _session(_Adapter)


def new_guarded_session() -> requests.Session:
    """Connects to public addresses only, whatever a name resolves to at that moment."""
    return _session(_GuardedAdapter)


def is_public(address: str) -> bool:
    """Whether an address is one of the internet's; what is wrapped in it counts too."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if inner is None and found.version == 6 and found in NAT64:
        inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(str(inner))
    inside = getattr(found, "is_site_local", False) or getattr(found, "teredo", None)
    return found.is_global and not found.is_multicast and not inside


def _session(adapter):
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = USER_AGENT
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # accounts share sessions
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter(max_retries=0))
    return session


class _Connecting:
    def connect(self):
        try:
            super().connect()
        except NeverLeft:
            raise
        except Exception as error:
            raise NeverLeft(unreached(type(error).__name__)) from error


class _Guarded(_Connecting):
    def _new_conn(self):
        """Looked up once and connected to that very address: a second look-up might differ."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(place[0] for *_, place in found))
        if not all(is_public(address) for address in addresses):
            raise NotPublic("The address leads into a private network")
        for address in addresses[:-1]:
            try:
                return self._connect_to(address)
            except OSError:
                continue
        return self._connect_to(addresses[-1])

    def _connect_to(self, address):
        return create_connection(
            (address, self.port), self.timeout, self.source_address, self.socket_options
        )


class _HttpConnection(_Connecting, HTTPConnection):
    pass


class _HttpsConnection(_Connecting, HTTPSConnection):
    pass


class _GuardedHttpConnection(_Guarded, HTTPConnection):
    pass


class _GuardedHttpsConnection(_Guarded, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class _GuardedHttpPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHttpConnection


class _GuardedHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHttpsConnection


class _Adapter(HTTPAdapter):
    pools = {"http": _HttpPool, "https": _HttpsPool}

    def init_poolmanager(self, *args, **options):
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self.pools


class _GuardedAdapter(_Adapter):
    pools = {"http": _GuardedHttpPool, "https": _GuardedHttpsPool}
