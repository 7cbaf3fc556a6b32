"""Glance's own WSGI application, with a private configuration.

Nothing is read from ``/etc/glance``, the user's home or the environment: the configuration, the
(empty) policy file and the pipeline are written into a directory that is gone afterwards.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, cast

import glance.async_
import glance_store
from glance import notifier
from glance.api import common
from glance.common import config, wsgi_app
from oslo_config import cfg

if TYPE_CHECKING:
    from pathlib import Path
    from wsgiref.types import WSGIApplication

# Directories below the data directory: image data, uploads that are staged, results of tasks.
STORES = ("images", "staging", "tasks")

_CONF = """\
[DEFAULT]
enabled_backends = images:file
lock_path = {private}

[glance_store]
default_backend = images

[images]
filesystem_store_datadir = {data}/images
store_description = Files in {data}/images

[os_glance_staging_store]
filesystem_store_datadir = {data}/staging

[os_glance_tasks_store]
filesystem_store_datadir = {data}/tasks

[oslo_concurrency]
lock_path = {private}

[oslo_policy]
policy_file = {private}/policy.yaml
policy_dirs = {private}/policy.d

[paste_deploy]
config_file = {private}/glance-api-paste.ini
"""

_PASTE = """\
[composite:glance-api]
use = egg:Paste#urlmap
/ = service
/healthcheck = healthcheck

[pipeline:service]
pipeline = cors proxies versions token context resources

[composite:resources]
use = egg:Paste#urlmap
/ = discovery
/v2 = v2

[app:discovery]
paste.app_factory = glance.api.versions:create_resource

[app:v2]
paste.app_factory = glance.api.v2.router:API.factory

[app:healthcheck]
paste.app_factory = oslo_middleware:Healthcheck.app_factory

[filter:cors]
paste.filter_factory = oslo_middleware.cors:filter_factory
oslo_config_project = glance
oslo_config_program = glance-api

[filter:proxies]
paste.filter_factory = oslo_middleware:HTTPProxyToWSGI.factory

[filter:versions]
paste.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory

[filter:token]
paste.filter_factory = simple_db.glance.auth:filter_factory

[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
"""


def glance_app(private: Path, data: Path) -> WSGIApplication:
    """Return Glance's API as it is served, on whatever database Glance reaches for now.

    This is what ``glance.common.wsgi_app.init_app`` does, less what it reads from the machine. It
    can be done once in a process: Glance's configuration is one global object.

    Args:
        private: an empty directory that stays as long as the application; both paths absolute.
        data: where the data of the images goes, in the directories that `STORES` names.
    """
    _configure(_written_config(private, data))
    _open_stores()
    wsgi_app.run_staging_cleanup()
    return cast("WSGIApplication", config.load_paste_app("glance-api"))


def finish_tasks() -> None:
    """Wait for what Glance's own threads still do, imports of images for example."""
    wsgi_app.drain_workers()


def _written_config(private: Path, data: Path) -> Path:
    # A dollar sign begins a substitution in the files of oslo.config.
    paths = {"private": str(private), "data": str(data)}
    values = {name: path.replace("$", "$$") for name, path in paths.items()}
    (private / "policy.yaml").touch()
    (private / "schema-image.json").write_text("{}")
    (private / "glance-api-paste.ini").write_text(_PASTE)
    conf = private / "glance-api.conf"
    conf.write_text(textwrap.dedent(_CONF).format(**values))
    return conf


def _configure(conf: Path) -> None:
    config.set_config_defaults()
    cfg.CONF(
        [],
        project="glance",
        prog="glance-api",
        default_config_files=[str(conf)],
        default_config_dirs=[],
        use_env=False,
    )
    glance.async_.set_threadpool_model("native")
    common.DEFAULT_POOL_SIZE = cfg.CONF.wsgi.task_pool_threads
    notifier.set_defaults()


def _open_stores() -> None:
    reserved = wsgi_app.RESERVED_STORES
    glance_store.register_store_opts(cfg.CONF, reserved_stores=reserved)
    glance_store.create_multi_stores(cfg.CONF, reserved_stores=reserved)
    glance_store.verify_store()
