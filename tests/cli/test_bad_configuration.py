"""Configurations that cannot be used are refused with the key and the table."""

from __future__ import annotations

from pathlib import Path

import pytest

from portvnf import config, pki
from portvnf.agent import configuration
from portvnf.errors import ConfigError

from .refusal import CONFIG, refusal, untouched, write_blade

GATEWAY = """[gateway]
s11 = "10.11.0.1"
s1u = "10.12.0.1"
sessions = 100
"""
APN = """[[apn]]
name = "internet"
pool4 = "10.45.0.0/16"
"""
SOUND = GATEWAY + APN


def with_gateway(line: str) -> str:
    return GATEWAY + line + "\n" + APN


def with_apn(line: str) -> str:
    return SOUND + line + "\n"


SECOND = '[[apn]]\nname = "{}"\npool4 = "{}"\n'

PGW = '[gateway]\nmode = "pgw"\ns5 = "10.14.0.1"\nsessions = 100\n'

VNF_CONFIGS = {
    "unknown-mode": (with_gateway('mode = "ggsn"'), "mode must be one of combined, sgw, pgw, not"),
    "sgw-without-s5": (
        GATEWAY + 'mode = "sgw"\n',
        "[gateway]: s5 is missing, which mode 'sgw' needs",
    ),
    "sgw-without-s1u": (
        GATEWAY.replace("s1u", "s5") + 'mode = "sgw"\n',
        "[gateway]: s1u is missing, which mode 'sgw' needs",
    ),
    "sgw-with-apn": (
        PGW.replace("pgw", "sgw") + 's11 = "10.11.0.1"\ns1u = "10.12.0.1"\n' + APN,
        "[[apn]] 1: APNs and rules are the P-GW's, not an S-GW's alone",
    ),
    "dscp-no-table": (with_gateway("dscp = 5"), "[gateway]: dscp must be a table, not 5"),
    "dscp-of-no-qci": (with_gateway("dscp = {255 = 1}"), "'255' is no QCI (1 to 254)"),
    "dscp-of-no-ascii": (with_gateway('dscp = {"٣" = 1}'), "dscp: '٣' is no QCI"),
    "peers-with-zone": (
        with_gateway('peers_allowed = ["fe80::1%eth0"]'),
        "[gateway]: peers_allowed: 'fe80::1%eth0' has a zone",
    ),
    "ipv4-as-ipv6": (
        with_gateway('s11_ipv6 = "::ffff:10.0.0.1"'),
        "cannot be one host's address: it is an IPv4 address; write it as one",
    ),
    "pgw-without-s5": (with_gateway('mode = "pgw"'), "s5 is missing, which mode 'pgw' needs"),
    "pgw-without-apn": (PGW, "1 to 16 [[apn]] tables are needed, not 0"),
    "s5-as-s11": (with_gateway('s5 = "10.11.0.1"'), "[gateway]: s11 and s5 are both 10.11.0.1"),
    "not-toml": ("gateway = ", "is not TOML: Invalid value"),
    "binary": ("\x00\x01", "is not TOML: "),
    "empty": ("", ": gateway is missing"),
    "gateway-no-table": ("gateway = 7\napn = []\n", ": gateway must be "),
    "unknown-table": (SOUND + "[other]\n", ": unknown key 'other'"),
    "unknown-key": (with_gateway("sesions = 7"), "[gateway]: unknown key 'sesions'"),
    "unknown-key-of-apn": (with_apn('dnss = ["8.8.8.8"]'), "[[apn]] 1: unknown key 'dnss'"),
    "missing-s11": (SOUND.replace('s11 = "10.11.0.1"\n', ""), "[gateway]: s11 is missing"),
    "missing-name": (GATEWAY + '[[apn]]\npool4 = "10.45.0.0/16"\n', "[[apn]] 1: name is missing"),
    "text-for-number": (
        SOUND.replace("= 100", '= "100"'),
        "[gateway]: sessions must be an integer, not '100'",
    ),
    "truth-for-number": (SOUND.replace("= 100", "= true"), "sessions must be an integer, not True"),
    "no-sessions": (SOUND.replace("= 100", "= 0"), "sessions must be 1 to 16777215, not 0"),
    "too-many-sessions": (SOUND.replace("= 100", "= 16777216"), "must be 1 to 16777215, not"),
    "bad-address": (SOUND.replace("10.11.0.1", "10.11.0.256"), "s11 = '10.11.0.256' is no IPv4"),
    "ipv6-for-ipv4": (SOUND.replace("10.11.0.1", "fd00::1"), "s11 = 'fd00::1' is no IPv4Address"),
    "no-address": (SOUND.replace("10.11.0.1", "0.0.0.0"), "s11 = 0.0.0.0 cannot be one host's"),
    "multicast": (SOUND.replace("10.11.0.1", "224.0.0.1"), "s11 = 224.0.0.1 cannot be one host's"),
    "broadcast": (
        SOUND.replace("10.11.0.1", "255.255.255.255"),
        "s11 = 255.255.255.255 cannot be one host's address: it is reserved",
    ),
    "sgi-multicast": (with_gateway('sgi = "239.1.1.1"'), "sgi = 239.1.1.1 cannot be one host's"),
    "sgi6-multicast": (with_gateway('sgi6 = "ff02::1"'), "sgi6 = ff02::1 cannot be one host's"),
    "sgi6-zone": (
        with_gateway('sgi6 = "fe80::1%eth0"'),
        "sgi6 = fe80::1%eth0 cannot be one host's",
    ),
    "one-for-two": (SOUND.replace("10.12.0.1", "10.11.0.1"), "s11 and s1u are both 10.11.0.1"),
    "sgi-for-two": (with_gateway('sgi = "10.12.0.1"'), "s1u and sgi are both 10.12.0.1"),
    "no-apn": (GATEWAY, "1 to 16 [[apn]] tables are needed, not 0"),
    "empty-apns": (f"apn = []\n{GATEWAY}", "1 to 16 [[apn]] tables are needed, not 0"),
    "17-apns": (
        GATEWAY + "".join(SECOND.format(f"a{n}", f"10.{n}.0.0/16") for n in range(50, 67)),
        "1 to 16 [[apn]] tables are needed, not 17",
    ),
    "apn-twice": (SOUND + SECOND.format("INTERNET", "10.46.0.0/16"), "'internet' is there already"),
    "long-name": (SOUND.replace('"internet"', f'"{"a" * 64}"'), "is no APN network identifier"),
    "odd-name": (SOUND.replace('"internet"', '"inter net"'), "'inter net' is no APN network ident"),
    "dots": (SOUND.replace('"internet"', '"..-"'), "'..-' is no APN network identifier"),
    "empty-label": (SOUND.replace('"internet"', '"a..b"'), "'a..b' is no APN network identifier"),
    "hyphen-first": (SOUND.replace('"internet"', '"a.-b"'), "'a.-b' is no APN network identifier"),
    "multicast-pool": (
        SOUND.replace("10.45.0.0/16", "224.0.0.0/8"),
        "pool4 = 224.0.0.0/8 is not for hosts: it meets 224.0.0.0/3",
    ),
    "loopback-pool": (SOUND.replace("10.45.0.0/16", "127.1.0.0/16"), "pool4 = 127.1.0.0/16 is not"),
    "link-local-pool": (with_apn('pool6 = "fe80::/48"'), "pool6 = fe80::/48 is not for hosts"),
    "dns-multicast": (with_apn('dns = ["224.0.0.251"]'), "dns = 224.0.0.251 cannot be one host's"),
    "dns-zone": (with_apn('dns = ["fe80::1%eth0"]'), "dns = fe80::1%eth0 cannot be one host's"),
    "no-pool": (GATEWAY + '[[apn]]\nname = "x"\n', "[[apn]] 1: it has neither pool4 nor pool6"),
    "host-bits": (SOUND.replace("10.45.0.0/16", "10.45.0.1/16"), "is no pool: "),
    "pool-too-large": (SOUND.replace("10.45.0.0/16", "8.0.0.0/7"), "pool4 must be a /8 to /30"),
    "pool-too-small": (SOUND.replace("10.45.0.0/16", "10.45.0.0/31"), "pool4 must be a /8 to /30"),
    "prefix-too-long": (with_apn('pool6 = "2001:db8::/64"'), "pool6 must be a /40 to /63"),
    "overlap": (
        SOUND + SECOND.format("ims", "10.45.128.0/17"),
        "pool4 of 'internet' (10.45.0.0/16) overlaps pool4 of 'ims' (10.45.128.0/17)",
    ),
    "address-in-pool": (
        SOUND.replace("10.11.0.1", "10.45.3.4"),
        "s11 = 10.45.3.4 lies in pool4 of 'internet' (10.45.0.0/16)",
    ),
    "type-without-pool": (with_apn('pdn_types = ["ipv6"]'), "pdn_types needs pool6, which is miss"),
    "unknown-type": (with_apn('pdn_types = ["ipx"]'), "pdn_types: 'ipx' is none of"),
    "bad-dns": (with_apn('dns = ["dns.example"]'), "dns: 'dns.example' is no address"),
    "three-dns": (
        with_apn('dns = ["1.1.1.1", "1.1.1.2", "1.1.1.3"]'),
        "more than two IPv4 servers",
    ),
    "dns-numbers": (with_apn("dns = [1]"), "dns must be a list of strings"),
    "bad-pcscf": (with_apn('pcscf = ["ims"]'), "pcscf: 'ims' is no address"),
    "three-pcscf": (
        with_apn('pcscf = ["fd00::1", "fd00::2", "fd00::3"]'),
        "pcscf has more than two IPv6 servers",
    ),
    "small-mtu": (with_apn("mtu = 575"), "mtu must be 576 to 9000, not 575"),
    "small-mtu-for-ipv6": (
        with_apn('mtu = 1279\npool6 = "2001:db8::/48"'),
        "mtu must be 1280 to 9000, not 1279",
    ),
}


@pytest.mark.parametrize("name", VNF_CONFIGS)
def test_a_vnf_configuration(tmp_path: Path, name: str) -> None:
    text, said = VNF_CONFIGS[name]
    path = tmp_path / "vnf.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    message = caught.value.message
    assert message.startswith(str(path)) and said in message, message
    assert "\n" not in message


def test_the_pattern_that_the_others_spoil_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "vnf.toml"
    path.write_text(SOUND)
    assert config.load(path).record["sessions"] == 100


@pytest.mark.parametrize(
    "text, ports",
    [
        (SOUND, ("s11", "s1u", "sgi")),
        (GATEWAY + 'mode = "sgw"\ns5 = "10.14.0.1"\n', ("s11", "s1u", "s5")),
        (PGW + APN, ("s5", "sgi")),
    ],
    ids=["combined", "sgw", "pgw"],
)
def test_the_ports_of_a_mode(tmp_path: Path, text: str, ports: tuple[str, ...]) -> None:
    path = tmp_path / "vepc.toml"
    path.write_text(text)
    assert config.load(path).ports == ports


def test_what_looks_odd_but_works(tmp_path: Path) -> None:
    path = tmp_path / "vnf.toml"
    loopback = SOUND.replace("10.11.0.1", "127.0.0.3").replace("10.12.0.1", "127.0.0.6")
    path.write_text(loopback.replace('"internet"', '"a.b-c.9"') + "mtu = 576\n")
    assert config.load(path).record["s1u"]["ipv4"] == "127.0.0.6"


@pytest.mark.parametrize("name", ["overlap", "unknown-key", "not-toml"])
def test_the_commands_refuse_it(tmp_path: Path, name: str) -> None:
    text, said = VNF_CONFIGS[name]
    bad = tmp_path / "vnf.toml"
    bad.write_text(text)
    assert said in refusal("agent", write_blade(tmp_path, vnf_config=bad))
    assert said in refusal("image", "restore", tmp_path / "x.img", "--vnf-config", bad)
    untouched(tmp_path)


PORTS = ("s11", "s1u", "sgi")


def port(name: str, driver: str = "mem", more: str = "slots = 64") -> str:
    return f'[[port]]\nname = "{name}"\ndriver = "{driver}"\n{more}\n'


def all_ports(*first: str) -> str:
    """The first ones as they are, the others sound."""
    return "".join(first) + "".join(port(name) for name in PORTS[len(first) :])


def agent_table(**change: str) -> str:
    values = {
        "listen": '"127.0.0.1:1"',
        "certificate": '"a"',
        "key": '"b"',
        "trust": '"c"',
        **change,
    }
    lines = "".join(f"{key} = {value}\n" for key, value in values.items() if value)
    return f"{all_ports()}[agent]\n{lines}"


BLADES = {
    "duplicate-port": ({"ports": port("s11") + port("s11")}, "port 's11' is there more than once"),
    "port-without-driver": ({"ports": '[[port]]\nname = "s11"\n'}, "[[port]] 1: driver is missing"),
    "port-no-table": ({"top": "port = [7]"}, "[[port]] 1 must be a table"),
    "no-ports": ({"top": ""}, "port is missing"),
    "comma-in-argument": (
        {"ports": port("s11", more='slots = "1,2"')},
        "slots must be a string without commas or an integer",
    ),
    "announce-no-address": (
        {"ports": port("s11", more='announce = {interface = "x", addresses = ["y"]}')},
        "'y' does not appear to be an IPv4 or IPv6 address",
    ),
    "unknown-engine": ({"engine": "warp"}, "engine must be one of auto, jit, native"),
    "unknown-key": ({"more": "colour = 7"}, "[blade]: unknown key 'colour'"),
    "hold-limit": ({"more": "hold_limit = 0"}, "hold_limit must be 1 to"),
    "no-listen": ({"ports": agent_table(listen="")}, "[agent]: listen is missing"),
    "bad-listen": ({"ports": agent_table(listen='"here"')}, "listen = 'here' is no HOST:PORT"),
    "bad-port": ({"ports": agent_table(listen='"h:65536"')}, "'h:65536' is no HOST:PORT"),
    "half-a-bracket": ({"ports": agent_table(listen='"[::1:7401"')}, "'[::1:7401' is no HOST:PORT"),
    "bare-ipv6": ({"ports": agent_table(listen='"::1:7401"')}, "'::1:7401' is no HOST:PORT"),
    "bad-ipv6": ({"ports": agent_table(listen='"[a]:7401"')}, "'[a]:7401' is no HOST:PORT"),
    "no-host": ({"ports": agent_table(listen='"[]:7401"')}, "'[]:7401' is no HOST:PORT"),
    "nul-in-listen": ({"ports": agent_table(listen='"h\\u0000:1"')}, "is no HOST:PORT"),
    "nul-in-key": ({"ports": agent_table(key='"b\\u0000"')}, "[agent]: key must not contain a NUL"),
    "nul-in-state": ({"state": "a\\u0000"}, "[blade]: state_dir must not contain a NUL"),
    "nul-in-device": (
        {"ports": port("s11", "tun", 'device = "t\\u0000"')},
        "device must not contain",
    ),
    "freeze-limit": (
        {"ports": agent_table(freeze_limit_ms="99")},
        "freeze_limit_ms must be 100 to",
    ),
    "bad-peer": ({"ports": agent_table(peers='{"x" = 7}')}, "x must be a string, not 7"),
    "bad-peer-name": (
        {"ports": agent_table(peers='{"../x" = "h:1"}')},
        "'../x' cannot be a blade's name: it must be a host name",
    ),
}


@pytest.mark.parametrize("name", BLADES)
def test_a_blade_s_configuration(tmp_path: Path, name: str) -> None:
    change, said = BLADES[name]
    path = write_blade(tmp_path, **change)  # type: ignore[arg-type]
    with pytest.raises(ConfigError) as caught:
        configuration.load(path)
    message = caught.value.message
    assert message.startswith(str(path)) and said in message, message


def test_a_long_socket_path(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    path = write_blade(folder)
    assert refusal("agent", path) == (
        f"{path}: control is longer than the 107 bytes of a socket's path"
    )


RUNS = {
    "unknown-port": (port("s13"), "vepc has no port 's13', only s11, s1u, sgi"),
    "missing-port": (port("s11") + port("sgi"), "blade.toml: the port 's1u' of vepc is missing"),
    "unknown-driver": (
        all_ports(port("s11", "ethernet")),
        'blade.toml: port s11: there is no packet driver named "ethernet"',
    ),
    "unknown-argument": (all_ports(port("s11", more="slots = 64\ncolour = 7")), "colour"),
    "missing-argument": (
        all_ports(port("s11"), port("s1u", "tun", "")),
        "blade.toml: port s1u: driver tun needs the argument device=NAME",
    ),
    "no-capture": (all_ports(port("s11", "pcap", 'rx = "/none/x.pcap"')), "/none/x.pcap"),
    "no-capture-here": (all_ports(port("s11", "pcap", 'rx = "x.pcap"')), "{folder}/x.pcap"),
    "no-interface": (
        all_ports(port("s11", more='slots = 64\nannounce = {interface = "nowhere0"}')),
        "on nowhere0: No such device",
    ),
    "no-certificate": (agent_table(), "make it with portvnf pki"),
}


@pytest.mark.parametrize("name", RUNS)
def test_the_agent_refuses_to_start(tmp_path: Path, name: str) -> None:
    ports, said = RUNS[name]
    for active in ("true", "false"):  # a blade on standby says it now, not at COMMIT
        sentence = refusal("agent", write_blade(tmp_path, ports=ports, more=f"active = {active}"))
        assert said.format(folder=tmp_path) in sentence, sentence
    assert not (tmp_path / "blade.sock").exists()


def test_a_certificate_for_another_blade(tmp_path: Path) -> None:
    pki.initialise(tmp_path)
    pki.issue(tmp_path, "other")
    ports = agent_table(certificate='"other.crt"', key='"other.key"', trust='"ca.crt"')
    said = refusal("agent", write_blade(tmp_path, ports=ports))
    assert said.startswith(
        f"peers would not take {tmp_path / 'other.crt'} for blade: Hostname mism"
    )
    untouched(tmp_path)


def test_a_socket_path_is_measured_in_bytes(tmp_path: Path) -> None:
    room = 107 - len(str(tmp_path)) - len("//blade.sock")
    folder = tmp_path / ("ä" * (room // 2 + 1))
    folder.mkdir()
    assert "control is longer than the 107 bytes" in refusal("agent", write_blade(folder))


def test_ipv6_addresses_stand_in_brackets(tmp_path: Path) -> None:
    path = write_blade(tmp_path, ports=agent_table(listen='"[fd00::1]:7400"'))
    agent = configuration.load(path).agent
    assert agent is not None and agent.listen == ("fd00::1", 7400)
    assert agent.freeze_limit_s == 3.0


def test_files_that_are_not_there(tmp_path: Path) -> None:
    gone = tmp_path / "gone.toml"
    assert refusal("agent", gone) == f"cannot read {gone}: No such file or directory"
    said = refusal("agent", write_blade(tmp_path, vnf_config=gone))
    assert said == f"cannot read {gone}: No such file or directory"
    said = refusal("agent", write_blade(tmp_path, artifact=tmp_path / "gone.bc"))
    assert said == f"{tmp_path / 'gone.bc'} cannot be read: No such file or directory"
    assert CONFIG.is_file()
    untouched(tmp_path)
