"""netbt reg: the settings file in the manner of Windows' reg.exe."""
import json

import pytest

from conftest import TOP

NETBT = r"HKLM\SYSTEM\CurrentControlSet\Services\NetBT\Parameters"
FULL = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\NetBT\Parameters"
FILE = f"""Windows Registry Editor Version 5.00\r
\r
; our settings\r
[{FULL}]\r
"NodeType"=dword:00000008 ; hybrid\r
"ScopeId"="corp"\r
@="d"\r
\r
; eth0\r
[{FULL}\\Interfaces\\Tcpip_eth0]\r
"NameServerList"=hex(7):31,00,30,00,2e,00,30,00,2e,00,30,00,2e,00,31,00,00,00,\\\r
  00,00\r
"""


@pytest.fixture
def reg(run, tmp_path):
    path = tmp_path / "netbt.reg"
    path.write_bytes(FILE.encode())

    def call(*args, **kwargs):
        return run("netbt", "reg", *args, "--config", path, "--state-dir", tmp_path / "state", **kwargs)
    call.path = path
    call.state = tmp_path / "state"
    call.text = lambda: path.read_bytes().decode()
    return call


def outcome(done):
    return done.returncode, done.stdout, done.stderr


def test_query_one_key(reg):
    assert outcome(reg("query", NETBT)) == (0, f"""
{FULL}
    NodeType    REG_DWORD    0x8
    ScopeId    REG_SZ    corp
    (Default)    REG_SZ    d

{FULL}\\Interfaces
""", "")


def test_query_all_below(reg):
    assert outcome(reg("query", "hklm", "/s")) == (0, f"""
{FULL}
    NodeType    REG_DWORD    0x8
    ScopeId    REG_SZ    corp
    (Default)    REG_SZ    d

{FULL}\\Interfaces\\Tcpip_eth0
    NameServerList    REG_MULTI_SZ    10.0.0.1
""", "")


@pytest.mark.parametrize("switches", [["/v", "nodetype"], ["-v", "NODETYPE"], ["--value", "NodeType"], ["/V", "NodeType"]])
def test_query_one_value(reg, switches):
    assert outcome(reg("query", NETBT, *switches)) == (0, f"\n{FULL}\n    NodeType    REG_DWORD    0x8\n", "")


def test_query_default_value(reg):
    assert "(Default)    REG_SZ    d" in reg("query", NETBT, "/ve").stdout


def test_query_json(reg):
    keys = json.loads(reg("query", NETBT, "/s", "--json").stdout)["keys"]
    assert keys == [{"key": FULL, "values": [{"name": "NodeType", "type": "REG_DWORD", "data": 8},
                                             {"name": "ScopeId", "type": "REG_SZ", "data": "corp"},
                                             {"name": "", "type": "REG_SZ", "data": "d"}]},
                    {"key": FULL + r"\Interfaces\Tcpip_eth0",
                     "values": [{"name": "NameServerList", "type": "REG_MULTI_SZ", "data": ["10.0.0.1"]}]}]


def test_what_is_not_there(reg):
    done = reg("query", NETBT, "/v", "CacheTimeout")
    assert done.returncode == 1 and "not found: the default holds" in done.stderr
    assert reg("query", r"HKLM\SOFTWARE\None").returncode == 1
    assert reg("query", r"FOO\Bar").returncode == 2
    reg.path.unlink()
    assert reg("query", NETBT).returncode == 1
    assert reg("check").returncode == 2


def test_add_edits_one_line(reg):
    done = reg("add", NETBT, "/v", "nodetype", "/t", "REG_DWORD", "/d", "1", "/f")
    assert done.returncode == 0
    assert reg.text() == FILE.replace("00000008 ;", "00000001 ;")
    backups = list((reg.state / "backups").iterdir())
    assert len(backups) == 1 and backups[0].read_bytes() == FILE.encode()
    assert str(backups[0]) in done.stdout


def test_add_takes_type_from_what_is_known(reg):
    assert reg("add", NETBT, "-v", "CacheTimeout", "-d", "0xEA60").returncode == 0
    assert reg.text() == FILE.replace('@="d"\r\n', '@="d"\r\n"CacheTimeout"=dword:0000ea60\r\n')
    assert reg("add", NETBT + r"\Interfaces\Tcpip_eth1", "/v", "NameServerList", "/s", ",", "/d", "10.0.0.2,10.0.0.3").returncode == 0
    assert "REG_MULTI_SZ    10.0.0.2\\010.0.0.3" in reg("query", NETBT, "/s").stdout


@pytest.mark.parametrize("args,says", [
    (["/v", "NodeType", "/d", "3"], "NodeType = 3: must be 1, 2, 4 or 8"),
    (["/v", "BcastQueryTimeout", "/d", "99"], "must be 100 to 4294967295 ms"),
    (["/v", "NameServerPort", "/d", "65536"], "must be 1 to 65535"),
    (["/v", "NodeType", "/t", "REG_SZ", "/d", "8"], "must be of type REG_DWORD"),
    (["/v", "NodeType", "/d", "eight"], "not the right form"),
    (["/v", "NodeType", "/d", "99999999999"], "too large"),
    (["/v", "NodeType", "/t", "REG_FOO", "/d", "8"], "not a type"),
    (["/v", "EnableProxy", "/d", "2"], "EnableProxy = 2: must be 0 or 1"),
    (["/v", "NodeTypo", "/d", "1"], "no such value is known"),
    (["/v", "ScopeId", "/d", "a..b"], "no empty part"),
])
def test_add_refuses(reg, args, says):
    done = reg("add", NETBT, *args)
    assert done.returncode == 2 and says in done.stderr and done.stdout == ""
    assert reg.text() == FILE and not reg.state.exists()


def test_add_unknown_by_force_and_noted(reg):
    assert reg("add", NETBT, "/v", "Mine", "/d", "x", "/f").returncode == 0
    done = reg("add", NETBT, "/v", "SessionKeepAlive", "/d", "100000")
    assert done.returncode == 0 and "without effect here" in done.stderr


def test_data_that_looks_like_a_switch(reg):
    assert reg("add", r"HKLM\SOFTWARE\x", "/v", "/s", "/t", "REG_SZ", "/d", "/f").returncode == 0
    assert '"/s"="/f"' in reg.text()


def test_first_add_makes_the_file(reg):
    reg.path.unlink()
    done = reg("add", NETBT, "/v", "NodeType", "/d", "8")
    assert outcome(done) == (0, "The value is set.\n", "")
    assert reg.text() == f'Windows Registry Editor Version 5.00\r\n\r\n[{FULL}]\r\n"NodeType"=dword:00000008\r\n'


def test_delete(reg):
    assert reg("delete", NETBT, "/v", "ScopeId", "/f").returncode == 0
    assert reg.text() == FILE.replace('"ScopeId"="corp"\r\n', "")
    assert reg("delete", NETBT, "/v", "ScopeId", "/f").returncode == 1
    assert reg("delete", NETBT, "/va", "/f").returncode == 0
    assert "REG_" not in reg("query", NETBT).stdout
    assert reg("delete", NETBT, "/f").returncode == 0
    assert reg("query", NETBT).returncode == 1
    assert "; our settings\r\n" in reg.text() and "; eth0\r\n" in reg.text()


def test_export_and_import(reg, tmp_path):
    out = tmp_path / "out.reg"
    assert reg("export", NETBT, out).returncode == 0
    data = out.read_bytes()
    assert data[:2] == b"\xff\xfe" and "NodeType" in data.decode("utf-16")
    assert reg("export", NETBT, out).returncode == 3
    assert reg("export", NETBT, out, "/y").returncode == 0
    piped = reg("export", NETBT, "-").stdout
    assert piped.startswith("Windows Registry Editor Version 5.00\n")
    assert reg("delete", NETBT, "/f").returncode == 0
    assert reg("import", out).returncode == 0
    assert reg("query", NETBT, "/s").stdout.count("REG_") == 4
    assert reg("export", r"HKLM\None", "-").returncode == 1


def test_import_from_a_pipe_deletes_too(reg):
    script = f'REGEDIT4\n\n[{NETBT}]\n"NodeType"=dword:1\n"ScopeId"=-\n[-{NETBT}\\Interfaces]\n'
    assert reg("import", "-", input=script).returncode == 0
    assert reg("query", NETBT, "/s").stdout == f"\n{FULL}\n    NodeType    REG_DWORD    0x1\n    (Default)    REG_SZ    d\n"


def test_import_refuses_what_would_not_be_taken(reg, tmp_path):
    bad = tmp_path / "bad.reg"
    bad.write_text(f'REGEDIT4\n\n[{NETBT}]\n"NodeType"=dword:3\n')
    done = reg("import", bad)
    assert done.returncode == 2 and "line 4: NetBT\\Parameters\\NodeType = 0x3" in done.stderr and reg.text() == FILE
    assert reg("import", bad, "/f").returncode == 0
    bad.write_text("REGEDIT4\n\nrubbish\n")
    done = reg("import", bad)
    assert (done.returncode, done.stderr) == (2, f"netbt reg: {bad}: line 3: expected a [key], a \"name\"=value or a ; comment\n")


def test_backup_and_restore(reg):
    first = reg("backup").stdout.strip()
    assert reg("add", NETBT, "/v", "NodeType", "/d", "1").returncode == 0
    listed = json.loads(reg("backup", "--list", "--json").stdout)["backups"]
    assert [b["path"] for b in listed][0] == first and len(listed) == 2
    assert reg("backup", "--list").stdout.count("\n") == 2
    assert reg("restore", listed[0]["name"]).returncode == 0
    assert reg.text() == FILE
    assert reg("restore", "latest").returncode == 0
    assert "dword:00000001" in reg.text()
    assert reg("restore", "none.reg").returncode == 1


def test_check(reg):
    assert outcome(reg("check")) == (0, f"{reg.path}: nothing wrong found.\n", "")
    with reg.path.open("a") as file:
        file.write(f'[{FULL}]\n"NodeType"=dword:7\n"NbProvider"="_tcp"\n"Nope"="x"\n')
    assert outcome(reg("check")) == (1, f"""\
{reg.path}: line 14: NetBT\\Parameters\\NodeType = 0x7: refused: must be 1, 2, 4 or 8; it counts as absent
{reg.path}: line 15: NetBT\\Parameters\\NbProvider = _tcp: note: belongs to Windows' driver
{reg.path}: line 16: NetBT\\Parameters\\Nope = x: warning: no value of this name is known here: it has no effect; is the name spelt right?
{reg.path}: 2 values are not as it should be.
""".replace("2 values are not as it should be", "2 values are not as they should be"), "")
    report = json.loads(reg("check", "--json").stdout)
    assert report["faults"] and [c["level"] for c in report["complaints"]] == ["refused", "note", "warning"]


@pytest.mark.parametrize("encoding,bom", [("utf-16-le", b"\xff\xfe"), ("utf-8", b"\xef\xbb\xbf"), ("utf-8", b"")])
def test_encodings_survive_edits(reg, encoding, bom):
    reg.path.write_bytes(bom + FILE.encode(encoding))
    assert reg("add", NETBT, "/v", "ScopeId", "/d", "other").returncode == 0
    assert reg.path.read_bytes() == bom + FILE.replace('"corp"', '"other"').encode(encoding)


def test_schema(reg):
    assert "1, 2, 4 or 8" in reg("schema", "nodetype").stdout
    rows = json.loads(reg("schema", "--json").stdout)["values"]
    assert {"BcastQueryTimeout", "NameServerList", "EnableProxy", "BcastRegistrationInterval"} <= {r["name"] for r in rows}
    assert reg("schema", "Nope").returncode == 1


@pytest.mark.parametrize("args", [[], ["foo"], ["query"], ["query", "HKLM", "x"], ["add"], ["export", "HKLM"], ["import"],
                                  ["backup", "x"], ["restore"], ["check", "a", "b"], ["query", "HKLM", "--nope"]])
def test_wrong_usage(reg, args):
    done = reg(*args)
    assert done.returncode == 2 and done.stderr.count("\n") == 1


def test_help(reg):
    assert reg("--help").stdout.startswith("Usage: netbt reg query")
    assert reg("query", "/?").stdout.startswith("Usage: netbt reg query")


def test_two_at_once_lose_nothing(reg):
    import concurrent.futures
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda i: reg("add", r"HKLM\SOFTWARE\many", "/v", f"v{i}", "/d", str(i)), range(24)))
    assert all(d.returncode == 0 for d in done)
    assert reg("query", r"HKLM\SOFTWARE\many").stdout.count("REG_SZ") == 24


def test_man_page_tells_of_every_value(reg):
    page = (TOP / "man" / "netbt.reg.5").read_text()
    for row in json.loads(reg("schema", "--json").stdout)["values"]:
        assert f'"{row["name"]}" Pq {row["type"]}' in page, row["name"]
