"""WhatsApp straight from Meta: Cloud API and its webhooks."""

from ..signing import signature_ok
from .provider import Meta

__all__ = ["Meta", "signature_ok"]
