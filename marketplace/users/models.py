"""People: sign-in by phone or e-mail, staff by division, and the codes that verify a phone."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import phones
from core.sealed import SealedTextField, digest


class UserManager(BaseUserManager):
    def create_user(
        self, email: str | None = None, password: str | None = None, *, phone: str = "", **fields
    ) -> "User":
        """Create a user with an e-mail, a phone in E.164, or both; raise ``ValueError`` without either."""
        if not email and not phone:
            raise ValueError("a user signs in by phone or by e-mail: one of them is needed")
        user = self.model(email=self.normalize_email(email) or None, **fields)
        if phone:
            user.set_phone(phone)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. E-mail and phone are each unique and may each be missing, not both."""

    email = models.EmailField(_("E-mail"), unique=True, null=True, blank=True)
    phone = SealedTextField(_("Phone"), blank=True)
    phone_hash = models.CharField(max_length=64, unique=True, null=True)
    phone_tail = models.CharField(max_length=4, blank=True)
    first_name = models.CharField(_("Name"), max_length=255, blank=True)
    last_name = models.CharField(_("Family name"), max_length=255, blank=True)
    is_staff = models.BooleanField(_("Platform staff"), default=False)
    is_active = models.BooleanField(_("Active"), default=True)
    date_joined = models.DateTimeField(_("Joined"), default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("User")
        verbose_name_plural = _("Users")
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=False) | Q(phone_hash__isnull=False), name="user_phone_or_email"
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or f"#{self.pk}"

    def set_phone(self, e164: str) -> None:
        """Set the phone with the hash that finds it and the digits that are shown."""
        self.phone, self.phone_hash, self.phone_tail = e164, digest(e164), phones.tail(e164)

    def get_full_name(self) -> str:
        """Return the name as Chinese writes it: family name first, no blank between."""
        return f"{self.last_name}{self.first_name}"

    def get_short_name(self) -> str:
        return self.first_name or self.get_full_name()


class StaffAssignment(models.Model):
    """A person of the province, a prefecture or a county, who sees that division and below."""

    user = models.ForeignKey(User, models.CASCADE, related_name="staff_of")
    division = models.ForeignKey("villages.Division", models.PROTECT, related_name="staff")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "division"], condition=Q(until=None), name="staff_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.division_id}"


class PhoneCode(models.Model):
    """A code sent to a phone. Only its hash is kept; tries are counted; it works once."""

    phone_hash = models.CharField(max_length=64)
    network_address_hash = models.CharField(max_length=64, blank=True)
    device_hash = models.CharField(max_length=64, blank=True, help_text="Of the browser or paired phone that asked")
    purpose = models.CharField(max_length=16)
    code_hash = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["phone_hash", "created_at"], name="phone_code_phone"),
            models.Index(fields=["network_address_hash", "created_at"], name="phone_code_address"),
            models.Index(fields=["device_hash", "created_at"], name="phone_code_device"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} at {self.created_at}"
