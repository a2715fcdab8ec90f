"""Names of divisions as people say them."""

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


def short_name(name: str) -> str:
    """Return a division's name as people say it: ``湘西土家族苗族自治州`` gives ``湘西``, ``石门县`` gives ``石门``."""
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name[:-1] if len(name) > 2 and name[-1] in "市县区州" else name
