"""The configuration for nginx in docs/proxy, in a real nginx before a real server."""

import os
import pwd
import re
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, served
from tests.fixtures.ports import free_port
from tests.fixtures.waiting import wait_until

#: In a folder that few have on their path.
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")

SITE = ROOT / "docs" / "proxy" / "nginx.conf"
HOST = "map.example.org"


def _configuration(folder: Path, address: str, port: int) -> str:
    """Return the site with this test's ports and files, within what nginx needs around it."""
    site = SITE.read_text(encoding="utf-8")
    for written, ours in (
        ("server 127.0.0.1:8000;", f"server {address.removeprefix('http://')};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/ssl/amparo", f"{folder}/amparo"),
        ("/var/log/nginx/amparo.log", f"{folder}/error.log"),
    ):
        assert site.count(written) >= 1, written
        site = site.replace(written, ours)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    # The folder is of who runs the tests alone; who is not root cannot choose.
    own = f"user {pwd.getpwuid(os.geteuid()).pw_name};\n" if os.geteuid() == 0 else ""
    return (
        f"{own}daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\n{paths}{site}\n}}\n"
    )


@pytest.fixture(scope="module")
def proxy(outside_settings, tmp_path_factory):
    """Run nginx with the site before a server that trusts it; give its port."""
    if NGINX is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("nginx is not installed; ./run --setup-only installs it")
    folder = tmp_path_factory.mktemp("nginx")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
         "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
         "-keyout", folder / "amparo.key", "-out", folder / "amparo.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    port = free_port()
    with served(outside_settings, AMPARO_TRUSTED_PROXY="127.0.0.1") as address:
        written = folder / "nginx.conf"
        written.write_text(_configuration(folder, address, port), encoding="utf-8")
        running = subprocess.Popen([NGINX, "-e", folder / "error.log", "-c", written, "-p", folder])
        try:
            wait_until(lambda: _listens(port))
            yield port, folder
        finally:
            running.terminate()
            running.wait(timeout=20)


def _listens(port):
    with socket.socket() as end:
        return end.connect_ex(("127.0.0.1", port)) == 0


def talk(proxy, sent: bytes) -> tuple[int, bytes]:
    """Send bytes over TLS, as the client of the host; return the status and all that came."""
    port, folder = proxy
    context = ssl.create_default_context(cafile=str(folder / "amparo.pem"))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as end,
    ):
        end.sendall(sent)
        found = b""
        while piece := end.recv(65_536):
            found += piece
    match = re.match(rb"HTTP/1\.1 (\d+) ", found)
    assert match is not None, found[:100]
    return int(match[1]), found


def request(target: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", f"Host: {HOST}", "Connection: close", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_pages_come_through_it_with_the_public_address(proxy):
    status, found = talk(proxy, request("/collections/spaces?f=json"))
    assert status == 200
    assert f"https://{HOST}/collections/spaces".encode() in found
    assert b"http://127.0.0.1" not in found


@pytest.mark.parametrize(
    ("method", "target", "size", "status"),
    [
        ("POST", "/routes", 70_000, 413),
        ("POST", "/routes", 60_000, 415),
        ("POST", "/coverage", 200_000, 415),
        ("POST", "/coverage", 300_000, 413),
        ("POST", "/network/imports", 2_000_000, 413),
    ],
)
def test_p55_bodies_have_their_limits_on_both(proxy, method, target, size, status):
    assert talk(proxy, request(target, method=method, body=b"x" * size))[0] == status


def test_p55_a_long_head_goes_no_further(proxy):
    assert talk(proxy, request("/health", "X: " + "a" * 9_000))[0] == 400
    assert talk(proxy, request("/?q=" + "a" * 9_000))[0] == 414


def test_p48_it_keeps_no_address(proxy):
    assert talk(proxy, request("/spaces/nearest?lon=-72.123&lat=7.89"))[0] == 200
    for kept in proxy[1].iterdir():
        if kept.is_file() and kept.name != "nginx.conf":
            assert b"72.123" not in kept.read_bytes()


def test_the_client_is_who_spoke_to_it(proxy):
    """What the client claims of itself is not passed on."""
    status, _ = talk(proxy, request("/health", "X-Forwarded-For: 203.0.113.7"))
    assert status == 200
    assert "X-Forwarded-For $remote_addr;" in SITE.read_text(encoding="utf-8")


def test_a_download_comes_whole(proxy):

    status, found = talk(proxy, request("/collections/places/items?f=csv"))
    assert status == 200
    assert found.rstrip().endswith(b"0")
    assert len(found) > 500_000
