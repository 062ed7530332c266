"""The configuration: declared in ``settings``, read by ``reading``, read again by ``reload``.

The reference for an administrator is ``docs/configuration.md``.
"""

from fluxcc.config.block_settings import BlockSettings
from fluxcc.config.reading import DEFAULT_FILE, Origin, load, named_file, origins
from fluxcc.config.settings import (
    DECLARED,
    STOCK_PASSWORD,
    CallSettings,
    NumberSettings,
    PbxSettings,
    RetentionSettings,
    Settings,
    StoreSettings,
    SurveySettings,
)
from fluxcc.config.site_settings import SiteSettings
from fluxcc.config.values import (
    SQLITE,
    Duration,
    default_store,
    find_zone,
    read_duration,
    write_duration,
)
from fluxcc.config.web_settings import WebSettings

__all__ = [
    "DECLARED",
    "DEFAULT_FILE",
    "SQLITE",
    "STOCK_PASSWORD",
    "BlockSettings",
    "CallSettings",
    "Duration",
    "NumberSettings",
    "Origin",
    "PbxSettings",
    "RetentionSettings",
    "Settings",
    "SiteSettings",
    "StoreSettings",
    "SurveySettings",
    "WebSettings",
    "default_store",
    "find_zone",
    "load",
    "named_file",
    "origins",
    "read_duration",
    "write_duration",
]
