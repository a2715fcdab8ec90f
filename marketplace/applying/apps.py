from django.apps import AppConfig


class ApplyingConfig(AppConfig):
    name = "marketplace.applying"
