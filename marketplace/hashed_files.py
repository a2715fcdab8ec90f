"""Static files under names that hold a hash of their contents, so that a browser may keep them for ever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Also the modules that a module imports are imported under such a name: never one of another release."""

    support_js_module_import_aggregation = True
