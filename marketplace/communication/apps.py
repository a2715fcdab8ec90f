from oscar.apps.communication.apps import CommunicationConfig as CoreCommunicationConfig


class CommunicationConfig(CoreCommunicationConfig):
    name = "marketplace.communication"
