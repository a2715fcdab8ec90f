"""What is served out of npm packages."""

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from marketplace.npm import FILES, NpmFinder


@pytest.mark.parametrize("name", FILES)
def test_a_named_file_is_found(name):
    assert finders.find(name) == str(settings.NODE_MODULES / FILES[name])


@pytest.mark.parametrize("name", ["npm/echarts/echarts.js", "npm/htmx.org/../../package.json", "package.json", ""])
def test_no_other_file_of_a_package_is_found(name):
    assert NpmFinder().find(name) == []
    assert NpmFinder().find(name, find_all=True) == []


def test_the_files_are_collected_under_the_names_that_pages_use():
    collected = {f"{storage.prefix}/{path}": storage.exists(path) for path, storage in NpmFinder().list([])}

    assert collected == dict.fromkeys(FILES, True)
