"""Dialplan contexts, read as calls get them: out of files, of a back end, of a script."""

from __future__ import annotations

import pytest

from fluxcc.domain.sight import Sight
from fluxcc.pbx import commands
from fluxcc.pbx.contexts import FUSIONPBX, SERVERS, Context, Contexts, Server

EXTENSION = '<extension name="{}"><condition></condition></extension>'
OF_FILES = f'<context name="public">{EXTENSION.format("files")}</context>'
SERVED = f'<context name="public">{EXTENSION.format("served")}</context>'
CURL = (
    '<configuration name="xml_curl.conf"><bindings><binding name="x">{}</binding></bindings>'
    "</configuration>"
)
BOUND = CURL.format('<param name="gateway-url" value="http://x" bindings="dialplan|directory"/>')
UNMASKED = CURL.format('<param name="gateway-url" value="http://x"/>')
LUA = (
    '<configuration name="lua.conf"><settings>'
    '<param name="xml-handler-script" value="{script}"/>'
    '<param name="xml-handler-bindings" value="{bindings}"/></settings></configuration>'
)
BY_FUSIONPBX = LUA.format(script=FUSIONPBX, bindings="configuration,dialplan,directory")


def document(*contexts: str, section: str = "dialplan") -> str:
    return (
        f'<document type="freeswitch/xml"><section name="{section}">{"".join(contexts)}</section>'
        "</document>"
    )


class FreeSwitch:
    """Answers what it was given, and nothing else."""

    def __init__(self, **configurations: str) -> None:
        """Module → the configuration that it was loaded with."""
        self.answers = {
            commands.evaluate_all(f"module_exists({name})" for name in SERVERS): " ".join(
                str(name in configurations).lower() for name in SERVERS
            ),
            commands.READ_FILES: document(OF_FILES),
        }
        for module, configuration in configurations.items():
            self.answers[commands.read_configuration(SERVERS[module])] = configuration

    def locates(self, xml: str) -> FreeSwitch:
        """What ``xml_locate`` finds for ``public``."""
        self.answers[commands.read_context("public")] = xml
        return self

    def scripts(self, answer: str) -> FreeSwitch:
        """What the script answers for ``public``."""
        self.answers[commands.call_handler(FUSIONPBX, "public")] = answer
        return self

    def read(self, name: str = "public") -> Context:
        """What is read of a context."""
        return Contexts(self).read(name)

    def __call__(self, command: str) -> str:
        return self.answers.get(command, "")


@pytest.mark.parametrize(
    ("configurations", "expected"),
    [
        ({}, Server()),
        ({"mod_xml_curl": BOUND}, Server("mod_xml_curl")),
        ({"mod_xml_curl": BOUND.replace("dialplan|", "")}, Server()),
        # A back end without a mask is asked for everything.
        (
            {"mod_xml_curl": BOUND.replace(' bindings="dialplan|directory"', "")},
            Server("mod_xml_curl"),
        ),
        ({"mod_xml_curl": CURL.format("")}, Server()),
        ({"mod_xml_curl": "-ERR"}, Server()),
        ({"mod_lua": BY_FUSIONPBX}, Server("mod_lua", FUSIONPBX)),
        ({"mod_lua": LUA.format(script=FUSIONPBX, bindings="directory")}, Server()),
        ({"mod_lua": LUA.format(script="", bindings="dialplan")}, Server()),
        ({"mod_lua": LUA.format(script="a'b", bindings="dialplan")}, Server("mod_lua")),
        ({"mod_perl": BY_FUSIONPBX}, Server("mod_perl")),
        ({"mod_lua": BY_FUSIONPBX, "mod_xml_curl": BOUND}, Server("mod_xml_curl")),
    ],
    ids=[
        *("files", "back-end", "back-end-of-the-directory", "back-end-of-all", "no-back-end"),
        *("unread", "fusionpbx", "lua-for-others", "no-script", "strange-script", "perl", "two"),
    ],
)
def test_what_the_dialplan_comes_from(configurations: dict[str, str], expected: Server) -> None:
    contexts = Contexts(FreeSwitch(**configurations))
    assert contexts.server == expected
    assert contexts.server.is_fusionpbx is (expected.script == FUSIONPBX)


def test_of_files_what_is_not_found_is_missing() -> None:
    assert FreeSwitch().locates(OF_FILES).read() == (Sight.THERE, OF_FILES)
    assert FreeSwitch().read("nowhere") == (Sight.MISSING, "")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (SERVED, Sight.THERE),
        ("", Sight.UNSEEN),
        # FreeSWITCH found nothing at the back end, and took the files, which calls never meet.
        (OF_FILES, Sight.UNSEEN),
        (OF_FILES.replace("><", ">\n  <"), Sight.UNSEEN),
        ('<context name="public"></context>', Sight.UNSEEN),
        ("<not XML", Sight.UNSEEN),
        (SERVED.replace("public", "other"), Sight.UNSEEN),
    ],
    ids=["answered", "nothing", "files", "files-printed-otherwise", "empty", "no-xml", "another"],
)
def test_of_a_back_end_only_its_own_answer_counts(answer: str, expected: Sight) -> None:
    read = FreeSwitch(mod_xml_curl=BOUND).locates(answer).read()
    assert read == (expected, answer if expected is Sight.THERE else "")


def test_where_the_files_cannot_be_read_an_answer_is_believed() -> None:
    freeswitch = FreeSwitch(mod_xml_curl=BOUND).locates(SERVED)
    freeswitch.answers[commands.READ_FILES] = "<not XML"
    assert freeswitch.read().sight is Sight.THERE


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (f"+OK {document(SERVED)}", Sight.THERE),
        (f'+OK <?xml version="1.0"?>\n{document(SERVED)}', Sight.THERE),
        # The script has nothing, so a call gets the files.
        ("+OK", Sight.THERE),
        ("", Sight.UNSEEN),
        ("-ERR no database", Sight.UNSEEN),
        ("+OK <not XML", Sight.UNSEEN),
        (f"+OK {document(SERVED, section='result')}", Sight.UNSEEN),
    ],
    ids=["served", "declared", "nothing", "failed", "error", "no-xml", "no-dialplan"],
)
def test_a_script_is_asked_as_a_call_asks_it(answer: str, expected: Sight) -> None:
    read = FreeSwitch(mod_lua=BY_FUSIONPBX).scripts(answer).locates("").read()
    assert read.sight is expected
    name = "files" if answer == "+OK" else "served"
    assert (EXTENSION.format(name) in read.xml) is (expected is Sight.THERE)


def test_a_context_that_neither_script_nor_files_have_is_missing() -> None:
    freeswitch = FreeSwitch(mod_lua=BY_FUSIONPBX)
    freeswitch.answers[commands.call_handler(FUSIONPBX, "nowhere")] = "+OK"
    assert freeswitch.read("nowhere") == (Sight.MISSING, "")


@pytest.mark.parametrize("script", ["", "a'b", "a;b", "a  b", "${x}", "a\nb"])
def test_no_other_text_is_a_script(script: str) -> None:
    assert not commands.is_script(script)
