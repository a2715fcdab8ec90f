"""Oscar's shipping models, unchanged; freight is a consignment's, not a shipping method's."""

from oscar.apps.shipping.models import *  # noqa: F403
