"""Names of divisions as people say them, in Chinese and, where a page is in another language, romanised."""

import re
from functools import lru_cache

from django.utils.translation import get_language
from pypinyin import lazy_pinyin

SUFFIXES = (
    "土家族苗族自治州",
    "苗族侗族自治县",
    "土家族自治县",
    "瑶族自治县",
    "侗族自治县",
    "苗族自治县",
    "自治州",
    "自治县",
)
# The names of zones begin with those of the province and the prefecture, which are words of their own.
_ABOVE = re.compile("(湖南|长沙|株洲|湘潭|衡阳|邵阳|岳阳|常德|张家界|益阳|郴州|永州|怀化|娄底)市?(?=.)")
# A zone keeps what it is, in short, and leaves out the province and the city above it.
_ZONE = re.compile(r"(?:开发区|园区|管理区|示范区)$")
_ZONE_IN_SHORT = (
    (re.compile(r"^湖南|^.{2,3}市"), ""),
    (re.compile(r"高新技术产业园区$"), "高新区"),
    (re.compile(r"经济(?:技术)?开发区$"), "经开区"),
)
# What a division is, by the end of its name; the first that fits is taken. A city goes by its bare name.
_PEOPLES = "(?:(?:土家|维吾尔|苗|侗|瑶|回|壮|白|满|蒙古)族)"
HUB, LINE = "分拨中心", "班线"
KINDS = (
    (rf"{_PEOPLES}*自治州", "Prefecture"),
    (rf"{_PEOPLES}*自治县", "Autonomous County"),
    (r"(?:经济技术|高新技术产业|经济|产业)?(?:开发区|园区|管理区|示范区)", "Zone"),
    (r"(?:社区)?(?:居民委员会|居委会)|社区", "Community"),
    (r"村?(?:村民委员会|村委会)", "Village"),
    (r"街道(?:办事处)?", "Subdistrict"),
    (rf"{_PEOPLES}+乡", "Township"),
    (r"省|市", ""),
    (r"县", "County"),
    (r"区", "District"),
    (r"镇", "Town"),
    (r"乡", "Township"),
    (r"村", "Village"),
)


def short_name(name: str) -> str:
    """Return a division's name as people say it: ``湘西土家族苗族自治州`` gives ``湘西``, ``石门县`` gives ``石门``.

    A zone stays one: ``岳阳市屈原管理区`` gives ``屈原管理区``.
    """
    if _ZONE.search(name):
        for written, said_so in _ZONE_IN_SHORT:
            name = written.sub(said_so, name)
        return name
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name[:-1] if len(name) > 2 and name[-1] in "市县区州" else name


@lru_cache(maxsize=4096)
def romanised(name: str) -> tuple[str, str]:
    """Return a division's name in pinyin, and what it is: ``石门县`` gives ``("Shimen", "County")``.

    The spelling follows GB/T 16159: one word, an apostrophe before a syllable that begins with a vowel.
    """
    for ending, kind in KINDS:
        found = re.fullmatch(rf"(.+?)(?:{ending})", name)
        if found and kind == "Zone":
            return " ".join(_spelled(word) for word in _ABOVE.split(found[1]) if word), kind
        if found:
            return _spelled(found[1]), kind
    return _spelled(name), ""


def _spelled(text: str) -> str:
    # In the names of Hunan's markets 圩 is read as 墟.
    syllables = lazy_pinyin(text.replace("圩", "墟"), v_to_u=True)
    joined = "".join(f"'{s}" if n and s[:1] in "aoe" else s for n, s in enumerate(syllables))
    return joined[:1].upper() + joined[1:]


def said(name: str) -> str:
    """Return the name of a division, or of its hub, in the language of the page: ``石门县`` or ``Shimen County``."""
    if not name or _is_chinese():
        return name
    if name.endswith(LINE):
        return name  # the name of a round, which has no other
    if name != HUB and name.endswith(HUB):
        return f"{said(name.removesuffix(HUB))} Hub"
    return " ".join(part for part in romanised(name) if part)


def said_short(name: str) -> str:
    """Return a division's short name in the language of the page: ``石门`` or ``Shimen``."""
    if not name or _is_chinese():
        return short_name(name)
    return romanised(name)[0]


def _is_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")
