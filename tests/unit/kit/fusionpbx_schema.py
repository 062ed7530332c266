"""FusionPBX's table of dialplans, as its own schema (``app_config.php``) makes it."""

from __future__ import annotations

COLUMNS = {
    "domain_uuid": "uuid",
    "dialplan_uuid": "uuid PRIMARY KEY",
    "app_uuid": "uuid",
    "hostname": "text",
    "dialplan_context": "text",
    "dialplan_name": "text",
    "dialplan_number": "text",
    "dialplan_destination": "boolean",
    "dialplan_continue": "boolean",
    "dialplan_xml": "text",
    "dialplan_order": "numeric",
    "dialplan_enabled": "boolean",
    "dialplan_description": "text",
    "insert_date": "timestamptz",
    "insert_user": "uuid",
    "update_date": "timestamptz",
    "update_user": "uuid",
}
DIALPLANS = f"CREATE TABLE v_dialplans ({', '.join(map(' '.join, COLUMNS.items()))})"
OLDER = DIALPLANS.replace("boolean", "text")
"""Before FusionPBX had booleans."""
