"""WhatsApp through Twilio: its Programmable Messaging API and webhooks."""

from .provider import Twilio

__all__ = ["Twilio"]
