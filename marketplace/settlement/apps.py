from django.apps import AppConfig


class SettlementConfig(AppConfig):
    name = "marketplace.settlement"

    def ready(self):
        from marketplace.settlement import invariants  # noqa: F401 - registers the checks
