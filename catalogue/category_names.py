"""English names of the categories that the shop begins with; others keep the name that staff gave them."""

from django.utils.translation import get_language

ENGLISH = {
    "水果": "Fruit",
    "茶叶": "Tea",
    "粮油": "Grain and oil",
    "蔬菜": "Vegetables",
    "肉禽": "Meat and poultry",
    "干货": "Dried goods",
    "蜂蜜": "Honey",
    "药材": "Medicinal plants",
    "酱腌": "Pickles and sauces",
    "豆制品": "Bean products",
    "水产": "Fish and seafood",
    "蛋品": "Eggs",
    "方便食品": "Ready meals",
    "柑橘": "Citrus",
    "浆果": "Berries",
    "桃李": "Peaches and plums",
    "绿茶": "Green tea",
    "黑茶": "Dark tea",
    "红茶": "Black tea",
    "白茶": "White tea",
    "黄茶": "Yellow tea",
    "代用茶": "Herbal tea",
    "茶油": "Camellia oil",
    "菜籽油": "Rapeseed oil",
    "大米": "Rice",
    "杂粮": "Coarse grain",
    "辣椒": "Chillies",
    "姜蒜": "Ginger and garlic",
    "薯芋": "Yams and taro",
    "水生": "Water vegetables",
    "腊味": "Smoked meat",
    "鹅": "Goose",
    "鸭": "Duck",
    "鸡": "Chicken",
    "猪肉": "Pork",
    "羊肉": "Mutton",
    "牛肉": "Beef",
    "百合": "Lily bulbs",
    "莲子": "Lotus seeds",
    "黄花菜": "Daylily buds",
    "金银花": "Honeysuckle",
    "茯苓": "Poria",
    "白芷": "Angelica root",
    "杜仲": "Eucommia bark",
    "白术": "Atractylodes root",
    "藠头": "Rakkyo",
    "芥菜": "Mustard greens",
    "辣酱": "Chilli sauce",
    "酱干": "Soy-braised tofu",
    "香干": "Smoked tofu",
    "卤豆腐": "Marinated tofu",
    "豆腐": "Tofu",
    "虾": "Shrimp",
    "甲鱼": "Soft-shelled turtle",
    "鱼制品": "Fish products",
    "皮蛋": "Preserved eggs",
    "米粉": "Rice noodles",
}


def said(path: str, *, between: str = "/") -> str:
    """Return a category's name, or its path part by part, in the language of the page.

    :param between: what stands between the parts of `path`.
    """
    chinese = (get_language() or "zh").startswith("zh")
    if chinese and between == "/":
        return path
    return " / ".join(part if chinese else ENGLISH.get(part, part) for part in path.split(between))
