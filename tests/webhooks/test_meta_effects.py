"""What every sample of Meta does to the database, however often and however crowded it arrives."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest

from tests.factories import make_meta_account
from tests.support.arriving import at_once, interactions, keep, messages
from tests.webhooks.posting import SAMPLE_FILES, sample
from webapp.contacts.models import Contact
from webapp.extensions import db
from webapp.inbox.models import Media, Receipt
from webapp.webhooks import draining
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


def opens(kind, media=0, identities=2):
    return Effect((f"in {kind} live",), opened=1, media=media, contacts=(identities,))


def beside(message, identities=2):
    """Kept with its contact; opens neither interaction nor window."""
    return Effect((message,), contacts=(identities,))


def receipt(status):
    return Effect(receipts=(status,))


def notice(kind):
    return Effect(notices=(kind,))


EFFECTS = {
    "account_alerts.json": notice("account_alerts"),
    "account_review_update.json": notice("account_review_update"),
    "account_update_disabled.json": notice("disabled_update"),
    "account_update_offboarded.json": notice("account_offboarded"),
    "account_update_restriction.json": notice("account_restriction"),
    "account_update_violation.json": notice("account_violation"),
    "batch_duplicate_message.json": opens("text"),
    "batch_two_accounts_out_of_order.json": Effect(
        ("in text live",) * 3, opened=2, contacts=(2, 2), receipts=("delivered", "read")
    ),
    "business_capability_update.json": notice("business_capability_update"),
    "business_capability_update_integer.json": notice("business_capability_update"),
    "business_username_update.json": notice("business_username_update"),
    "history_chunk.json": Effect(("in text history", "out unsupported history"), contacts=(1,)),
    "history_declined.json": notice("history_declined"),
    "message_audio_file.json": opens("audio", media=1),
    "message_audio_voice.json": opens("voice", media=1),
    "message_button_quick_reply.json": opens("button"),
    "message_contacts.json": opens("contacts"),
    "message_contacts_requested_phone.json": opens("contacts", identities=1),
    "message_document.json": opens("document", media=1),
    "message_edit.json": beside("in edit live"),
    "message_group_text.json": Effect(("in text live",)),
    "message_image.json": opens("image", media=1),
    "message_image_no_url_no_caption.json": opens("image", media=1),
    "message_interactive_button_reply.json": opens("button_reply"),
    "message_interactive_list_reply.json": opens("list_reply"),
    "message_interactive_nfm_reply.json": opens("flow_reply"),
    "message_location_current.json": opens("location"),
    "message_location_place.json": opens("location"),
    "message_media_too_big.json": opens("unsupported"),
    "message_order.json": opens("order"),
    "message_reaction.json": beside("in reaction live"),
    "message_reaction_removed.json": beside("in reaction live"),
    "message_revoke.json": beside("in revoke live"),
    "message_sticker.json": opens("sticker", media=1),
    "message_system_customer_identity_changed.json": beside("in system live"),
    "message_system_user_changed_number.json": beside("in system live", identities=4),
    "message_system_user_changed_user_id.json": beside("in system live"),
    "message_text.json": opens("text"),
    "message_text_ad_referral.json": opens("text"),
    "message_text_bsuid_only.json": opens("text", identities=1),
    "message_text_forwarded.json": opens("text"),
    "message_text_frequently_forwarded.json": opens("text"),
    "message_text_no_bsuid.json": opens("text", identities=1),
    "message_text_parent_bsuid.json": opens("text", identities=3),
    "message_text_product_inquiry.json": opens("text"),
    "message_text_reply.json": opens("text"),
    "message_text_unicode.json": opens("text"),
    "message_unsupported_poll.json": opens("unsupported"),
    "message_unsupported_unavailable.json": opens("unsupported"),
    "message_video.json": opens("video", media=1),
    "messaging_handovers_control_passed.json": notice("messaging_handovers"),
    "phone_number_name_update.json": notice("phone_number_name_update"),
    "phone_number_quality_limit_legacy.json": notice("phone_number_quality_update"),
    "phone_number_quality_throughput.json": notice("phone_number_quality_update"),
    "security_pin_reset.json": notice("security"),
    "smb_app_state_sync.json": Effect(),
    "smb_message_echo_revoke.json": beside("out revoke app"),
    "smb_message_echo_text.json": beside("out text app"),
    "standby_inbound_message.json": beside("in text standby", identities=1),
    "standby_message_echo.json": beside("out text standby", identities=1),
    "status_delivered.json": receipt("delivered"),
    "status_delivered_bsuid_recipient.json": receipt("delivered"),
    "status_delivered_free_entry_point.json": receipt("delivered"),
    "status_delivered_service_billed.json": receipt("delivered"),
    "status_delivered_service_free.json": receipt("delivered"),
    "status_failed_131026_undeliverable.json": receipt("failed"),
    "status_failed_131047_window.json": receipt("failed"),
    "status_failed_131049_ecosystem.json": receipt("failed"),
    "status_failed_131050_opted_out.json": receipt("failed"),
    "status_failed_132015_paused.json": receipt("failed"),
    "status_group_read.json": receipt("read"),
    "status_played.json": receipt("played"),
    "status_read.json": receipt("read"),
    "status_sent.json": receipt("sent"),
    "status_sent_callback_data.json": receipt("sent"),
    "status_sent_v23_conversation.json": receipt("sent"),
    "template_category_changed.json": notice("template_category"),
    "template_category_impending.json": notice("template_category_announced"),
    "template_components_update.json": notice("template_components"),
    "template_quality_update.json": notice("template_quality"),
    "template_status_approved.json": notice("template_status"),
    "template_status_disabled.json": notice("template_status"),
    "template_status_paused.json": notice("template_status"),
    "template_status_pending_deletion.json": notice("template_status"),
    "template_status_rejected.json": notice("template_status"),
    "unknown_field.json": Effect(note=True),
    "user_preferences_resume.json": Effect(contacts=(2,)),
    "user_preferences_stop.json": Effect(contacts=(2,)),
    "value_level_errors.json": notice("error"),
}


@pytest.fixture
def meta(queue):
    return make_meta_account(queue)


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


def test_every_sample_has_its_effect_in_the_table():
    assert sorted(EFFECTS) == SAMPLE_FILES


@pytest.mark.parametrize("name", EFFECTS)
def test_three_copies_drained_at_once_have_the_effect_once(app, meta, name):
    keep(meta, *[sample(name)] * 3)
    account_id = meta.id
    at_once(app, *[partial(draining.drain, account_id)] * 3)
    draining.drain(account_id)
    assert effect() == EFFECTS[name]


@pytest.mark.parametrize("name", [name for name, known in EFFECTS.items() if known.opened])
def test_a_window_lasts_a_day_from_the_last_message_by_metas_time(meta, name):
    keep(meta, sample(name))
    draining.drain(meta.id)
    last = {row.interaction_id: row.written_at for row in messages()}
    for row in interactions():
        assert row.window_expires_at == last[row.id] + timedelta(hours=24)


def test_all_samples_together_count_each_message_once(meta):
    for _ in range(2):
        keep(meta, *map(sample, SAMPLE_FILES))
        draining.drain(meta.id)
    assert set(Counter(row.provider_id for row in messages()).values()) == {1}
    assert db.session.query(WebhookPayload).filter_by(processed_at=None).count() == 0


def test_opting_out_and_in_again_reach_the_contact(meta):
    keep(meta, sample("user_preferences_stop.json"))
    draining.drain(meta.id)
    (contact,) = db.session.query(Contact)
    assert contact.opted_out_at is not None
    keep(meta, sample("user_preferences_resume.json"))
    draining.drain(meta.id)
    db.session.expire_all()
    assert contact.opted_out_at is None
