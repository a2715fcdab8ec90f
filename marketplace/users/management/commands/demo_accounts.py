from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext

from marketplace.users import demo


class Command(BaseCommand):
    help = "Print the demonstration accounts."

    def handle(self, *args, **options):
        if not settings.DEMO_ACCOUNTS:
            raise CommandError("this deployment has no demonstration accounts")
        self.stdout.write(f"密码（每个账号相同）: {demo.PASSWORD}")
        for account in demo.ACCOUNTS:
            role = gettext(account.role)
            self.stdout.write(f"  {account.phone}  {role}  {account.family_name}{account.given_name}  {account.start}")
