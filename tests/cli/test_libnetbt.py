"""libnetbt as another program meets it: staged install, pkg-config, a small program compiled and run."""

import os
import re
import subprocess
from pathlib import Path

import pytest

BUILD = Path(os.environ.get("NETBT_BUILD", "build")).resolve()

PROGRAM = r"""
#include <netbt/netbt.h>
#include <stdio.h>

int main(void)
{
        const uint8_t key[32] = {1};
        struct arena arena = ARENA_INIT;
        struct ask_actions actions = {.arena = &arena};
        struct strbuf text = STRBUF_INIT;
        struct ask_question question = {.kind = ASK_QUERY_UNICAST, .destination = 0x0A4D0009};
        struct ask *ask;
        struct rng rng;

        rng_init(&rng, key);
        if (nb_name_parse("filesrv<20>", 0x00, &question.name) < 0 || ask_new(&ask, &rng) < 0)
                return 1;
        if (ask_add(ask, (mono_t){0}, &question, &actions) < 0 || actions.first->type != ASK_ACTION_SEND)
                return 2;
        nbns_dump(&text, actions.first->send.bytes, actions.first->send.len_bytes);
        puts(strbuf_str(&text));
        strbuf_done(&text);
        arena_done(&arena);
        ask_free(ask);
        return 0;
}
"""

ALLOWED = re.compile(r"NB_NAME_WILDCARD|NETBT_0|(nb|nbns|nbstat|ask|arena|rng|strbuf|ip4|mac|wall)_\w+|nbt_err_str")


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """A DESTDIR that holds what `make install` would put on a machine."""
    stage = tmp_path_factory.mktemp("stage")
    subprocess.run(
        ["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet"], check=True, env=os.environ | {"DESTDIR": str(stage)}
    )
    return stage


@pytest.fixture(scope="module")
def library(stage):
    return next(path for path in stage.rglob("libnetbt.so.0"))


def pkg_config(stage, *options):
    pc = next(stage.rglob("netbt.pc"))
    env = os.environ | {"PKG_CONFIG_LIBDIR": str(pc.parent), "PKG_CONFIG_SYSROOT_DIR": str(stage)}
    return subprocess.run(
        ["pkg-config", *options, "netbt"], check=True, capture_output=True, text=True, env=env
    ).stdout.split()


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_a_small_program(stage, library, tmp_path, compiler):
    source, program = tmp_path / "small.c", tmp_path / "small"
    source.write_text(PROGRAM)
    subprocess.run(
        [compiler, "-std=gnu17", "-Wall", "-Wextra", "-Werror", source, "-o", program]
        + pkg_config(stage, "--cflags", "--libs"),
        check=True,
    )
    result = subprocess.run(
        [program], check=True, capture_output=True, text=True, env=os.environ | {"LD_LIBRARY_PATH": str(library.parent)}
    )
    assert re.fullmatch(
        r"name query request: id 0x[0-9a-f]{4}, QUERY, flags 0x0000, question FILESRV<20> NB\n", result.stdout
    )


def test_only_public_names_are_exported(library):
    shown = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1].split("@")[0] for line in shown.splitlines()}
    assert {"nbns_packet_decode", "nbstat_table_decode", "ask_packet", "nbt_err_str"} <= names
    assert not [name for name in names if not ALLOWED.fullmatch(name)]


def test_every_declared_function_is_exported(stage, library):
    shown = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    exported = {line.split()[-1].split("@")[0] for line in shown.splitlines()}
    include = next(stage.rglob("netbt.h")).parent
    headers = [path.read_text() for path in include.rglob("*.h")]
    assert len(headers) == 14
    for text in headers:
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        declared = re.findall(r"^(?!static|#|typedef)[a-z][\w \*]*?\b([a-z]\w+_\w+)\(", text, flags=re.M)
        assert set(declared) <= exported


def test_headers_stand_alone(stage, tmp_path):
    include = next(stage.rglob("netbt.h")).parent
    for header in include.rglob("*.h"):
        source = tmp_path / "alone.c"
        source.write_text(f'#include "{header.relative_to(include)}"\nint main(void) {{ return 0; }}\n')
        subprocess.run(
            ["gcc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", source] + pkg_config(stage, "--cflags"),
            check=True,
        )
