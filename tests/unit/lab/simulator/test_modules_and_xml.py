"""What the simulator says of its modules, its configuration and its users, as FreeSWITCH did."""

from __future__ import annotations

from .conftest import Scene


def test_a_module_takes_its_commands_along_and_mod_hash_its_memory(scene: Scene) -> None:
    api = scene.pbx.api
    assert api("hash insert/x/y/1") == "+OK\n"
    assert api("unload mod_hash") == "+OK\n"
    assert api("module_exists mod_hash") == "false"
    assert api("hash select/x/y") == "-ERR hash Command not found!\n"
    assert api("eval x${hash(select/x/y)}x") == "xx"
    assert api("eval ${cond(${hash(select/x/y)} > 3 ? true : false)}") == "-ERR"
    assert api("load mod_hash") == "+OK Reloading XML\n+OK\n"
    assert api("hash select/x/y") == ""


def test_modules_that_do_not_come_or_go(scene: Scene) -> None:
    api = scene.pbx.api
    assert api("load mod_hash").endswith("-ERR [Module already loaded]\n")
    assert api("load mod_nope").endswith("-ERR [module load file routine returned an error]\n")
    assert api("unload mod_nope") == "-ERR [No such module!]\n"
    assert api("unload mod_commands") == "-ERR [Module is not unloadable]\n"


def test_xml_is_located_in_every_section(scene: Scene) -> None:
    api = scene.pbx.api
    sockets = api("xml_locate configuration configuration name event_socket.conf")
    assert sockets.startswith('<configuration name="event_socket.conf">')
    assert '<param name="listen-ip" value="127.0.0.1"></param>' in sockets
    assert '<user id="1000">' in api("xml_locate directory domain name pbx.test")
    assert api("xml_locate directory domain name nope") == "can't find anything\n"
    assert api("xml_locate nope context name public") == "can't find anything\n"
    assert api("xml_locate") == "-ERR bad args\n"


def test_the_directorys_users_are_listed(scene: Scene) -> None:
    assert scene.pbx.api("list_users").splitlines() == [
        "userid|context|domain|group|contact|callgroup|effective_caller_id_name"
        "|effective_caller_id_number",
        "1000||pbx.test|agents|error/user_not_registered|||",
        "1001||pbx.test|agents|error/user_not_registered|||",
        "",
        "+OK",
    ]


def test_a_global_variable_is_set_where_it_has_a_value(scene: Scene) -> None:
    api = scene.pbx.api
    assert api("global_setvar fluxcc_test=new=old") == "+OK"
    assert "fluxcc_test" not in api("global_getvar")
    api("global_setvar fluxcc_test=old")
    api("global_setvar fluxcc_test=new=other")
    assert api("global_getvar fluxcc_test") == "old"
    api("global_setvar fluxcc_test=new=old")
    assert api("global_getvar fluxcc_test") == "new"
    assert api("global_setvar fluxcc_test==new") == "+OK"
    assert "fluxcc_test" not in api("global_getvar")


def test_a_global_variable_outlives_the_files_it_is_not_in(scene: Scene) -> None:
    api = scene.pbx.api
    assert api("global_setvar fluxcc_test=a(b|c)") == "+OK"
    api("reloadxml")
    assert api("global_getvar fluxcc_test") == "a(b|c)"
    assert "fluxcc_test=a(b|c)" in api("global_getvar").splitlines()
    api("global_setvar fluxcc_test=")
    assert "fluxcc_test" not in api("global_getvar")
