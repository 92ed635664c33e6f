"""Every sample body of Meta's, and the one effect each must have."""

from datetime import UTC, datetime

import pytest

from webapp.providers.base import (
    AccountRef,
    AccountUpdate,
    Echo,
    Identity,
    IdentityChange,
    InboundMessage,
    MediaRef,
    PreferenceChange,
    StatusUpdate,
    TemplateUpdate,
    Unsupported,
)
from webapp.providers.meta.parsing import events_of

from .conftest import NUMBER_ID, WABA_ID, payload, payload_files

AMARA = (Identity("wa_id", "15550142233"), Identity("bsuid", "US.20417735599018846215"))
AMARA_BY_NUMBER = AMARA[:1]
LUIS = (Identity("bsuid", "US.88120034571166209384"),)
LUIS_BY_BOTH = (Identity("wa_id", "15550171819"), *LUIS)
NUMBER = AccountRef(NUMBER_ID, WABA_ID, "15550100200")
OTHER_WABA = AccountRef(NUMBER_ID, "104555010077009", "15550100200")
WABA = AccountRef(None, WABA_ID, None)
WABA_NUMBER = AccountRef(None, WABA_ID, "15550100200")
FIRST = "wamid.HBgLMTU1NTAxNDIyMzMVAgASGBQzNTQ1OTFCM0JENDczQzJFQ0EzNAA="
GROUP = "Y2FwaV9ncm91cDpleGFtcGxlLTAwMQ=="
BILLED = {"billable": True, "pricing_model": "PMP", "type": "regular"}


def message(kind, text="", **also):
    usual = {
        "account_ref": NUMBER,
        "identities": AMARA,
        "sender_name": "Amara Okoye",
        "username": "",
        "media": None,
        "reply_to": None,
        "group_id": None,
        "opens_window": True,
        "forwarded": "",
        "source": "live",
    }
    return InboundMessage, {**usual, "kind": kind, "text": text, **also}


def by_luis(kind, text="", **also):
    known = {"identities": LUIS, "sender_name": "Luis Prieto", "username": "lprieto"}
    return message(kind, text, **{**known, **also})


def quiet(kind, text="", **also):
    return message(kind, text, opens_window=False, **also)


def echo(kind, text="", **also):
    usual = {"account_ref": NUMBER, "identities": AMARA, "media": None, "reply_to": None}
    return Echo, {**usual, "kind": kind, "text": text, **also}


def status(state, **also):
    usual = {
        "account_ref": NUMBER,
        "recipient": "15550142233",
        "recipient_identities": AMARA,
        "correlation_id": None,
        "error": None,
        "group": False,
    }
    return StatusUpdate, {**usual, "status": state, **also}


def failed(code, reason, permanent=True):
    fault = {"code": code, "reason": reason, "permanent": permanent}
    return status("failed", error=fault, billing=None)


def template(what, **change):
    expected = {"what": what, **change}
    return TemplateUpdate, {
        "account_ref": WABA,
        "template_id": "700155500000001",
        "name": "visit_reminder",
        "language": "en_US",
        "change": expected,
    }


def account(kind, severity="info", ref=WABA, **detail):
    return AccountUpdate, {
        "account_ref": ref,
        "kind": kind,
        "severity": severity,
        "detail": detail,
    }


def wish(value):
    return PreferenceChange, {
        "account_ref": NUMBER,
        "identities": AMARA,
        "category": "marketing_messages",
        "value": value,
    }


def unused(field, harmless=False, ref=WABA):
    return Unsupported, {"account_ref": ref, "field": field, "harmless": harmless}


def media(media_id, mime_type, **also):
    return {"id": f"8800550000000{media_id:02}", "mime_type": mime_type, **also}


TEXT = message("text", "Hi, is the Harbour Street branch open on Sunday?", id=FIRST, content={})

EFFECTS = {
    "message_text": [TEXT],
    "message_text_no_bsuid": [
        message("text", "Plain payload as sent before April 2026", identities=AMARA_BY_NUMBER)
    ],
    "message_text_unicode": [
        message("text", 'Señor Núñez says grüße \U0001f44b\U0001f3fd — 200 € / 5 < 6 & "ok"')
    ],
    "message_text_reply": [
        message(
            "text",
            "Yes, that one please",
            reply_to="wamid.HBgLMTU1NTAxNDIyMzMVAgARGBIxQjc4MDYwRjNDRTc0RDRDRjkA",
        )
    ],
    "message_text_forwarded": [message("text", "Flash sale ends tonight!", forwarded="forwarded")],
    "message_text_frequently_forwarded": [
        message("text", "Share this with ten friends", forwarded="frequently")
    ],
    "message_text_product_inquiry": [
        message(
            "text",
            "Does this come in red?",
            reply_to="wamid.HBgLMTU1NTAxNDIyMzMVAgARGBI3MTFCQTYxQzUzNEVFQzIxNEMA",
            content={
                "product": {"catalog_id": "330055500011122", "product_retailer_id": "KETTLE-17"}
            },
        )
    ],
    "message_text_ad_referral": [
        message(
            "text",
            "I saw your ad",
            content={"referral": {"source_type": "ad", "headline": "Talk to Northgate Kettles"}},
        )
    ],
    "message_text_bsuid_only": [by_luis("text", "Do you ship to the islands?")],
    "message_text_parent_bsuid": [
        message(
            "text",
            "Parent identifiers enabled",
            identities=(*AMARA, Identity("parent_bsuid", "US.ENT.70155238841902266417")),
            username="amara.okoye",
        )
    ],
    "message_group_text": [quiet("text", "Any news for the team?", group_id=GROUP)],
    "message_image": [
        message(
            "image",
            "The cracked lid",
            media=media(1, "image/jpeg", sha256="zCkrks5/EPLk9yfs30sSUoEnxRtt32BY4hNnRgMZDQY="),
        )
    ],
    "message_image_no_url_no_caption": [
        message("image", media=media(2, "image/png", url="", filename=""))
    ],
    "message_video": [message("video", "It leaks here", media=media(3, "video/mp4"))],
    "message_audio_file": [message("audio", media=media(4, "audio/mpeg", voice=False))],
    "message_audio_voice": [message("voice", media=media(5, "audio/ogg; codecs=opus", voice=True))],
    "message_document": [
        message(
            "document",
            "Proof of purchase",
            media=media(6, "application/pdf", filename="receipt 2026-11 (copy).pdf"),
        )
    ],
    "message_sticker": [message("sticker", media=media(7, "image/webp", animated=False))],
    "message_media_too_big": [
        message(
            "unsupported",
            content={
                "type": "image",
                "note": "The customer's file could not be fetched; it may be over 100 MB. "
                "Ask for it another way.",
            },
        )
    ],
    "message_location_place": [
        message(
            "location",
            "Northgate Plaza, 1 Example Plaza, Springfield",
            content={"latitude": 40.7301, "longitude": -73.9952, "name": "Northgate Plaza"},
        )
    ],
    "message_location_current": [
        message("location", content={"latitude": -33.4489, "longitude": -70.6693, "name": ""})
    ],
    "message_contacts": [message("contacts", "Priya Raman")],
    "message_contacts_requested_phone": [
        by_luis("contacts", "Luis Prieto", content={"requested": True})
    ],
    "message_button_quick_reply": [
        message(
            "button",
            "Confirm visit",
            content={"payload": "CONFIRM:4471"},
            reply_to="wamid.HBgLMTU1NTAxNDIyMzMVAgARGBJBNkU2NkMzODZBMTE1NEVCNTkA",
        )
    ],
    "message_interactive_button_reply": [
        message(
            "button_reply",
            "Great",
            content={"id": "csat:5:conv-9"},
            reply_to="wamid.HBgLMTU1NTAxNDIyMzMVAgARGBIwODM3MUMyMDI4MTU5RjQwRjAA",
        )
    ],
    "message_interactive_list_reply": [
        message(
            "list_reply",
            "Billing",
            content={"id": "dept:billing", "description": "Invoices and refunds"},
            reply_to="wamid.HBgLMTU1NTAxNDIyMzMVAgARGBI5MEQzRENFMDVGQjgyOEMxMUMA",
        )
    ],
    "message_interactive_nfm_reply": [
        message(
            "flow_reply",
            "Sent",
            content={
                "answers": {
                    "flow_token": "ticket-771",
                    "reason": "damaged",
                    "wants_refund": True,
                    "photos": 1,
                }
            },
            reply_to="wamid.HBgLMTU1NTAxNDIyMzMVAgARGBIyRDhCOUUwRTM2MTQ1NkUyQTQA",
        )
    ],
    "message_reaction": [
        quiet(
            "reaction",
            "❤️",
            reply_to="wamid.HBgLMTU1NTAxNDIyMzMVAgARGBI0OUQ3RTc5MUM1QkNGNjJGQzIA",
        )
    ],
    "message_reaction_removed": [
        quiet(
            "reaction",
            "",
            reply_to="wamid.HBgLMTU1NTAxNDIyMzMVAgARGBI0OUQ3RTc5MUM1QkNGNjJGQzIA",
        )
    ],
    "message_order": [
        message("order", "Please gift wrap", content={"catalog_id": "330055500011122"})
    ],
    "message_system_user_changed_number": [
        quiet(
            "system",
            "User Amara Okoye changed from 15550142233 to 15550142299",
            sender_name="",
            content={"type": "user_changed_number"},
        ),
        (
            IdentityChange,
            {
                "account_ref": NUMBER,
                "old": AMARA,
                "new": (
                    Identity("wa_id", "15550142299"),
                    Identity("bsuid", "US.55102938847566100291"),
                ),
            },
        ),
    ],
    "message_system_user_changed_user_id": [
        quiet(
            "system",
            "User Luis Prieto changed from US.88120034571166209384 to US.61200934481755023948",
            identities=LUIS,
            sender_name="",
        ),
        (
            IdentityChange,
            {
                "account_ref": NUMBER,
                "old": LUIS,
                "new": (Identity("bsuid", "US.61200934481755023948"),),
            },
        ),
    ],
    "message_system_customer_identity_changed": [
        quiet(
            "system",
            "Customer identity changed",
            content={"type": "customer_identity_changed"},
        )
    ],
    "message_unsupported_poll": [
        message(
            "unsupported",
            content={
                "type": "poll_creation",
                "note": "This is a poll, which WhatsApp does not pass on to businesses.",
            },
        )
    ],
    "message_unsupported_unavailable": [
        message(
            "unsupported",
            content={
                "note": "The message is not available now. Ask the customer to send it again."
            },
        )
    ],
    "message_edit": [
        quiet("edit", "Hi, is the Harbour Street branch open on Saturday?", reply_to=FIRST)
    ],
    "message_revoke": [quiet("revoke", reply_to=FIRST)],
    "value_level_errors": [account("error", "warning", NUMBER, code="130429")],
    "unknown_field": [unused("some_future_field")],
    "status_sent": [status("sent", billing={**BILLED, "category": "utility"})],
    "status_sent_v23_conversation": [
        status(
            "sent",
            recipient_identities=AMARA_BY_NUMBER,
            billing={
                **BILLED,
                "category": "marketing",
                "conversation": {
                    "id": "9d1f0c55aa7744e2b8b3d0f5ce00a142",
                    "expiration_timestamp": "1795386400",
                    "origin": {"type": "marketing"},
                },
            },
        )
    ],
    "status_sent_callback_data": [status("sent", correlation_id="outbox:7f4c2a:attempt=1")],
    "status_delivered": [status("delivered", billing={**BILLED, "category": "utility"})],
    "status_delivered_bsuid_recipient": [
        status("delivered", recipient=LUIS[0].value, recipient_identities=LUIS)
    ],
    "status_delivered_service_billed": [
        status("delivered", billing={**BILLED, "category": "service"})
    ],
    "status_delivered_service_free": [
        status(
            "delivered",
            billing={
                "billable": False,
                "pricing_model": "PMP",
                "type": "free_customer_service",
                "category": "service",
            },
        )
    ],
    "status_delivered_free_entry_point": [status("delivered")],
    "status_read": [status("read", billing=None)],
    "status_played": [status("played", billing=None)],
    "status_group_read": [status("read", group=True)],
    "status_failed_131026_undeliverable": [failed("131026", "Not reachable on WhatsApp")],
    "status_failed_131047_window": [
        failed("131047", "More than 24 hours since this person last wrote")
    ],
    "status_failed_131049_ecosystem": [
        failed("131049", "WhatsApp held this marketing message back: the person gets many")
    ],
    "status_failed_131050_opted_out": [
        failed("131050", "This person stopped marketing messages from you")
    ],
    "status_failed_132015_paused": [failed("132015", "The template is paused for low quality")],
    "batch_two_accounts_out_of_order": [
        status("read"),
        status("delivered"),
        TEXT,
        message(
            "text",
            "second in the same batch",
            account_ref=OTHER_WABA,
            identities=LUIS_BY_BOTH,
            sender_name="Luis Prieto",
        ),
        message(
            "text",
            "third, earlier id but later arrival",
            account_ref=OTHER_WABA,
            identities=LUIS_BY_BOTH,
            sender_name="Luis Prieto",
        ),
    ],
    "batch_duplicate_message": [TEXT, TEXT],
    "template_status_approved": [template("status", status="APPROVED", reason="")],
    "template_status_rejected": [
        template(
            "status",
            status="REJECTED",
            reason="INVALID_FORMAT",
            detail="A variable is the last thing in the body.",
            recommendation="Add fixed text after the variable.",
        )
    ],
    "template_status_paused": [template("status", status="PAUSED", pause="FIRST_PAUSE")],
    "template_status_disabled": [template("status", status="DISABLED")],
    "template_status_pending_deletion": [template("status", status="PENDING_DELETION", reason="")],
    "template_quality_update": [template("quality", quality="RED", previous="GREEN")],
    "template_category_impending": [
        template("category_announced", category="MARKETING", previous="UTILITY")
    ],
    "template_category_changed": [template("category", category="MARKETING", previous="UTILITY")],
    "template_components_update": [
        template("components", header="Your visit", footer="Northgate Kettles")
    ],
    "phone_number_quality_throughput": [
        account("phone_number_quality_update", ref=WABA_NUMBER, event="THROUGHPUT_UPGRADE")
    ],
    "phone_number_quality_limit_legacy": [
        account("phone_number_quality_update", "warning", WABA_NUMBER, current_limit="TIER_2K")
    ],
    "phone_number_name_update": [
        account("phone_number_name_update", "warning", WABA_NUMBER, decision="REJECTED")
    ],
    "account_update_restriction": [account("account_restriction", "critical")],
    "account_update_violation": [account("account_violation", "warning")],
    "account_update_disabled": [account("disabled_update", "critical")],
    "account_update_offboarded": [account("account_offboarded", "critical")],
    "account_alerts": [account("account_alerts", "warning", entity_type="BUSINESS")],
    "account_review_update": [account("account_review_update", decision="APPROVED")],
    "business_capability_update": [
        account(
            "business_capability_update",
            max_daily_conversations_per_business="TIER_10K",
            max_phone_numbers_per_waba=25,
        )
    ],
    "business_capability_update_integer": [
        account("business_capability_update", max_daily_conversations_per_business=2000)
    ],
    "security_pin_reset": [account("security", "warning", WABA_NUMBER)],
    "business_username_update": [
        account("business_username_update", ref=WABA_NUMBER, username="northgatekettles")
    ],
    "user_preferences_stop": [wish("stop")],
    "user_preferences_resume": [wish("resume")],
    "smb_message_echo_text": [echo("text", "Sent from the shop phone", source="app")],
    "smb_message_echo_revoke": [
        echo(
            "revoke",
            source="app",
            reply_to="wamid.HBgLMTU1NTAxNDIyMzMVAgARGBI4NjY0NjQ2OERBREFFRjQ4MUEA",
        )
    ],
    "history_chunk": [
        quiet(
            "text",
            "Old question",
            identities=AMARA_BY_NUMBER,
            sender_name="",
            source="history",
        ),
        echo("unsupported", identities=AMARA_BY_NUMBER, source="history"),
    ],
    "history_declined": [account("history_declined", "info", NUMBER, code="2593109")],
    "smb_app_state_sync": [unused("smb_app_state_sync", harmless=True, ref=NUMBER)],
    "standby_inbound_message": [
        quiet(
            "text",
            "Asked while the AI agent was answering",
            identities=AMARA_BY_NUMBER,
            source="standby",
        )
    ],
    "standby_message_echo": [
        echo(
            "text",
            "Your parcel left today.",
            identities=AMARA_BY_NUMBER,
            source="standby",
            reply_to="wamid.HBgLMTU1NTAxNDIyMzMVAgASGBQyNURGRDdCOTBERDZGNzZERjEzQQA=",
        )
    ],
    "messaging_handovers_control_passed": [
        account(
            "messaging_handovers",
            ref=AccountRef(NUMBER_ID, WABA_ID, "15550100200"),
            type="control_passed",
        )
    ],
}


def test_the_table_names_every_sample_file():
    assert set(EFFECTS) == {file.stem for file in payload_files("meta")}


@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_each_sample_has_its_effect_and_no_other(name):
    events = events_of(payload(name))
    assert [type(event) for event in events] == [kind for kind, _ in EFFECTS[name]]
    for event, (_, expected) in zip(events, EFFECTS[name], strict=True):
        for attribute, value in expected.items():
            assert matches(getattr(event, attribute), value), (attribute, event)


def matches(found, expected):
    """Of objects and dictionaries only what the table names has to agree."""
    if not isinstance(expected, dict):
        return found == expected
    if isinstance(found, dict):
        return all(key in found and matches(found[key], expected[key]) for key in expected)
    return all(matches(getattr(found, key), expected[key]) for key in expected)


@pytest.mark.parametrize("name", sorted(EFFECTS))
def test_each_event_keeps_its_raw_form(name):
    assert all(event.raw and isinstance(event.raw, dict) for event in events_of(payload(name)))


def test_times_are_the_providers_own_in_utc():
    (event,) = events_of(payload("message_text"))
    assert event.sent_at == datetime.fromtimestamp(1795300001, UTC)
    (news,) = events_of(payload("template_status_approved"))
    assert news.at == datetime.fromtimestamp(1795300000, UTC)


def test_a_voice_messages_media_is_complete():
    (event,) = events_of(payload("message_audio_voice"))
    assert event.media == MediaRef(
        id="880055000000005",
        mime_type="audio/ogg; codecs=opus",
        sha256="OyXWk3oAPNaN1mYnCR8dMpwbUMM/PG5JikguYMq+oFw=",
        url="https://lookaside.fbsbx.com/whatsapp_business/attachments/"
        "?mid=880055000000005&source=webhook&ext=1795300300&hash=ATexample5",
        voice=True,
    )


def test_an_orders_items_are_numbers():
    (event,) = events_of(payload("message_order"))
    assert event.content["items"] == [
        {"id": "KETTLE-17", "quantity": 2.0, "price": 34.5, "currency": "USD"},
        {"id": "FILTER-03", "quantity": 1.0, "price": 9.0, "currency": "USD"},
    ]


def test_a_shared_contact_is_readable():
    (event,) = events_of(payload("message_contacts"))
    assert event.content["contacts"] == [
        {
            "name": "Priya Raman",
            "phones": [{"phone": "+1 (555) 019-9001", "wa_id": "15550199001", "type": "CELL"}],
            "emails": ["priya@example.com"],
            "organisation": "Example Ltd",
            "title": "Buyer",
            "birthday": "1990-05-05",
        }
    ]
