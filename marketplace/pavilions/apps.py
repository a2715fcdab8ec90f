from django.apps import AppConfig


class PavilionsConfig(AppConfig):
    name = "marketplace.pavilions"
