"""How long a voice message plays."""

import io

from tests.support import files
from webapp.inbox import ogg


def test_the_length_is_where_the_last_page_ends():
    assert ogg.seconds_of(io.BytesIO(files.voice_note(24))) == 24


def test_half_a_file_has_no_length():
    assert ogg.seconds_of(io.BytesIO(files.voice_note()[:40])) is None


def test_only_opus_counts_as_opus():
    assert ogg.is_opus(io.BytesIO(files.voice_note()))
    assert not ogg.is_opus(io.BytesIO(b"OggS" + bytes(24) + b"\x01vorbis" + bytes(40)))
