from oscar.apps.payment.apps import PaymentConfig as CorePaymentConfig


class PaymentConfig(CorePaymentConfig):
    name = "marketplace.payment"
