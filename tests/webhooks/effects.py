"""What every payload file does to the database, by folder."""

from dataclasses import dataclass

from tests.support.arriving import interactions, messages
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox.media_models import Media
from webapp.inbox.models import Receipt
from webapp.webhooks.models import AccountNotice, WebhookPayload


@dataclass(frozen=True)
class Effect:
    """`messages` as "direction kind source"; an opened interaction waits, its window is open."""

    messages: tuple[str, ...] = ()
    opened: int = 0
    media: int = 0
    contacts: tuple[int, ...] = ()  # how many identities each has
    receipts: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    note: bool = False  # shown to admins


def opens(kind, media=0, identities=1):
    return Effect((f"in {kind} live",), opened=1, media=media, contacts=(identities,))


def beside(message, identities=2):
    """Kept with its contact; opens neither interaction nor window."""
    return Effect((message,), contacts=(identities,))


def receipt(status):
    return Effect(receipts=(status,))


def notice(kind):
    return Effect(notices=(kind,))


def effect():
    """What the database holds now."""
    payloads = db.session.query(WebhookPayload).all()
    assert all(payload.processed_at for payload in payloads)
    opened = interactions()
    assert all(row.state == "waiting" for row in opened)
    return Effect(
        tuple(f"{row.direction} {row.kind} {row.source}" for row in messages()),
        opened=len(opened),
        media=db.session.query(Media).count(),
        contacts=tuple(len(contact.identities) for contact in db.session.query(Contact)),
        receipts=tuple(sorted(row.status for row in db.session.query(Receipt))),
        notices=tuple(row.kind for row in db.session.query(AccountNotice)),
        note=any(payload.note for payload in payloads),
    )


REACTION = Effect(("in reaction live",), contacts=(1,))
NOTHING = Effect()

EFFECTS = {
    "meta": {
        "account_alerts": notice("account_alerts"),
        "account_review_update": notice("account_review_update"),
        "account_update_disabled": notice("disabled_update"),
        "account_update_offboarded": notice("account_offboarded"),
        "account_update_restriction": notice("account_restriction"),
        "account_update_violation": notice("account_violation"),
        "batch_duplicate_message": opens("text", identities=2),
        "batch_two_accounts_out_of_order": Effect(
            ("in text live",) * 3, opened=2, contacts=(2, 2), receipts=("delivered", "read")
        ),
        "business_capability_update": notice("business_capability_update"),
        "business_capability_update_integer": notice("business_capability_update"),
        "business_username_update": notice("business_username_update"),
        "history_chunk": Effect(("in text history", "out unsupported history"), contacts=(1,)),
        "history_declined": notice("history_declined"),
        "message_audio_file": opens("audio", media=1, identities=2),
        "message_audio_voice": opens("voice", media=1, identities=2),
        "message_button_quick_reply": opens("button", identities=2),
        "message_contacts": opens("contacts", identities=2),
        "message_contacts_requested_phone": opens("contacts"),
        "message_document": opens("document", media=1, identities=2),
        "message_edit": beside("in edit live"),
        "message_group_text": Effect(("in text live",)),
        "message_image": opens("image", media=1, identities=2),
        "message_image_no_url_no_caption": opens("image", media=1, identities=2),
        "message_interactive_button_reply": opens("button_reply", identities=2),
        "message_interactive_list_reply": opens("list_reply", identities=2),
        "message_interactive_nfm_reply": opens("flow_reply", identities=2),
        "message_location_current": opens("location", identities=2),
        "message_location_place": opens("location", identities=2),
        "message_media_too_big": opens("unsupported", identities=2),
        "message_order": opens("order", identities=2),
        "message_reaction": beside("in reaction live"),
        "message_reaction_removed": beside("in reaction live"),
        "message_revoke": beside("in revoke live"),
        "message_sticker": opens("sticker", media=1, identities=2),
        "message_system_customer_identity_changed": beside("in system live"),
        "message_system_user_changed_number": beside("in system live", identities=4),
        "message_system_user_changed_user_id": beside("in system live"),
        "message_text": opens("text", identities=2),
        "message_text_ad_referral": opens("text", identities=2),
        "message_text_bsuid_only": opens("text"),
        "message_text_forwarded": opens("text", identities=2),
        "message_text_frequently_forwarded": opens("text", identities=2),
        "message_text_no_bsuid": opens("text"),
        "message_text_parent_bsuid": opens("text", identities=3),
        "message_text_product_inquiry": opens("text", identities=2),
        "message_text_reply": opens("text", identities=2),
        "message_text_unicode": opens("text", identities=2),
        "message_unsupported_poll": opens("unsupported", identities=2),
        "message_unsupported_unavailable": opens("unsupported", identities=2),
        "message_video": opens("video", media=1, identities=2),
        "messaging_handovers_control_passed": notice("messaging_handovers"),
        "phone_number_name_update": notice("phone_number_name_update"),
        "phone_number_quality_limit_legacy": notice("phone_number_quality_update"),
        "phone_number_quality_throughput": notice("phone_number_quality_update"),
        "security_pin_reset": notice("security"),
        "smb_app_state_sync": Effect(),
        "smb_message_echo_revoke": beside("out revoke app"),
        "smb_message_echo_text": beside("out text app"),
        "standby_inbound_message": beside("in text standby", identities=1),
        "standby_message_echo": beside("out text standby", identities=1),
        "status_delivered": receipt("delivered"),
        "status_delivered_bsuid_recipient": receipt("delivered"),
        "status_delivered_free_entry_point": receipt("delivered"),
        "status_delivered_service_billed": receipt("delivered"),
        "status_delivered_service_free": receipt("delivered"),
        "status_failed_131026_undeliverable": receipt("failed"),
        "status_failed_131047_window": receipt("failed"),
        "status_failed_131049_ecosystem": receipt("failed"),
        "status_failed_131050_opted_out": receipt("failed"),
        "status_failed_132015_paused": receipt("failed"),
        "status_group_read": receipt("read"),
        "status_played": receipt("played"),
        "status_read": receipt("read"),
        "status_sent": receipt("sent"),
        "status_sent_callback_data": receipt("sent"),
        "status_sent_v23_conversation": receipt("sent"),
        "template_category_changed": notice("template_category"),
        "template_category_impending": notice("template_category_announced"),
        "template_components_update": notice("template_components"),
        "template_quality_update": notice("template_quality"),
        "template_status_approved": notice("template_status"),
        "template_status_disabled": notice("template_status"),
        "template_status_paused": notice("template_status"),
        "template_status_pending_deletion": notice("template_status"),
        "template_status_rejected": notice("template_status"),
        "unknown_field": Effect(note=True),
        "user_preferences_resume": Effect(contacts=(2,)),
        "user_preferences_stop": Effect(contacts=(2,)),
        "value_level_errors": notice("error"),
    },
    "twilio": {
        "inbound_ad_referral": opens("text"),
        "inbound_bsuid_no_phone": opens("text", identities=2),
        "inbound_contact_vcard": opens("document", media=1),
        "inbound_document": opens("document", media=1),
        "inbound_empty_unsupported": opens("unsupported"),
        "inbound_forwarded": opens("text"),
        "inbound_image_caption": opens("image", media=1),
        "inbound_list_reply": opens("list_reply"),
        "inbound_location": opens("location"),
        "inbound_quick_reply": opens("button"),
        "inbound_quoted_reply": opens("text"),
        "inbound_sticker": opens("sticker", media=1),
        "inbound_text": opens("text"),
        "inbound_voice": opens("voice", media=1),
        "status_delivered": receipt("delivered"),
        "status_failed_63018": receipt("failed"),
        "status_read": receipt("read"),
        "status_sent": receipt("sent"),
        "status_undelivered_63016": receipt("failed"),
    },
    "sinch": {
        "channel_event_quality": notice("phone_number_quality_update"),
        "contact_create": NOTHING,
        "delivery_delivered": receipt("delivered"),
        "delivery_failed_window": receipt("failed"),
        "delivery_queued_on_channel": receipt("sent"),
        "delivery_read": receipt("read"),
        "event_reaction": REACTION,
        "inbound_choice_response": opens("button_reply"),
        "inbound_document": opens("document", media=1),
        "inbound_fallback_unsupported": opens("contacts"),
        "inbound_flow_reply": opens("flow_reply"),
        "inbound_image": opens("image", media=1),
        "inbound_image_caption": opens("image", media=1),
        "inbound_location": opens("location"),
        "inbound_text": opens("text"),
        "inbound_text_quoted_reply": opens("text"),
        "inbound_voice": opens("voice", media=1),
        "unsupported_callback": REACTION,
    },
    "kaleyra": {
        "template_status_update_post": notice("template_status"),
        "v1_get_image": opens("image", media=1),
        "v1_get_text": opens("text"),
        "v1_post_button": opens("button"),
        "v1_post_contacts": opens("contacts"),
        "v1_post_document": opens("document", media=1),
        "v1_post_location": opens("location"),
        "v1_post_text": opens("text"),
        "v1_post_text_placeholders_unset": opens("text"),
        "v1_post_voice": opens("voice", media=1),
        "v1_quality_event_get": notice("phone_number_quality_update"),
        "v1_status_failed_post": receipt("failed"),
        "v1_status_not_sent_post": receipt("failed"),
        "v1_status_read_get": receipt("read"),
        "v2_button": opens("button"),
        "v2_contacts_phones_object": opens("contacts"),
        "v2_image": opens("image", media=1),
        "v2_list_reply": opens("list_reply"),
        "v2_reaction": REACTION,
        "v2_status_failed": receipt("failed"),
        "v2_status_sent": receipt("sent"),
        "v2_text": opens("text"),
    },
}
