"""What browsers say over Socket.IO."""


def init_app(app):
    """Register the socket's events."""
