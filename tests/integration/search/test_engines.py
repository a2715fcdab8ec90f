"""Both engines answer alike, by name, place, category, seller, other words and pinyin; a silent one is survived."""

import os
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from catalogue import search
from catalogue.search import Document, SearchUnavailable, elasticsearch, embedded
from marketplace.selling.services import listings
from marketplace.storefront.services import indexing
from tests.factories import shop
from tests.factories.shop import MONDAY

DOCUMENTS = [
    Document(1, "石门柑橘", "水果 柑橘", "常德市 石门县", "石门县东泉村合作社", "mandarin early"),
    Document(2, "麻阳冰糖橙", "水果 橙子", "怀化市 麻阳苗族自治县", "麻阳合作社", "orange 甜橙"),
    Document(3, "安化黑茶·茯砖", "茶叶 黑茶", "益阳市 安化县", "安化茶厂", "dark tea brick 金花"),
    Document(4, "石门银峰", "茶叶 绿茶", "常德市 石门县", "石门县东泉村合作社", "green tea"),
]
ANSWERS = [
    ("柑橘", {1}),
    ("石门", {1, 4}),
    ("石门 茶", {4}),
    ("黑茶", {3}),
    ("茶", {3, 4}),
    ("橙子", {2}),
    ("甜橙", {2}),
    ("ganju", {1}),
    ("smgj", {1}),
    ("dark tea", {3}),
    ("安化县", {3}),
    ("东泉村", {1, 4}),
    ("ＭＡＮＤＡＲＩＮ", {1}),
    ("没有这种东西吗xyz", set()),
    ("", set()),
    ("   ", set()),
]


@pytest.fixture
def embedded_engine(tmp_path):
    return embedded.Engine(tmp_path / "index")


@pytest.fixture
def cluster_engine():
    engine = elasticsearch.Engine(os.environ["ELASTICSEARCH_URL"], index=f"test-{uuid.uuid4().hex[:8]}")
    yield engine
    engine.client.indices.delete(index=engine.index, ignore_unavailable=True)


def answers(engine) -> None:
    engine.replace(DOCUMENTS)
    for text, ids in ANSWERS:
        hits = engine.search(text)
        assert (set(hits.ids), hits.total) == (ids, len(ids)), text
    assert engine.search("石门柑橘").ids[0] == 1
    engine.replace([Document(1, "蜜橘", "水果", "常德市 石门县", "x", "")])
    assert engine.search("mandarin").ids == []
    engine.delete([3])
    assert engine.search("黑茶").ids == []
    pages = [engine.search("石门", offset=offset, limit=1) for offset in (0, 1)]
    assert sorted(page.ids[0] for page in pages) == [1, 4]
    assert {page.total for page in pages} == {2}
    engine.clear()
    assert engine.search("石门").total == 0


def test_the_embedded_engine_answers(embedded_engine):
    answers(embedded_engine)


@pytest.mark.elasticsearch
def test_the_cluster_answers_alike(cluster_engine):
    answers(cluster_engine)


def test_a_cluster_that_is_down_is_named():
    engine = elasticsearch.Engine("http://127.0.0.1:9")
    for call in (
        lambda: engine.search("茶"),
        lambda: engine.replace(DOCUMENTS),
        lambda: engine.delete([1]),
        engine.clear,
    ):
        with pytest.raises(SearchUnavailable):
            call()


@pytest.mark.django_db
def test_listings_are_indexed_once_and_forgotten_when_withdrawn(monkeypatch, embedded_engine):
    monkeypatch.setattr(search, "engine", lambda: embedded_engine)
    made = shop.shop()
    product = shop.listing(made.seller, title="桃源富硒茶")

    assert indexing.index_stale() == 1
    assert indexing.index_stale() == 0
    assert embedded_engine.search("富硒茶").ids == [product.pk]

    listings.move(product, to="WITHDRAWN", by="test", at=MONDAY)
    assert indexing.index_stale() == 1
    assert embedded_engine.search("富硒茶").ids == []


@pytest.mark.django_db
def test_when_no_engine_answers_the_page_looks_in_the_titles_and_marks_are_kept(monkeypatch):
    monkeypatch.setattr(search, "engine", lambda: elasticsearch.Engine("http://127.0.0.1:9"))
    made = shop.shop()
    product = shop.listing(made.seller, title="桃源富硒茶")

    page = Client().get(reverse("search:search"), {"q": "富硒"})

    assert page.status_code == 200
    assert "桃源富硒茶" in page.content.decode()
    with pytest.raises(SearchUnavailable):
        indexing.index_stale()
    product.refresh_from_db()
    assert product.index_stale
