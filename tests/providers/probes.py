"""One webhook for each thing a customer may do, as each provider brings it.

What stands here is what `docs/providers.md` says arrives; a provider that has no way to bring
something has no entry.
"""

import json

from .calls import call_of, content_of, form_call, json_call
from .casts import CASTS

# What a parsed event has to show, by the row of the documentation.
ROWS = {
    "Text": lambda event: event.kind == "text",
    "Picture": lambda event: event.kind == "image",
    "Video": lambda event: event.kind == "video",
    "Sound": lambda event: event.kind == "audio",
    "Voice note": lambda event: event.kind == "voice",
    "Document": lambda event: event.kind == "document",
    "Sticker": lambda event: event.kind == "sticker",
    "Location": lambda event: event.kind == "location",
    "Contact": lambda event: event.kind == "contacts" or event.media.mime_type == "text/vcard",
    "Button pressed, list row chosen": lambda event: (
        event.kind in ("button", "button_reply", "list_reply")
    ),
    "Answers of a Flow": lambda event: event.kind == "flow_reply",
    "Reaction": lambda event: event.kind == "reaction",
    "Order": lambda event: event.kind == "order",
    "Edited": lambda event: event.kind == "edit",
    "Deleted": lambda event: event.kind == "revoke",
    "Answer that quotes a message": lambda event: bool(event.reply_to),
    "Mark of forwarded": lambda event: bool(event.forwarded),
    "Ad the customer came from": lambda event: bool(event.content.get("referral")),
    "New number of the customer": lambda event: event.kind == "system",
}
METAS = {
    "Text": "message_text",
    "Picture": "message_image",
    "Video": "message_video",
    "Sound": "message_audio_file",
    "Voice note": "message_audio_voice",
    "Document": "message_document",
    "Sticker": "message_sticker",
    "Location": "message_location_place",
    "Contact": "message_contacts",
    "Button pressed, list row chosen": "message_interactive_list_reply",
    "Answers of a Flow": "message_interactive_nfm_reply",
    "Reaction": "message_reaction",
    "Order": "message_order",
    "Edited": "message_edit",
    "Deleted": "message_revoke",
    "Answer that quotes a message": "message_text_reply",
    "Mark of forwarded": "message_text_forwarded",
    "Ad the customer came from": "message_text_ad_referral",
    "New number of the customer": "message_system_user_changed_number",
}


def _meta():
    return {row: call_of("meta", name) for row, name in METAS.items()}


def _twilio():
    def posted(name, **changed):
        return form_call(content_of("twilio", name) | changed)

    return {
        "Text": posted("inbound_text"),
        "Picture": posted("inbound_image_caption"),
        "Video": posted(
            "inbound_image_caption", MediaContentType0="video/mp4", MessageType="video"
        ),
        "Sound": posted("inbound_voice", MediaContentType0="audio/mpeg", MessageType="audio"),
        "Voice note": posted("inbound_voice"),
        "Document": posted("inbound_document"),
        "Sticker": posted("inbound_sticker"),
        "Location": posted("inbound_location"),
        "Contact": posted("inbound_contact_vcard"),
        "Button pressed, list row chosen": posted("inbound_list_reply"),
        "Answers of a Flow": posted("inbound_text", FlowData='{"rating":"5"}'),
        "Answer that quotes a message": posted("inbound_quoted_reply"),
        "Mark of forwarded": posted("inbound_forwarded"),
        "Ad the customer came from": posted("inbound_ad_referral"),
    }


def _sinch():
    def said(**message):
        content = content_of("sinch", "inbound_text")
        content["message"]["contact_message"] = message
        return json_call(content)

    def raw(name):
        """What Sinch has no form for comes with WhatsApp's own message inside."""
        return said(fallback_message={"raw_message": json.dumps(_metas_message(name))})

    def file(ending):
        return said(media_message={"url": f"https://media.example.com/file{ending}"})

    item = {"id": "1", "quantity": 1, "item_price": 2.5, "currency": "EUR"}
    order = {"products": [item], "title": "Soon", "catalog_id": "c"}
    return {
        "Text": call_of("sinch", "inbound_text"),
        "Picture": call_of("sinch", "inbound_image"),
        "Video": file(".mp4"),
        "Sound": file(".mp3"),
        "Voice note": call_of("sinch", "inbound_voice"),
        "Document": call_of("sinch", "inbound_document"),
        "Sticker": file(".webp"),
        "Location": call_of("sinch", "inbound_location"),
        "Contact": call_of("sinch", "inbound_fallback_unsupported"),
        "Button pressed, list row chosen": call_of("sinch", "inbound_choice_response"),
        "Answers of a Flow": call_of("sinch", "inbound_flow_reply"),
        "Reaction": call_of("sinch", "event_reaction"),
        "Order": said(product_response_message=order),
        "Edited": raw("message_edit"),
        "Deleted": raw("message_revoke"),
        "Answer that quotes a message": call_of("sinch", "inbound_text_quoted_reply"),
        "New number of the customer": raw("message_system_user_changed_number"),
    }


def _kaleyra_v1():
    def posted(name, **changed):
        return json_call(content_of("kaleyra", name)["body"] | changed)

    flow = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "response_json": "{}"}}
    return {
        "Text": call_of("kaleyra", "v1_post_text"),
        "Picture": call_of("kaleyra", "v1_get_image"),
        "Video": posted("v1_post_voice", type="video", mime_type="video/mp4"),
        "Sound": posted("v1_post_voice", type="audio", mime_type="audio/mpeg"),
        "Voice note": call_of("kaleyra", "v1_post_voice"),
        "Document": call_of("kaleyra", "v1_post_document"),
        "Sticker": posted("v1_post_voice", type="sticker", mime_type="image/webp"),
        "Location": call_of("kaleyra", "v1_post_location"),
        "Contact": call_of("kaleyra", "v1_post_contacts"),
        "Button pressed, list row chosen": call_of("kaleyra", "v1_post_button"),
        "Answers of a Flow": posted("v1_post_text", type="interactive", payload=flow),
        "Reaction": posted("v1_post_text", type="reaction", body="👍", reply_to="an-id:0"),
        "Answer that quotes a message": posted("v1_post_text", reply_to="an-id:0"),
    }


def _kaleyra_v2():
    """Meta's own messages in a cover of Kaleyra's; files by its links."""

    def wrapped(name):
        content = content_of("kaleyra", "v2_text")
        content["meta_object"]["value"]["messages"] = [_metas_message(name)]
        content["extra_info"]["media_url"] = "https://media.example.com/k/file"
        return json_call(content)

    return {row: wrapped(name) for row, name in METAS.items()}


def _metas_message(name):
    return content_of("meta", name)["entry"][0]["changes"][0]["value"]["messages"][0]


PROBES = {
    "meta": _meta(),
    "twilio": _twilio(),
    "sinch": _sinch(),
    "kaleyra v1": _kaleyra_v1(),
    "kaleyra v2": _kaleyra_v2(),
    "sandbox": _meta(),
}
assert set(PROBES) == set(CASTS)
