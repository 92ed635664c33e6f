"""WhatsApp through Kaleyra.io: both generations of its API, V1 and V2."""

from .provider import Kaleyra

__all__ = ["Kaleyra"]
