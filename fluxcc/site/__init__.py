"""What the PBXs of a site share: a PostgreSQL, behind ``core.site.port.Site``."""
