"""Form controls that Django has no widget for."""

from collections.abc import Mapping

from django.forms import RadioSelect


class ClosableRadioSelect(RadioSelect):
    """Radio buttons of which some are closed: they stay visible, dashed, with their reason.

    :param closed: value to the reason for which it cannot be chosen.
    """

    def __init__(self, *, closed: Mapping[str, str] | None = None, **options):
        super().__init__(**options)
        self.closed = dict(closed or {})

    def create_option(self, name, value, *args, **options):
        option = super().create_option(name, value, *args, **options)
        reason = self.closed.get(str(value))
        if reason:
            option["attrs"] |= {"disabled": True, "data-why": reason}
        return option
