"""Glance's own WSGI application, with a private configuration.

Nothing is read from ``/etc/glance``, the user's home or the environment: the configuration, an
empty policy file and the pipeline are written into a temporary directory.
"""

from __future__ import annotations

import logging
import textwrap
import threading
from typing import TYPE_CHECKING, cast

import glance.async_
from attrs import frozen
from glance import notifier
from glance.api import common
from glance.api.v2 import cached_images
from glance.common import config, wsgi_app
from oslo_config import cfg

from simple_db.glance import stopping
from simple_db.glance.image_files import open_stores

if TYPE_CHECKING:
    from pathlib import Path
    from wsgiref.types import WSGIApplication

LOG = logging.getLogger(__name__)

FINISH_SECONDS = 10
"""How long a stop waits for imports and copies to the cache."""

# A stop that has to wait no longer than this logs nothing.
_AT_ONCE = 0.2

# Directories below the data directory: two stores of images, staged uploads, results of tasks, and
# the image cache.
STORES = ("images", "spare", "staging", "tasks", "cache")

CACHE = ("cache/incomplete", "cache/invalid", "cache/queue")
"""Directories that Glance creates in that of the cache."""

# For CORS: the headers that pages may send besides the usual ones, and those they may read.
_ALLOWED_HEADERS = (
    "Accept-Encoding",
    "Content-MD5",
    "Content-Range",
    "Range",
    "User-Agent",
    "X-Auth-Token",
    "X-Image-Cache-Clear-Target",
    "X-Image-Meta-Checksum",
    "X-Image-Meta-Store",
    "X-OpenStack-Append",
    "X-OpenStack-Image-Size",
    "X-OpenStack-Request-ID",
    "X-Service-Token",
    "X-Storage-Token",
)
_EXPOSED_HEADERS = (
    "Content-Length",
    "Content-MD5",
    "Content-Range",
    "Location",
    "OpenStack-Image-Import-Methods",
    "OpenStack-Image-Store-IDs",
    "Retry-After",
    "WWW-Authenticate",
    "X-OpenStack-Request-ID",
)

THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
"""The hosts in URLs that name this machine."""

_CONF = """\
[DEFAULT]
enabled_backends = images:file, spare:file
enabled_import_methods = [glance-direct,web-download,copy-image]
image_cache_dir = {data}/cache
image_cache_driver = centralized_db
worker_self_reference_url = {url}
lock_path = {private}

[glance_store]
default_backend = images

[images]
filesystem_store_datadir = {data}/images
store_description = Files in images, below the data directory

[spare]
filesystem_store_datadir = {data}/spare
store_description = Files in spare, below the data directory

[os_glance_staging_store]
filesystem_store_datadir = {data}/staging

[os_glance_tasks_store]
filesystem_store_datadir = {data}/tasks

[oslo_concurrency]
lock_path = {private}

[cors]
allow_methods = GET,HEAD,OPTIONS,PATCH,POST,PUT,DELETE
allow_headers = {allowed_headers}
expose_headers = {exposed_headers}

[oslo_policy]
policy_file = {private}/policy.yaml
policy_dirs = {private}/policy.d

[paste_deploy]
config_file = {private}/glance-api-paste.ini
"""

# Glance fetches from loopback only if the host is listed, and from listed hosts only. Servers on a
# development machine listen on any port.
_FILTERING = """\

[import_filtering_opts]
allowed_hosts = [{hosts}]
allowed_ports = []
"""

_PASTE = """\
[composite:glance-api]
use = egg:Paste#urlmap
/ = service
/healthcheck = healthcheck

[pipeline:service]
pipeline = cors proxies versions token context cache cachemanage resources

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
allowed_origin = {origins}

[filter:proxies]
paste.filter_factory = oslo_middleware:HTTPProxyToWSGI.factory

[filter:versions]
paste.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory

[filter:token]
paste.filter_factory = simple_db.glance.auth:filter_factory

[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory

[filter:cache]
paste.filter_factory = glance.api.middleware.cache:CacheFilter.factory

[filter:cachemanage]
paste.filter_factory = glance.api.middleware.cache_manage:CacheManageFilter.factory
"""


@frozen
class Site:
    """Where an application runs.

    Attributes:
        private: an empty directory, which exists as long as the application.
        data: the directory of the image data; `STORES` names the directories in it.
        url: the URL of the API; Glance notes it in images that are staged or cached.
        download_from: names and addresses of the hosts that ``web-download`` may fetch from, on
            any port; if empty, Glance's own rule: ports 80 and 443 of any host but this machine.
        origins: the origins whose pages may read what the API answers; see `guard.normal_origin`.
    """

    private: Path
    data: Path
    url: str
    download_from: tuple[str, ...] = THIS_MACHINE
    origins: tuple[str, ...] = ()


def glance_app(site: Site) -> WSGIApplication:
    """Return Glance's API application, on the database that Glance uses now.

    It is built as by ``glance.common.wsgi_app.init_app``, except that nothing is read from the
    machine, and that staged files whose image is not in the database are not deleted: they can be
    those of another snapshot. It works once in a process, because Glance's configuration is one
    global object.

    Args:
        site: both its directories are absolute paths.
    """
    _configure(_written_config(site))
    open_stores()
    return cast("WSGIApplication", config.load_paste_app("glance-api"))


def finish_tasks() -> None:
    """Wait until Glance's own threads have finished, imports for example, and let no more begin.

    It takes `FINISH_SECONDS` at most, because a download can hang. What is not finished then goes
    on until the process ends; once the database is closed, it refuses the calls.

    Raises:
        SystemExit: a signal ends the waiting.
    """
    done = stopping.waited_for()
    threading.Thread(target=_drain, args=[done], daemon=True).start()
    if done.wait(_AT_ONCE):
        return
    seconds = FINISH_SECONDS
    LOG.info("Waiting up to %d seconds for imports; stop again to end them now", seconds)
    if not done.wait(seconds):
        LOG.warning("Imports that have not ended after %d seconds are given up", seconds)


def _drain(done: threading.Event) -> None:
    wsgi_app.drain_workers()
    done.set()


def settle_tasks() -> None:
    """Wait until Glance's own threads have finished; later requests can start new ones."""
    # Glance creates a pool when there is none.
    pool = common._CACHED_THREAD_POOL.pop("tasks_pool", None)  # noqa: SLF001 - there is no other way
    if pool:
        pool.pool.shutdown()
    worker = cached_images.WORKER
    # Zero is the usual case. A worker that has failed is dead: its image stays unfinished.
    if worker.q.unfinished_tasks:
        worker.terminate()
        cached_images.WORKER = cached_images.CacheWorker()
        cached_images.WORKER.start()


def _written_config(site: Site) -> Path:
    # A dollar sign begins a substitution in the files of oslo.config.
    values = {
        name: str(value).replace("$", "$$")
        for name, value in (("private", site.private), ("data", site.data), ("url", site.url))
    }
    values |= {
        "allowed_headers": ",".join(_ALLOWED_HEADERS),
        "exposed_headers": ",".join(_EXPOSED_HEADERS),
    }
    (site.private / "policy.yaml").touch()
    (site.private / "schema-image.json").write_text("{}")
    (site.private / "glance-api-paste.ini").write_text(
        _PASTE.format(origins=",".join(site.origins))
    )
    filtering = _FILTERING.format(hosts=",".join(site.download_from)) if site.download_from else ""
    conf = site.private / "glance-api.conf"
    conf.write_text(textwrap.dedent(_CONF).format(**values) + filtering)
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
