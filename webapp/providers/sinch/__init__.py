"""WhatsApp over Sinch's Conversation API (the product's "SINCH V2")."""

from .provider import Sinch

__all__ = ["Sinch"]
