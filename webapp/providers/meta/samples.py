"""The file that shows what stands in a template's header, uploaded in a session of its own.

developers.facebook.com/docs/graph-api/guides/upload
"""

import re

from ..base import OutcomeUnknown, OutgoingFile, ProviderError
from ..limits import base_type
from ..reading import dict_of, text_of
from .graph import Graph
from .media import UNNAMED_FILE, opened

# The id has a signature behind a question mark; it becomes part of an address as it stands.
_SESSION = re.compile(r"upload:[A-Za-z0-9_=+:.-]+(\?[A-Za-z0-9_=&%+:.-]*)?")


def handle_of(graph: Graph, file: OutgoingFile | None) -> str:
    """What a creation names the file by; whatever goes wrong, no template was made."""
    if file is None:
        return ""
    if not graph.app_id:
        raise ProviderError(
            "A file in the header needs the app's ID",
            permanent=True,
            action="An admin fills in the App ID of this account.",
        )
    try:
        session = _begin(graph, file)
        with opened(file) as content:
            answer = graph.put_file(session, content, base_type(file.mime_type))
    except OutcomeUnknown as error:
        reason = f"The sample was not uploaded: {error.reason[:1].lower()}{error.reason[1:]}"
        raise ProviderError(reason, permanent=False) from error
    handle = text_of(dict_of(answer.data).get("h"))
    if not handle:
        raise ProviderError("Meta took the sample and gave no handle for it", permanent=False)
    return handle


def _begin(graph, file):
    answer = graph.post(
        (graph.app_id, "uploads"),
        {
            "file_name": file.filename or UNNAMED_FILE,
            "file_length": file.size,
            "file_type": base_type(file.mime_type),
        },
    )
    session = text_of(dict_of(answer.data).get("id"))
    if not _SESSION.fullmatch(session):
        raise ProviderError("Meta opened no upload for the sample", permanent=False)
    return session
