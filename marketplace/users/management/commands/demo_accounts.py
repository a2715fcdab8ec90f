from django.core.management.base import BaseCommand
from django.utils.translation import gettext

from marketplace.users import demo


class Command(BaseCommand):
    help = "Print the demonstration accounts."

    def handle(self, *args, **options):
        self.stdout.write(f"密码（每个账号相同）: {demo.PASSWORD}")
        for account in demo.ACCOUNTS:
            role = gettext(account.role)
            self.stdout.write(f"  {account.phone}  {role}  {account.family_name}{account.given_name}  {account.start}")
