from typing import Any

import pytest

from simple_db.glance.auth import Caller, TokenFilter, filter_factory

pytestmark = pytest.mark.glance


def answer(headers: dict[str, str]) -> tuple[str, dict[str, str], bytes, dict[str, Any]]:
    """Return status, headers and body of the filter's answer, and what the application saw."""
    seen: dict[str, Any] = {}
    started: list[Any] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [])
        return [b"from the application"]

    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    filtered = filter_factory({})(app)
    body = b"".join(filtered(environ, lambda status, head: started.extend([status, dict(head)])))  # type: ignore[arg-type] # as little as WSGI needs
    return started[0], started[1], body, seen


def test_a_token_names_user_project_and_roles() -> None:
    assert Caller.from_token("alice:demo:reader,auditor") == Caller(
        "alice", "demo", ("reader", "auditor")
    )


@pytest.mark.parametrize("token", ["", "  ", "notused"])
def test_no_token_is_an_administrator(token: str) -> None:
    assert Caller.from_token(token).roles == ("admin", "manager", "member", "reader")


def test_a_percent_encoded_token_is_the_token() -> None:
    assert Caller.from_token("alice%3Ademo%3Amember%2Cx") == Caller.from_token(
        "alice:demo:member,x"
    )


@pytest.mark.parametrize(
    ("roles", "all_roles"),
    [
        ("reader", "reader"),
        ("member", "member,reader"),
        ("Member", "member,reader"),
        ("reader, member", "reader,member"),
        ("admin", "admin,manager,member,reader"),
        ("manager", "manager,member,reader"),
        ("auditor", "auditor"),
    ],
)
def test_a_role_brings_the_roles_that_it_implies(roles: str, all_roles: str) -> None:
    assert ",".join(Caller.from_token(f"alice:demo:{roles}").roles) == all_roles


@pytest.mark.parametrize(
    "token",
    [
        *("alice", "alice:demo", "alice:demo:", "alice::member", ":demo:member"),
        *("alice:demo:member:more", "alice:demo:member,", "::", "gAAAAABk-a-token-of-keystone"),
    ],
)
def test_a_malformed_token_is_answered_with_401_and_the_form_of_a_token(token: str) -> None:
    status, headers, body, seen = answer({"X-Auth-Token": token})
    assert status == "401 Unauthorized"
    assert headers["Content-Length"] == str(len(body))
    assert headers["WWW-Authenticate"]
    assert b"user:project:role1,role2" in body
    assert not seen


def test_the_application_sees_the_caller_as_from_keystone() -> None:
    status, _, body, seen = answer({"X-Auth-Token": "alice:demo:member"})
    assert (status, body) == ("200 OK", b"from the application")
    assert seen["HTTP_X_IDENTITY_STATUS"] == "Confirmed"
    assert seen["HTTP_X_USER_ID"] == "alice"
    assert seen["HTTP_X_PROJECT_ID"] == "demo"
    assert seen["HTTP_X_ROLES"] == "member,reader"


def test_identity_headers_of_the_client_do_not_reach_the_application() -> None:
    sent = {
        "X-Auth-Token": "alice:demo:reader",
        "X-Roles": "admin",
        "X-Role": "admin",
        "X-Project-Id": "other",
        "X-Tenant": "other",
        "X-Is-Admin-Project": "True",
        "X-Service-Roles": "service",
        "OpenStack-System-Scope": "all",
        "X-Openstack-Request-Id": "req-1",
    }
    *_, seen = answer(sent)
    assert seen["HTTP_X_ROLES"] == "reader"
    assert seen["HTTP_X_PROJECT_ID"] == "demo"
    assert seen["HTTP_X_OPENSTACK_REQUEST_ID"] == "req-1"
    assert not {"admin", "other", "service", "True", "all"} & set(seen.values())


def test_the_factory_makes_filters_for_paste() -> None:
    assert isinstance(filter_factory({}, some="option")(lambda *_: []), TokenFilter)
