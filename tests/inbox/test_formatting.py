"""WhatsApp's marks become HTML; nothing else does."""

import pytest

from webapp.inbox.formatting import is_big_emoji, rich


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _italic_ ~gone~", "<strong>bold</strong> <em>italic</em> <s>gone</s>"),
        ("*bold and _both_*", "<strong>bold and <em>both</em></strong>"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("* not bold*", "* not bold*"),
        ("```a *b*\nc```", "<code>a *b*\nc</code>"),
        ("see `x_y_z`", "see <code>x_y_z</code>"),
        ("<b>&\"'", "&lt;b&gt;&amp;&#34;&#39;"),
        ("*<script>*", "<strong>&lt;script&gt;</strong>"),
    ],
)
def test_marks_are_read_and_everything_else_is_escaped(text, html):
    assert str(rich(text)) == html


def test_a_link_opens_safely_and_leaves_its_full_stop_outside():
    html = str(rich("See https://example.com/a_b_c?x=1&y=2."))
    assert 'href="https://example.com/a_b_c?x=1&amp;y=2"' in html
    assert 'rel="noopener noreferrer nofollow"' in html
    assert html.endswith("</a>.")


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", 'https://x"onmouseover="alert(1)', "data:text/html,x"]
)
def test_no_text_becomes_a_dangerous_link(text):
    html = str(rich(text))
    assert "javascript:" not in html or "href" not in html
    assert 'onmouseover="' not in html


@pytest.mark.parametrize("text", ["👍", "👍🏽 🎉", "👩‍👩‍👧", "🇩🇪", "❤️"])
def test_a_few_emoji_alone_are_big(text):
    assert is_big_emoji(text)


@pytest.mark.parametrize("text", ["", "ok 👍", "👍👍👍👍", "1", "!"])
def test_other_texts_are_not(text):
    assert not is_big_emoji(text)
