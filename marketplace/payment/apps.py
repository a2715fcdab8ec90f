from oscar.apps.payment.apps import PaymentConfig as CorePaymentConfig


class PaymentConfig(CorePaymentConfig):
    name = "marketplace.payment"

    def ready(self):
        super().ready()
        from marketplace.payment import invariants  # noqa: F401 - registers its checks, once models are there
