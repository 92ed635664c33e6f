from webapp.message_templates import parts

NAMED = [
    {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW"]}},
    {
        "type": "BODY",
        "text": "Hello {{first_name}}, we expect you on {{day}} at our branch.",
        "example": {
            "body_text_named_params": [
                {"param_name": "day", "example": "Friday"},
                {"param_name": "first_name", "example": "Amara"},
            ]
        },
    },
    {"type": "FOOTER", "text": "Northgate Kettles"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Confirm"},
            {
                "type": "URL",
                "text": "Details",
                "url": "https://example.com/v/{{1}}",
                "example": ["https://example.com/v/8841"],
            },
            {"type": "PHONE_NUMBER", "text": "Call us", "phone_number": "+15550100200"},
        ],
    },
]
POSITIONAL = [
    {
        "type": "header",
        "format": "text",
        "text": "Order {{1}}",
        "example": {"header_text": ["40655"]},
    },
    {
        "type": "body",
        "text": "{{2}} comes, {{1}}, and {{2}} stays",
        "example": {"body_text": [["Amara", "Friday"]]},
    },
]
CODE = [
    {"type": "BODY", "add_security_recommendation": True},
    {"type": "FOOTER", "code_expiration_minutes": 10},
    {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
]


def found(components):
    return [(v.where, v.key, v.example) for v in parts.variables(components)]


def test_named_variables_come_in_reading_order_with_their_examples():
    assert found(NAMED) == [
        ("body", "first_name", "Amara"),
        ("body", "day", "Friday"),
        ("button", "1", "8841"),
    ]


def test_positional_variables_come_by_number_and_each_once():
    assert found(POSITIONAL) == [
        ("header", "1", "40655"),
        ("body", "1", "Amara"),
        ("body", "2", "Friday"),
    ]


def test_the_parts_of_a_template_are_told_apart_whatever_the_case_of_their_words():
    assert parts.header(NAMED) == parts.Header("image")
    assert parts.header(NAMED).is_media
    assert parts.header(POSITIONAL) == parts.Header("text", "Order {{1}}")
    assert parts.header([{"type": "BODY", "text": "Hello"}]) is None
    assert parts.body_text(POSITIONAL).startswith("{{2}} comes")
    assert parts.footer_text(NAMED) == "Northgate Kettles"
    assert [(b.index, b.kind, b.text) for b in parts.buttons(NAMED)] == [
        (0, "quick_reply", "Confirm"),
        (1, "url", "Details"),
        (2, "phone_number", "Call us"),
    ]


def test_an_authentication_template_has_one_code_and_the_words_that_meta_gives_it():
    assert found(CODE) == [("body", "1", "")]
    assert parts.is_authentication(CODE) and not parts.is_authentication(NAMED)
    assert parts.body_text(CODE).startswith("*{{1}}* is your verification code. For your security")
    assert parts.footer_text(CODE) == "This code expires in 10 minutes."


def test_a_coupon_code_is_asked_for_by_its_buttons_place():
    coupon = [
        {"type": "BODY", "text": "A gift"},
        {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "example": "SAVE20"}]},
    ]
    assert found(coupon) == [("button", "0", "SAVE20")]
    assert parts.buttons(coupon)[0].text == "Copy code"


def test_components_that_make_no_sense_are_read_as_nothing():
    for odd in (None, [], [None, "x"], [{"type": None}], [{"type": "BODY", "example": [1]}]):
        assert parts.variables(odd) == []
        assert parts.body_text(odd) == ""
