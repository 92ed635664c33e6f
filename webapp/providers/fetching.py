"""Downloads of files from wherever a provider says: credentials stay at home, so do we.

What a webhook or a redirect names is a stranger's word: it is fetched by https, from public
addresses only, checked on connecting at each hop.
"""

import hashlib
import re
import tempfile
import time
from urllib.parse import urljoin

from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Url, parse_url

from .base import FetchedMedia, ProviderError
from .connections import new_guarded_session
from .http import Http

LARGEST = 100 * 1024 * 1024  # WhatsApp passes nothing larger on
IN_MEMORY = 1024 * 1024
MOST_REDIRECTS = 3
LONGEST_DOWNLOAD = 180  # seconds; the job that waits for it has four minutes
PORTS = {"https": 443, "http": 80}


def fetch(
    http: Http, url, *, trusted=(), headers=None, auth=None, largest=None, private_ok=False
) -> FetchedMedia:
    """`trusted` are the places that may see `headers` and `auth`: host names ("api.twilio.com", or
    ".fbcdn.net" for all below it) by https, and addresses the environment has set
    ("http://127.0.0.1:9001"), whose whole origin may be private and without https.
    `private_ok`: the environment allows private addresses everywhere."""
    secrets = {"headers": headers or {}, "auth": auth}
    with _download(http, url, trusted, secrets, private_ok) as response:
        content, size, digest = _save(response, largest or LARGEST)
        mime_type = response.headers.get("Content-Type", "")
    return FetchedMedia(content, mime_type, size, digest)


def is_trusted(url: str, trusted) -> bool:
    """Whether credentials may travel to this address."""
    try:
        return _knows(_place(url), trusted)
    except ProviderError:
        return False


def _download(http, url, trusted, secrets, private_ok):
    guarded = Http(http.timeout, new_guarded_session)
    for _ in range(MOST_REDIRECTS + 1):
        place = _place(url)
        ours = _is_origin(place, trusted)
        if place.scheme != "https" and not (ours or private_ok):
            raise ProviderError("The file's address is not a secure one", permanent=True)
        opener = http if ours or private_ok else guarded
        known = secrets if _knows(place, trusted) else {"headers": {}, "auth": None}
        response = opener.stream(url, headers=_plain(known["headers"]), auth=known["auth"])
        if response.status_code == 200:
            return response
        response.close()
        if not response.is_redirect:
            raise _refused(response.status_code, known is secrets)
        url = urljoin(url, response.headers["Location"])
    raise ProviderError("The file's address leads round in circles", permanent=True)


def _place(url) -> Url:
    """Read as the connection will read it: two readers of one address may see two hosts."""
    try:
        place = parse_url(url if isinstance(url, str) else "")
    except LocationParseError:
        place = Url()
    odd = place.auth or not place.host or re.search(r"[\s\\\x00-\x1f]", url)
    if odd or place.scheme not in PORTS:
        raise ProviderError("The file's address is not a web address", permanent=True)
    return place


def _knows(place, trusted):
    if _is_origin(place, trusted):
        return True
    if place.scheme != "https" or place.port not in (None, 443):
        return False
    names = [name for name in trusted if "://" not in name]
    return any(place.host.endswith(n) if n[0] == "." else place.host == n for n in names)


def _is_origin(place, trusted):
    origins = [_place(name) for name in trusted if "://" in name]
    return any(_origin(place) == _origin(origin) for origin in origins)


def _origin(place):
    return place.scheme, place.host, place.port or PORTS[place.scheme]


def _plain(headers):
    return {**headers, "Accept-Encoding": "identity"}  # the size and the digest are the file's


def _refused(status, with_secrets):
    # Often an address lives a few minutes only, and each attempt asks for a new one.
    wrong_token = with_secrets and status in (401, 403)
    return ProviderError(
        f"The file could not be downloaded (HTTP {status})",
        permanent=False,
        code=str(status),
        action="An admin checks the account's credentials." if wrong_token else "",
        account_wide=wrong_token,
    )


def too_large(largest) -> ProviderError:
    reason = f"The file is over {largest // (1024 * 1024)} MB"
    return ProviderError(reason, permanent=True, action="Ask for it another way.")


def _save(response, largest):
    content = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - handed on, open
    digest, size, until = hashlib.sha256(), 0, time.monotonic() + LONGEST_DOWNLOAD
    try:
        # Each piece as it comes: a whole chunk of a trickle would be waited for without end.
        while chunk := response.raw.read1(65536):
            size += len(chunk)
            if size > largest:
                raise too_large(largest)
            if time.monotonic() > until:
                raise ProviderError("The download took too long", permanent=False)
            digest.update(chunk)
            content.write(chunk)
        content.seek(0)
    except HTTPError as error:
        content.close()
        raise ProviderError("The download broke off", permanent=False) from error
    except BaseException:
        content.close()
        raise
    return content, size, digest.hexdigest()
