from oscar.apps.dashboard.apps import DashboardConfig as CoreDashboardConfig


class DashboardConfig(CoreDashboardConfig):
    name = "marketplace.dashboard"

    def ready(self):
        """Leave Oscar's sub-dashboards out: what staff may do stands in our own URLs."""

    def get_urls(self):
        return []
