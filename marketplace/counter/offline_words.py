"""The sentences that the offline page says by script, in the language of the request."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

A, B = 1, 2  # of which number a plural's two forms are asked; the page puts in its own


def words() -> dict[str, str | dict[str, str]]:
    """Return each sentence by its name; one that counts by its forms ``one`` and ``other``, with ``%(n)s`` in them."""
    return _moments() | _refusals() | _states() | _counted()


def _moments() -> dict[str, str]:
    return {
        "today": pgettext("before a time", "today"),
        "tomorrow": pgettext("before a time", "tomorrow"),
        "until": _("until %(at)s"),
        "was-due": _("was due %(at)s"),
        "lasts-until": _("Good until %(at)s"),
        "handed-over-at": _("Handed over %(at)s"),
        "and": pgettext("between two remarks", " · "),
    }


def _refusals() -> dict[str, str]:
    return {
        "type-digits": _("Please type digits: of the parcel, of the order, or the phone's last 4."),
        "code-first-find": _("This is a pickup code. First find the order, by the phone's last 4 digits."),
        "how-many-digits": _("A parcel has 13 digits, an order 12, a phone's tail 4. These are %(count)s."),
        "mistyped": _("One digit is mistyped. Please compare them once more."),
        "no-tail": _("Nothing waits here for a phone that ends in %(tail)s."),
        "no-pickup-qr": _("This QR is not a pickup code."),
        "no-label": _("This is not a label of ours."),
        "other-point": _("This is not of this point. Which one it is of can be seen when there is network."),
        "not-in-list": _("It is not on this phone's list. Without network it cannot be handed over here."),
        "not-in-list-whole-number": _("No parcel on this phone's list ends so. Please type all 13 digits."),
        "not-all-here": _("Not all of it has been received here yet."),
        "qr-is-void": _("This QR is no longer valid: the buyer has had a new one made."),
        "qr-of-other-order": _("This QR belongs to another order."),
        "parcel-digits": _("A parcel number has 13 digits; the last 6 of them are enough."),
        "code-digits": _("Please type the 8 digits that the buyer reads out."),
        "code-mistyped": _("The code has 8 digits and one of them is mistyped. Please read it out again."),
        "choose-why": _("Please choose why."),
        "missing-is-short": _("What is not in the parcel is short, not rejected."),
        "only-so-many": _("Please give a whole number from 1 to %(open)s."),
        "both-name-and-phone": _("Please give both, the name and the phone."),
        "no-mobile": _("Please give a mobile number of 11 digits."),
        "which-shelf": _("Please give the shelf as letters and digits, such as B-07."),
        "pin-digits": _("The PIN has 6 digits."),
        "pin-weak": _("This one is guessed first. Please choose another."),
        "pin-differs": _("This is not the same PIN."),
        "refused": _("The server does not take it now. Please try again later."),
        "cash-room": _("You would hold more cash than you may. Have it counted when there is network."),
    }


def _states() -> dict[str, str]:
    return {
        "over-time": _("The time without network is over. The list was erased from this phone."),
        "over-tries": _("Five wrong PINs: the list was erased from this phone. What you handed over is kept and sent."),
        "over-ended": _(
            "This phone may not work without network any more; another may have taken over. Its list was erased."
        ),
        "clock-put-back": _("The clock of this phone was put back. Set it right, or connect to the network once."),
        "unsure": _("It is not certain whether this phone may still hand over. Connect to the network once."),
        "handed-over-before": _("This order was handed over already. Do not hand it over again."),
        "signed-out": _("You are signed out. Nothing is lost; sign in to send it."),
        "sign-in": _("Sign in"),
        "unpaired": _("This phone is not paired with a point."),
        "pair": _("Pair this phone"),
        "no-operator": _("You are not an operator of this point any more."),
        "no-network": _("No network. Work goes on."),
        "not-all-sent": _("Not everything is sent yet"),
        "all-sent": _("Everything is sent"),
        "sent-later": _("It is sent by itself as soon as there is network."),
        "nothing-waits": _("Nothing waits on the shelves"),
        "nothing-fits": _("Nothing on the list fits this."),
        "nothing-done": _("Nothing has been done on this phone yet."),
        "title-receive": _("Receive and shelve"),
        "title-hand-over": _("Hand over"),
        "label-receive": _("Parcel number, or its last 6 digits"),
        "label-hand-over": _("Parcel, order, or the phone's last 4 digits"),
        "receive-not-in-list": _(
            "It is not on this phone's list. It can be received now, and handed over when there is network."
        ),
        "shelf": _("Which shelf?"),
        "another-shelf": _("Another shelf"),
        "received-before": _("It was received already and stands at %(shelf)s."),
        "item-received": _("Received %(number)s"),
        "item-handed-over": _("Handed over, phone …%(tail)s"),
        "receipt": _("Receipt"),
        "phone-tail": _("Phone …%(tail)s"),
        "what-becomes-of": _("What becomes of %(name)s"),
        "how-many-not-taken": _("How many of the %(open)s are not taken?"),
        "taken": _("%(n)s taken"),
        "short": _("%(n)s short"),
        "rejected": _("%(n)s rejected"),
        "by-qr": _("QR of the buyer"),
        "by-code": _("Code read out"),
        "cash": _("Cash"),
        "operator-scan": _("Paid to the operator's own code"),
        "none-paid-online": _("None, paid online"),
        "install": _("Then it opens with one tap, also without network."),
        "install-by-menu": _(
            "Open the browser's menu, then “Add to home screen”: it opens with one tap, also without network."
        ),
    }


def _counted() -> dict[str, dict[str, str]]:
    return {
        "parcels": {
            "one": ngettext("%(n)s parcel", "%(n)s parcels", A),
            "other": ngettext("%(n)s parcel", "%(n)s parcels", B),
        },
        "still-coming": {
            "one": ngettext(
                "%(n)s more consignment of this order is on its way.",
                "%(n)s more consignments of this order are on their way.",
                A,
            ),
            "other": ngettext(
                "%(n)s more consignment of this order is on its way.",
                "%(n)s more consignments of this order are on their way.",
                B,
            ),
        },
        "pin-wrong": {
            "one": ngettext("Wrong PIN. %(n)s try is left.", "Wrong PIN. %(n)s tries are left.", A),
            "other": ngettext("Wrong PIN. %(n)s try is left.", "Wrong PIN. %(n)s tries are left.", B),
        },
        "waits-here": {
            "one": ngettext("%(n)s entry waits on this phone", "%(n)s entries wait on this phone", A),
            "other": ngettext("%(n)s entry waits on this phone", "%(n)s entries wait on this phone", B),
        },
    }
