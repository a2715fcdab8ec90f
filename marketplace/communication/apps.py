from oscar.apps.communication.apps import CommunicationConfig as CoreCommunicationConfig


class CommunicationConfig(CoreCommunicationConfig):
    name = "marketplace.communication"

    def ready(self):
        super().ready()
        from marketplace.communication import invariants  # noqa: F401 - registers its checks, once models are there
