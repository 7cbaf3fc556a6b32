"""Who calls a development server, by the token alone, which is not checked.

A token is ``user:project:role1,role2``. A request without a token is an administrator's. This is
no authentication. It takes the place that keystone's middleware has in front of a real Glance.
"""

from __future__ import annotations

import http
import urllib.parse
from typing import TYPE_CHECKING, Any, Self

from attrs import frozen

from simple_db.glance.answers import answer_in_a_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

FORM = "user:project:role1,role2"

# What keystoneauth's plugin ``none`` sends in place of a token.
NO_TOKEN = "notused"  # noqa: S105 - it is the opposite of a secret

# The default of keystone: a role implies the roles below it.
IMPLIED_ROLES = {"admin": ("manager", "member", "reader"), "manager": ("member", "reader")} | {
    "member": ("reader",),
}

# Headers that keystone's middleware sets: those of the client are removed.
_IDENTITY_HEADERS = (
    "HTTP_OPENSTACK_SYSTEM_SCOPE",
    "HTTP_X_DOMAIN",
    "HTTP_X_IDENTITY",
    "HTTP_X_IS_ADMIN_PROJECT",
    "HTTP_X_PROJECT",
    "HTTP_X_ROLE",
    "HTTP_X_SERVICE",
    "HTTP_X_STORAGE_TOKEN",
    "HTTP_X_TENANT",
    "HTTP_X_USER",
)


@frozen
class Caller:
    """The user, project and roles of a request."""

    user: str
    project: str
    roles: tuple[str, ...]

    @classmethod
    def from_token(cls, token: str) -> Self:
        """Return the caller that a token names; an empty one names an administrator.

        Of ``admin``, ``manager``, ``member`` and ``reader`` each implies those after it. Roles are
        in lower case, as Glance compares them.

        Raises:
            ValueError: the token has another form, or one of its parts is empty.
        """
        if token.strip() in {"", NO_TOKEN}:
            return cls("admin", "admin", _with_implied(["admin"]))
        # glanceclient sends its headers percent-encoded.
        parts = [part.strip() for part in urllib.parse.unquote(token).split(":")]
        user, project, roles = parts if len(parts) == FORM.count(":") + 1 else ("", "", "")
        names = [role.strip().lower() for role in roles.split(",")]
        if not (user and project and all(names)):
            raise ValueError(
                f"X-Auth-Token must be {FORM}, for example alice:demo:member; "
                "without X-Auth-Token you are an administrator",
            )
        return cls(user, project, _with_implied(names))


class TokenFilter:
    """A WSGI filter that sets the caller from the token alone.

    A token of another form is answered with 401, and the form that it must have.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            caller = Caller.from_token(environ.get("HTTP_X_AUTH_TOKEN", ""))
        except ValueError as error:
            status, form = http.HTTPStatus.UNAUTHORIZED, ("WWW-Authenticate", "X-Auth-Token")
            return answer_in_a_line(environ, start_response, status, str(error), form)
        return self.app(_as_keystone_would(environ, caller), start_response)


def filter_factory(
    global_conf: dict[str, Any],
    **local_conf: str,
) -> Callable[[WSGIApplication], TokenFilter]:
    """Return the class of the filter, for ``paste.filter_factory``."""
    return TokenFilter


def _with_implied(roles: list[str]) -> tuple[str, ...]:
    implied = [below for role in roles for below in IMPLIED_ROLES.get(role, ())]
    return tuple(dict.fromkeys([*roles, *implied]))


def _as_keystone_would(environ: WSGIEnvironment, caller: Caller) -> WSGIEnvironment:
    kept = {key: value for key, value in environ.items() if not key.startswith(_IDENTITY_HEADERS)}
    return kept | {
        "HTTP_X_IDENTITY_STATUS": "Confirmed",
        "HTTP_X_USER_ID": caller.user,
        "HTTP_X_USER_NAME": caller.user,
        "HTTP_X_PROJECT_ID": caller.project,
        "HTTP_X_PROJECT_NAME": caller.project,
        "HTTP_X_ROLES": ",".join(caller.roles),
    }
