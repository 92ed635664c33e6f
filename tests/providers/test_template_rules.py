"""Each documented rule for templates: one that breaks it, and one that just holds it."""

from typing import NamedTuple

import pytest

from tests.providers.template_cases import (
    FILE,
    body,
    buttons,
    code,
    draft,
    footer,
    header,
    link,
    login_code,
    media,
    named,
    named_body,
    otp,
    phone,
    replies,
    reply,
    valid_for,
)
from webapp.providers.base import Provider
from webapp.providers.kaleyra import Kaleyra
from webapp.providers.kaleyra import template_rules as kaleyra
from webapp.providers.kaleyra.api import V1, V2
from webapp.providers.meta import Meta
from webapp.providers.meta import template_rules as meta
from webapp.providers.sandbox import Sandbox
from webapp.providers.template_variables import value_problem
from webapp.providers.templates import TemplateDraft


class Rule(NamedTuple):
    name: str
    broken: TemplateDraft
    where: str
    held: TemplateDraft


LONG = "We look forward to your visit. " * 40
WHATSAPPS = [
    Rule("name: needed", draft(name=""), "name", draft(name="a")),
    Rule("name: 512", draft(name="a" * 513), "name", draft(name="a" * 512)),
    Rule("name: its letters", draft(name="Visit-1"), "name", draft(name="visit_1")),
    Rule("language: WhatsApp's", draft(language="xx"), "language", draft(language="pt_BR")),
    Rule("language: by its code", draft(language="en-US"), "language", draft(language="en_US")),
    Rule("category", draft(category="service"), "category", draft(category="marketing")),
    Rule("body: needed", draft(body("", ())), "body", draft(body("Hello.", ()))),
    Rule("body: 1024", draft(body(LONG[:1025], ())), "body", draft(body(LONG[:1024], ()))),
    Rule(
        "body: not a variable first",
        draft(body("{{1}} is on the way to your house now.", ["It"])),
        "body",
        draft(body("So {{1}} is on the way to your house.", ["it"])),
    ),
    Rule(
        "body: not a variable last",
        draft(body("Your order is on the way to {{1}}", ["you"])),
        "body",
        draft(body("Your order is on the way to {{1}}.", ["you"])),
    ),
    Rule(
        "body: not two side by side",
        draft(body("Hello {{1}} {{2}}, your order is on its way.", ["Amara", "Okoye"])),
        "body",
        draft(body("Hello {{1}} or {{2}}, your order is on its way.", ["Amara", "Dana"])),
    ),
    Rule(
        "body: not too many for the length",
        draft(body("Hello {{1}}, on {{2}} then.", ["Amara", "Friday"])),
        "body",
        draft(body("Hello {{1}}, come on {{2}} then please.", ["Amara", "Friday"])),
    ),
    Rule(
        "variables: from 1",
        draft(body("Hello {{2}}, your order is here.", ["Amara"])),
        "body",
        draft(body("Hello {{1}}, your order is here.", ["Amara"])),
    ),
    Rule(
        "variables: consecutive",
        draft(body("Hello {{1}}, we expect you on {{3}} then, please.", ["Amara", "Friday"])),
        "body",
        draft(body("On {{2}} we expect you, dear {{1}}, please come.", ["Amara", "Friday"])),
    ),
    Rule(
        "variables: no name where they are numbered",
        draft(body("Hello {{name}}, your order is here.", ["Amara"])),
        "body",
        draft(body("Hello {{1}}, your order is here.", ["Amara"])),
    ),
    Rule(
        "variables: closed braces",
        draft(body("Hello {{1, your order is here.", [])),
        "body",
        draft(body("Hello {1}, your order is here.", [])),
    ),
    Rule(
        "examples: one for each variable",
        draft(body(examples=["Amara"])),
        "example-body-2",
        draft(body(examples=["Amara", "Friday"])),
    ),
    Rule(
        "examples: on one line",
        draft(body(examples=["Amara", "Friday\n9:00"])),
        "example-body-2",
        draft(body(examples=["Amara", "Friday 9:00"])),
    ),
    Rule(
        "examples: without tabs",
        draft(body(examples=["Amara", "Friday\t9:00"])),
        "example-body-2",
        draft(body(examples=["Amara", "Friday, 9:00"])),
    ),
    Rule(
        "examples: four spaces in a row",
        draft(body(examples=["Amara", "Friday     9:00"])),
        "example-body-2",
        draft(body(examples=["Amara", "Friday    9:00"])),
    ),
    Rule("header: written", draft(header("")), "header", draft(header("Your visit"))),
    Rule("header: 60", draft(header("a" * 61)), "header", draft(header("a" * 60))),
    Rule(
        "header: one variable",
        draft(header("{{1}} and {{2}}", "Amara", "Dana")),
        "header",
        draft(header("For {{1}}", "Amara")),
    ),
    Rule(
        "header: its example",
        draft(header("For {{1}}")),
        "example-header-1",
        draft(header("For {{1}}", "Amara")),
    ),
    Rule("header: its kind", draft(media("AUDIO")), "header", draft(media("IMAGE"), sample=FILE)),
    Rule(
        "header: a picture's sample",
        draft(media("IMAGE")),
        "header",
        draft(media("IMAGE"), sample=FILE),
    ),
    Rule(
        "header: a video's sample",
        draft(media("VIDEO")),
        "header",
        draft(media("VIDEO"), sample=FILE),
    ),
    Rule(
        "header: a document's sample",
        draft(media("DOCUMENT")),
        "header",
        draft(media("DOCUMENT") | {"example": {"header_handle": ["4::aW"]}}),
    ),
    Rule("footer: 60", draft(footer("a" * 61)), "footer", draft(footer("a" * 60))),
    Rule("footer: no variables", draft(footer("For {{1}}")), "footer", draft(footer("Stop?"))),
    Rule(
        "buttons: their text",
        draft(buttons(reply(""))),
        "button-0",
        draft(buttons(reply("Y"))),
    ),
    Rule(
        "buttons: 25 characters",
        draft(buttons(reply("a" * 26))),
        "button-0",
        draft(buttons(reply("a" * 25))),
    ),
    Rule(
        "buttons: no variables in the text",
        draft(buttons(reply("Yes, {{1}}"))),
        "button-0",
        draft(buttons(reply("Yes, please"))),
    ),
    Rule(
        "link: an address",
        draft(buttons(link("example.com"))),
        "button-0",
        draft(buttons(link("https://example.com"))),
    ),
    Rule(
        "link: without spaces",
        draft(buttons(link("https://example.com/a b"))),
        "button-0",
        draft(buttons(link("https://example.com/a-b"))),
    ),
    Rule(
        "link: 2000",
        draft(buttons(link("https://example.com/" + "a" * 1981))),
        "button-0",
        draft(buttons(link("https://example.com/" + "a" * 1980))),
    ),
    Rule(
        "link: one variable",
        draft(buttons(link("https://example.com/{{1}}/{{2}}", example="https://example.com/1/2"))),
        "button-0",
        draft(buttons(link("https://example.com/{{1}}", example="https://example.com/1"))),
    ),
    Rule(
        "link: the variable at its end",
        draft(buttons(link("https://example.com/{{1}}/v", example="https://example.com/1/v"))),
        "button-0",
        draft(buttons(link("https://example.com/v/{{1}}", example="https://example.com/v/1"))),
    ),
    Rule(
        "link: the variable's example",
        draft(buttons(link("https://example.com/{{1}}"))),
        "example-button-0",
        draft(buttons(link("https://example.com/{{1}}", example="https://example.com/1"))),
    ),
    Rule(
        "phone: a number",
        draft(buttons(phone("call me"))),
        "button-0",
        draft(buttons(phone("+1 555 010-0200"))),
    ),
    Rule(
        "phone: 20 characters",
        draft(buttons(phone("+15550100200" + "0" * 9))),
        "button-0",
        draft(buttons(phone("+15550100200" + "0" * 8))),
    ),
    Rule(
        "authentication: no header",
        login_code(header=header("Code")),
        "header",
        login_code(),
    ),
    Rule("authentication: its own text", login_code(text="Code: {{1}}"), "body", login_code()),
    Rule(
        "authentication: its own footer",
        login_code(footer=footer("Bye")),
        "footer",
        login_code(footer=valid_for(10)),
    ),
    Rule(
        "authentication: a minute at least",
        login_code(footer=valid_for(0)),
        "footer",
        login_code(footer=valid_for(1)),
    ),
    Rule(
        "authentication: 90 minutes",
        login_code(footer=valid_for(91)),
        "footer",
        login_code(footer=valid_for(90)),
    ),
    Rule(
        "authentication: the code's button",
        login_code(buttons_given=[reply()]),
        "button-0",
        login_code(buttons_given=[otp()]),
    ),
    Rule(
        "authentication: no other button",
        login_code(buttons_given=[otp(), reply()]),
        "button-0",
        login_code(buttons_given=[otp(text="Copy code")]),
    ),
    Rule(
        "authentication: how the code goes over",
        login_code(buttons_given=[otp("BY_HAND")]),
        "button-0",
        login_code(buttons_given=[otp("COPY_CODE")]),
    ),
    Rule(
        "a code's button is authentication's",
        draft(buttons(otp())),
        "button-0",
        login_code(),
    ),
]
NOT_V1 = [
    Rule(
        "variables: names in small letters",
        named(named_body("Hello {{Name}}, your order is here.", Name="Amara")),
        "body",
        named(named_body("Hello {{name_1}}, your order is here.", name_1="Amara")),
    ),
    Rule(
        "variables: no number where they have names",
        named(named_body("Hello {{1}}, your order is here.", **{"1": "Amara"})),
        "body",
        named(named_body("Hello {{name}}, your order is here.", name="Amara")),
    ),
    Rule(
        "examples: one for each name",
        named(named_body("Hello {{name}}, your order is here.")),
        "example-body-name",
        named(named_body("Hello {{name}}, your order is here.", name="Amara")),
    ),
    Rule(
        "buttons: 10",
        draft(buttons(*replies(11))),
        "button-10",
        draft(buttons(*replies(10))),
    ),
    Rule(
        "buttons: two links",
        draft(buttons(link(), link(text="More"), link(text="Else"))),
        "button-2",
        draft(buttons(link(), link(text="More"))),
    ),
    Rule(
        "buttons: one phone number",
        draft(buttons(phone(), phone(text="Or here"))),
        "button-1",
        draft(buttons(phone())),
    ),
    Rule(
        "buttons: one code to copy",
        draft(buttons(code(), code("SAVE30"))),
        "button-1",
        draft(buttons(code())),
    ),
    Rule(
        "buttons: quick replies together",
        draft(buttons(reply(), link(), reply("No"))),
        "button-2",
        draft(buttons(reply(), reply("No"), link())),
    ),
    Rule(
        "buttons: links together, too, between quick replies",
        draft(buttons(link(), reply(), phone())),
        "button-2",
        draft(buttons(link(), phone(), reply())),
    ),
    Rule(
        "code: its example",
        draft(buttons(code(""))),
        "example-button-0",
        draft(buttons(code("A"))),
    ),
    Rule(
        "code: 20 characters",
        draft(buttons(code("A" * 21))),
        "example-button-0",
        draft(buttons(code("A" * 20))),
    ),
]
METAS = [
    Rule("ttl: utility, least", draft(ttl=29), "ttl", draft(ttl=30)),
    Rule("ttl: utility, most", draft(ttl=43_201), "ttl", draft(ttl=43_200)),
    Rule("ttl: authentication, least", login_code(ttl=29), "ttl", login_code(ttl=30)),
    Rule("ttl: authentication, most", login_code(ttl=901), "ttl", login_code(ttl=900)),
    Rule(
        "ttl: marketing, least",
        draft(category="marketing", ttl=43_199),
        "ttl",
        draft(category="marketing", ttl=43_200),
    ),
    Rule(
        "ttl: marketing, most",
        draft(category="marketing", ttl=2_592_001),
        "ttl",
        draft(category="marketing", ttl=2_592_000),
    ),
    Rule(
        "ttl: marketing has an end",
        draft(category="marketing", ttl=-1),
        "ttl",
        draft(ttl=-1),
    ),
    Rule(
        "authentication: one tap and zero tap are Meta's",
        login_code(buttons_given=[otp("NO_TAP")]),
        "button-0",
        login_code(buttons_given=[otp("ONE_TAP")]),
    ),
]
KALEYRAS = [
    Rule(
        "authentication: copy code only",
        login_code(buttons_given=[otp("ONE_TAP")]),
        "button-0",
        login_code(buttons_given=[otp("COPY_CODE")]),
    ),
    Rule("no time to live", draft(ttl=60), "ttl", draft()),
]
KALEYRAS_V1 = [
    Rule("numbered variables", named(named_body("Hello.")), "body", draft(body("Hello.", ()))),
    Rule(
        "no place as a header",
        draft(media("LOCATION")),
        "header",
        draft(media("IMAGE"), sample=FILE),
    ),
    Rule(
        "three quick replies",
        draft(buttons(*replies(4))),
        "button-3",
        draft(buttons(*replies(3))),
    ),
    Rule(
        "one link",
        draft(buttons(link(), link(text="More"))),
        "button-1",
        draft(buttons(link())),
    ),
    Rule(
        "one phone number",
        draft(buttons(phone(), phone(text="Or here"))),
        "button-1",
        draft(buttons(phone())),
    ),
    Rule(
        "no code to copy",
        draft(buttons(code())),
        "button-0",
        draft(buttons(link())),
    ),
    Rule(
        "one kind of button",
        draft(buttons(reply(), link())),
        "button-1",
        draft(buttons(reply(), reply("No"))),
    ),
]


def of_v1(draft):
    return kaleyra.problems(draft, V1)


def of_v2(draft):
    return kaleyra.problems(draft, V2)


def cases(provider, check, *tables):
    for rule in (one for table in tables for one in table):
        yield pytest.param(check, rule, id=f"{provider}: {rule.name}")


ALL = [
    *cases("meta", meta.problems, WHATSAPPS, NOT_V1, METAS),
    *cases("kaleyra v1", of_v1, WHATSAPPS, KALEYRAS, KALEYRAS_V1),
    *cases("kaleyra v2", of_v2, WHATSAPPS, NOT_V1, KALEYRAS),
]


@pytest.mark.parametrize(("check", "rule"), ALL)
def test_a_template_that_breaks_the_rule_is_told_where(check, rule):
    assert rule.where in {problem.where for problem in check(rule.broken)}


@pytest.mark.parametrize(("check", "rule"), ALL)
def test_a_template_that_just_holds_the_rule_passes(check, rule):
    assert check(rule.held) == []


def test_a_place_as_a_header_needs_no_sample():
    assert meta.problems(draft(media("LOCATION"))) == []


@pytest.mark.parametrize(
    ("rules", "count", "verified"),
    [(meta.RULES, 250, 6_000), (kaleyra.RULES_OF_V1, 250, 250), (kaleyra.RULES_OF_V2, 250, 250)],
)
def test_how_many_templates_a_business_may_have_and_make(rules, count, verified):
    assert (rules.templates, rules.templates_verified) == (count, verified)
    assert rules.creations_an_hour == 100


def test_metas_approved_templates_change_once_a_day_and_ten_times_a_month():
    assert (meta.RULES.edits_a_day, meta.RULES.edits_a_month) == (1, 10)


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "a\tb", "a     b"])
def test_what_may_not_stand_for_a_variable(value):
    assert value_problem(value).endswith(".")


@pytest.mark.parametrize("value", ["a", "a    b", "Friday, 9:00"])
def test_what_may_stand_for_a_variable(value):
    assert value_problem(value) == ""


@pytest.mark.parametrize(
    ("provider", "credentials"),
    [
        (Meta, {}),
        (Sandbox, {}),
        (Kaleyra, {"api_version": "v1", "waba_id": "1"}),
        (Kaleyra, {"api_version": "v2", "waba_id": "1"}),
    ],
)
def test_a_provider_tells_what_it_would_refuse(provider: type[Provider], credentials):
    asked = provider(credentials, http=None, settings={})
    assert [problem.where for problem in asked.template_problems(draft(name=""))] == ["name"]
    assert asked.template_problems(draft()) == []
