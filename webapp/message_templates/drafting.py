"""What of a template is being written: its draft if there is one, else what the provider has."""

from webapp import media_store
from webapp.message_templates import composing, signed_samples
from webapp.message_templates.models import Category, MessageTemplate, TemplateStatus
from webapp.providers.commands import OutgoingFile
from webapp.providers.templates import TemplateDraft

# developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management
EDITABLE = (TemplateStatus.APPROVED, TemplateStatus.REJECTED, TemplateStatus.PAUSED)


def components_of(template: MessageTemplate):
    return template.draft["components"] if template.draft else template.components


def category_of(template):
    return template.draft["category"] if template.draft else template.category


def media_of(template):
    return template.draft.get("media") if template.draft else template.media


def content_of(template):
    """What the editor shows; beneath an authentication template's, what was typed before."""
    draft = template.draft or {}
    content = composing.content_of(
        category_of(template), template.parameter_format, components_of(template), draft.get("ttl")
    )
    return composing.with_words(content, draft.get("words") or [])


def draft_of(template):
    """As the provider will be asked to keep it."""
    return TemplateDraft(
        name=template.name,
        language=template.language,
        category=category_of(template),
        parameter_format=template.parameter_format,
        components=components_of(template),
        sample=None if category_of(template) == Category.AUTHENTICATION else _sample_of(template),
        provider_id=template.provider_id,
        ttl=(template.draft or {}).get("ttl"),
    )


def _sample_of(template):
    media = media_of(template)
    if not media:
        return None
    return OutgoingFile(
        open=lambda: media_store.open(media["key"]),
        url=signed_samples.address_of(template.id, media),
        mime_type=media["mime_type"],
        size=media["size"],
        filename=media.get("filename", ""),
    )


def is_new(template):
    """Whether the provider has never had it: its name may still change."""
    return template.status == TemplateStatus.DRAFT
