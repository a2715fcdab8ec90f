"""Photos in a form: taken or chosen, kept through every refusal of the form, a few at most."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from catalogue import pictures
from core import clock
from marketplace.evidence.models import Photo
from marketplace.evidence.services import photos


class PhotosInput(forms.Widget):
    """A file input for several photos, with those that were sent before and the way to leave one out."""

    template_name = "evidence/photos_input.html"
    input_type = "photos"
    needs_multipart_form = True
    shown: Sequence[Photo] = ()

    def value_from_datadict(self, data, files, name) -> tuple[list, list[str]]:
        kept = data.getlist(f"{name}-kept") if hasattr(data, "getlist") else data.get(f"{name}-kept", [])
        sent = files.getlist(name) if hasattr(files, "getlist") else files.get(name, [])
        return list(sent), list(kept)

    def value_omitted_from_data(self, data, files, name) -> bool:
        return name not in files and f"{name}-kept" not in data

    def get_context(self, name, value, attrs):
        context = super().get_context(name, None, attrs)
        context["widget"]["shown"] = self.shown
        return context


class PhotosField(forms.Field):
    """Clean to the kept photos; what is a photo stays kept although the form, or another file, is refused.

    :param most: how many photos there may be.
    """

    widget = PhotosInput
    default_error_messages = {
        "required": _("Please take a photo."),
        "most": ngettext_lazy(
            "At most %(most)d photo. Please leave some out.", "At most %(most)d photos. Please leave some out.", "most"
        ),
    }

    def __init__(self, *, most: int = 3, **kwargs):
        super().__init__(**kwargs)
        self.most = most

    def clean(self, value: tuple[list, list[str]]) -> list[Photo]:
        sent, tokens = value
        at = clock.now()
        found = photos.unbound(tokens[: self.most], at=at)
        problems = []
        for upload in sent[: self.most + 1 - len(found)]:
            try:
                found.append(photos.keep(upload, at=at))
            except pictures.UnableToUsePhoto as refusal:
                problems.append(refusal.words)
        self.widget.shown = found
        if len(found) > self.most:
            problems.append(self.error_messages["most"] % {"most": self.most})
        if self.required and not found and not problems:
            problems.append(self.error_messages["required"])
        if problems:
            raise forms.ValidationError([forms.ValidationError(problem) for problem in dict.fromkeys(problems)])
        return found
