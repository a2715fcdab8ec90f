"""The template tags of the design system."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import ResolverMatch
from django.utils import translation

from marketplace import wording
from marketplace.templatetags import look
from marketplace.widgets import ClosableRadioSelect

BEIJING = ZoneInfo("Asia/Shanghai")
MONDAY = dt.datetime(2026, 11, 23, 9, 30, tzinfo=BEIJING)


def rendered(source, **context):
    return Template("{% load look %}" + source).render(Context(context)).strip()


def at(*moment):
    return dt.datetime(*moment, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("moment", "chinese", "english"),
    [
        (at(2026, 11, 23, 16), "今天 16:00 后可提", "Today, ready after 16:00"),
        (at(2026, 11, 24, 9, 5), "明天 09:05 后可提", "Tomorrow, ready after 09:05"),
        (at(2026, 11, 26, 16), "周四 16:00 后可提", "Thu, ready after 16:00"),
        (at(2026, 11, 29, 23, 59), "周日 23:59 后可提", "Sun, ready after 23:59"),
        (at(2026, 11, 30, 10), "11月30日 10:00 后可提", "30 Nov, ready after 10:00"),
        (at(2027, 1, 3, 10), "2027年1月3日 10:00 后可提", "3 Jan 2027, ready after 10:00"),
    ],
)
def test_a_promise_is_said_as_people_say_it(moment, chinese, english):
    with translation.override("zh-hans"):
        said = wording.promise_words(moment, now=MONDAY)
    with translation.override("en"):
        told = wording.promise_words(moment, now=MONDAY)

    assert (said, told) == (chinese, english)


def test_the_day_of_a_promise_is_the_day_in_beijing():
    late_on_sunday_in_utc = dt.datetime(2026, 11, 22, 23, 0, tzinfo=dt.UTC)

    with translation.override("zh-hans"):
        assert wording.moment_words(late_on_sunday_in_utc, now=MONDAY) == "今天 07:00"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (4500, "45.00"),
        (5, "0.05"),
        (0, "0.00"),
        (112800, "1,128.00"),
        (-1000, "−10.00"),
        (Decimal("1128"), "1,128.00"),
        (Decimal("0.5"), "0.50"),
    ],
)
def test_an_int_is_fen_and_a_decimal_is_yuan(amount, text):
    assert wording.yuan_text(amount) == text


@pytest.mark.parametrize("amount", [45.0, "45", True])
def test_money_of_another_type_is_refused(amount):
    with pytest.raises(TypeError):
        wording.yuan_text(amount)


def test_money_is_marked_up_and_nothing_stays_nothing():
    assert rendered("{{ fen|yuan }}", fen=4500) == '<span class="yuan"><i class="yen">¥</i>45.00</span>'
    assert rendered("{% yuan fen %}", fen=4500) == rendered("{{ fen|yuan }}", fen=4500)
    assert rendered("{{ fen|yuan }}", fen=None) == ""


def test_an_icon_is_inlined_without_style_or_script():
    svg = rendered('{% icon "shop" "s" %}')

    assert svg.startswith('<svg class="ic ic-s" viewBox="0 0 16 16" aria-hidden="true"><path')
    assert "style" not in svg


@pytest.mark.parametrize("name", ["no-such-icon", "../../package", ""])
def test_an_unknown_icon_is_refused(name):
    with pytest.raises(look.UnknownIcon):
        look.icon(name)


def test_a_phone_number_hides_at_least_six_digits():
    shown = rendered("{{ phone|mask_phone }}", phone="+8613800138000")

    assert shown.count("*") >= 6
    assert "138001" not in shown


@pytest.mark.parametrize(
    ("shown", "views", "marked"),
    [
        ("home", '"home"', True),
        ("catalogue:detail", '"catalogue:"', True),
        ("customer:order", '"customer:order"', True),
        ("customer:order-list", '"customer:order"', True),
        ("customer:profile-view", '"customer:order"', False),
        ("homely", '"home"', False),
    ],
)
def test_the_link_to_the_page_shown_is_marked(shown, views, marked):
    request = RequestFactory().get("/")
    *namespace, name = shown.split(":")
    request.resolver_match = ResolverMatch(lambda: None, (), {}, url_name=name, namespaces=namespace)

    link = rendered("<a{% current " + views + " %}>", request=request)

    assert link == ('<a aria-current="page">' if marked else "<a>")


class Stored:
    """An image field file, as far as the tags look at one."""

    def __init__(self, name):
        self.name, self.storage = name, InMemoryStorage()
        self.storage.save(name, ContentFile(b"x"))


def test_a_composed_picture_is_marked_as_an_illustration():
    with translation.override("zh-hans"):
        html = rendered('{% picture image 320 alt="橘子" %}', image=Stored("images/composed-HN019.webp"))

    assert 'images/composed-HN019-320.webp" width="320" height="320" alt="橘子" loading="lazy"' in html
    assert "示意图" in html


def test_a_photo_is_not_marked_as_an_illustration():
    html = rendered("{% picture image %}", image=Stored("images/photo.webp"))

    assert "images/photo-320.webp" in html
    assert 'class="shi"' not in html


def test_what_a_seller_types_is_escaped_in_a_picture():
    html = rendered("{% picture image alt=alt %}", image=Stored("a.webp"), alt='"><script>alert(1)</script>')

    assert "<script>" not in html


def test_goods_without_a_picture_have_an_empty_frame():
    assert 'class="pic none"' in rendered("{% picture image %}", image=None)
    assert rendered("{% thumb image %}", image=None) == '<span class="thumb"></span>'


class Checkout(forms.Form):
    phone = forms.CharField(label="Phone", help_text="With 11 digits")
    note = forms.CharField(label="Note", required=False)
    agreed = forms.BooleanField(label="Agreed")
    point = forms.ChoiceField(
        label="Point", choices=[("a", "A"), ("b", "B")], widget=ClosableRadioSelect(closed={"b": "Full <b>today</b>"})
    )


def test_a_field_with_a_mistake_says_it_above_the_control_and_keeps_what_was_typed():
    form = Checkout({"phone": "", "note": "ring <twice>", "point": "a"})

    html = rendered("{% field form.phone %}", form=form)

    assert 'class="field bad"' in html
    assert html.index('class="err" id="id_phone_error1"') < html.index("<input")
    assert 'aria-describedby="id_phone_hint id_phone_error1"' in html
    assert 'aria-invalid="true"' in html
    assert "ring &lt;twice&gt;" in rendered("{% field form.note %}", form=form)


def test_a_field_without_a_mistake_is_plain():
    html = rendered("{% field form.phone %}", form=Checkout())

    assert 'class="field"' in html
    assert "aria-invalid" not in html
    assert 'class="err"' not in html


def test_a_closed_choice_stays_visible_with_its_reason():
    html = rendered("{% field form.point %}", form=Checkout())

    assert html.count('class="pick"') == 1
    assert html.count('class="pick off"') == 1
    assert html.count("disabled") == 1
    assert "Full &lt;b&gt;today&lt;/b&gt;" in html


def test_no_field_brings_a_style_of_its_own():
    html = "".join(rendered("{% field f %}", f=bound) for bound in Checkout({}))

    assert "style=" not in html


@pytest.mark.parametrize(
    ("value", "maximum", "width"),
    [(61, 88, "69.3%"), (0, 10, "0.0%"), (20, 10, "100.0%"), (5, 0, "0.0%"), (None, 10, "0.0%")],
)
def test_a_bar_is_as_long_as_its_share(value, maximum, width):
    assert f'<rect width="{width}" height="100%"/>' in rendered("{% bar v m %}", v=value, m=maximum)


def test_a_bar_behind_its_pace_says_so():
    assert 'class="bar behind"' in rendered("{% bar 40 100 pace=50 %}")
    assert 'class="bar"' in rendered("{% bar 60 100 pace=50 %}")


def test_a_season_may_run_over_the_new_year():
    season = look.season(11, 2, 12)

    assert [month["number"] for month in season["months"] if month["on"]] == [1, 2, 11, 12]
    assert season["names"] == "11, 12, 1, 2"
    assert [month["number"] for month in season["months"] if month["now"]] == [12]


def test_pages_keep_the_rest_of_the_query():
    request = RequestFactory().get("/?q=茶&page=2")

    html = rendered("{% pages page %}", request=request, page=Paginator(range(100), 10).page(2))

    assert "q=%E8%8C%B6&amp;page=3" in html
    assert html.count('aria-current="page"') == 1


def test_one_page_needs_no_links():
    request = RequestFactory().get("/")

    assert rendered("{% pages page %}", request=request, page=Paginator(range(5), 10).page(1)) == ""


def test_a_qr_code_is_drawn_without_style():
    svg = rendered('{% qr "4823917" "code" %}')

    assert svg.startswith('<svg class="qr" viewBox="0 0 25 25" role="img" aria-label="code">')
    assert "style" not in svg


def test_another_text_gives_another_qr_code():
    assert look.qr("4823917") != look.qr("4823918")
