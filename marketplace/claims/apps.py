from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    name = "marketplace.claims"

    def ready(self):
        from marketplace.claims import invariants  # noqa: F401 - registers the checks
