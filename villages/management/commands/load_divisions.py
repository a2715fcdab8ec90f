"""Import the register of divisions that is kept with the project."""

from django.core.management.base import BaseCommand, CommandError

from villages.services import register


class Command(BaseCommand):
    help = "Import the register of divisions; what is there already stays as it is."

    def handle(self, *args, **options):
        try:
            report = register.import_edition(
                register.read("hunan_divisions.csv"),
                hosts=register.read("zone_host.csv"),
                successions=register.read_successions(),
            )
        except register.UnableToImportRegister as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"行政区划：新增 {report.added}，已有 {report.known}，沿革 {report.successions}")
        for conflict in report.conflicts:
            self.stderr.write(conflict)
