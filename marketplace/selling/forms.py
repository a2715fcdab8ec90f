"""The seller's forms."""

from decimal import Decimal

from django import forms
from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from catalogue import category_names, pictures
from catalogue.models import Category, Product
from core import money
from core.storage_class import StorageClass
from marketplace.plain_words import PlainForm
from marketplace.selling.services.listings import Details

MONTHS = [("", _("all year")), *[(month, str(month)) for month in range(1, 13)]]


class ListingForm(PlainForm):
    """What a seller says of a listing; the photo is checked here and stored when all else is right."""

    title = forms.CharField(
        label=_("Name of the goods"), max_length=60, error_messages={"required": _("Please give the product a name.")}
    )
    photo = forms.FileField(
        label=_("Photo"),
        error_messages={
            "required": _("Please add a photo of the goods."),
            "empty": _("This file is empty. Please choose a photo."),
        },
        help_text=_("In daylight, the goods alone. At most 10 MB."),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.none(),
        empty_label=_("Please choose"),
        error_messages={"required": _("Please choose a category.")},
    )
    price = forms.DecimalField(
        label=_("Price"),
        min_value=Decimal("0.01"),
        max_value=Decimal(100_000),
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={
            "required": _("Please give the price in yuan."),
            "invalid": _("Please give the price as a number, such as 45 or 45.50."),
            "min_value": _("The price must be above 0."),
            "max_decimal_places": _("A price has two decimals at most."),
        },
    )
    pack = forms.CharField(label=_("Pack"), max_length=40, required=False, help_text=_("Such as 5kg a box"))
    on_hand = forms.IntegerField(
        label=_("Stock"),
        min_value=0,
        max_value=1_000_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": _("Please tell how many there are."),
            "invalid": _("Please give the stock as a whole number."),
        },
    )
    storage_class = forms.ChoiceField(
        label=_("Storage"), choices=StorageClass.choices, initial=StorageClass.AMBIENT, widget=forms.RadioSelect
    )
    harvest_from_month = forms.TypedChoiceField(
        label=_("Harvest from month"), choices=MONTHS, coerce=int, empty_value=None, required=False
    )
    harvest_to_month = forms.TypedChoiceField(
        label=_("Harvest to month"), choices=MONTHS, coerce=int, empty_value=None, required=False
    )
    shelf_life_days = forms.IntegerField(label=_("Keeps for days"), min_value=1, max_value=9_999, required=False)
    description = forms.CharField(
        label=_("About it"), max_length=5_000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args, product: Product | None = None, **kwargs):
        if product is not None:
            kwargs.setdefault("initial", _initial(product))
        super().__init__(*args, **kwargs)
        self.product = product
        self.fields["photo"].required = product is None
        self.fields["category"].queryset = Category.objects.filter(numchild=0).order_by("path")
        self.fields["category"].label_from_instance = lambda category: category_names.said(
            category.full_name, between=" > "
        )
        self.picture = None

    def clean_photo(self):
        uploaded = self.cleaned_data.get("photo")
        if uploaded:
            try:
                self.picture = pictures.normalised(uploaded)
            except pictures.UnableToUsePhoto as refusal:
                raise forms.ValidationError(refusal.words) from refusal
        return uploaded

    def details(self) -> Details:
        """Return what was typed, with the photo stored; asked once, when the form is valid."""
        data = self.cleaned_data
        photo = ""
        if self.picture is not None:
            photo = pictures.store(self.picture, name="images/products/photo", storage=default_storage)
        return Details(
            title=data["title"],
            category=data["category"],
            price_fen=money.to_fen(data["price"]),
            on_hand=data["on_hand"],
            pack=data["pack"],
            description=data["description"],
            storage_class=data["storage_class"],
            shelf_life_days=data["shelf_life_days"],
            harvest_from_month=data["harvest_from_month"],
            harvest_to_month=data["harvest_to_month"],
            units_per_crate=self.product.units_per_crate if self.product else settings.UNITS_PER_CRATE,
            keywords=self.product.keywords if self.product else "",
            photo=photo,
        )


def _initial(product: Product) -> dict:
    record = product.stockrecords.get()
    return {
        "title": product.title,
        "category": product.categories.first(),
        "price": record.price,
        "pack": product.pack,
        "on_hand": record.num_in_stock,
        "storage_class": product.storage_class,
        "harvest_from_month": product.harvest_from_month,
        "harvest_to_month": product.harvest_to_month,
        "shelf_life_days": product.shelf_life_days,
        "description": product.description,
    }


class PackingForm(PlainForm):
    """How many parcels a consignment is packed into."""

    parcels = forms.IntegerField(
        label=_("Parcels"), min_value=1, initial=1, error_messages={"min_value": _("At least one parcel.")}
    )

    def __init__(self, *args, crates: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["parcels"].help_text = ngettext(
            "It has room of %(n)d crate: one parcel, one label.",
            "It has room of %(n)d crates, so at most %(n)d parcels: one label a crate.",
            crates,
        ) % {"n": crates}
