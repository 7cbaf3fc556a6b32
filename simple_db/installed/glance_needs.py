"""The names of Glance that simple_db uses, and the check that the installed Glance has them.

A name is ``module:attribute``, or a module alone. If one is missing, `GlanceLacksError` names the
release and all that it lacks, before anything of Glance is replaced. `LIBRARY` is checked when
`simple_db.glance` is imported, `INSTALLATION` when `install` is first called, `SERVER` when the
server is imported, `SQL_DRIVER` before the oracle runs Glance's driver. The modules in which
`simple_db.glance.install` replaces the driver are not checked: if one is missing, there is a
warning, and it keeps the SQL driver.
"""

from __future__ import annotations

import importlib
import operator
from typing import TYPE_CHECKING

from simple_db.installed.glance_release import GlanceLacksError, release, tried

if TYPE_CHECKING:
    from collections.abc import Iterable

LIBRARY = (
    # First: it selects threads, before oslo.service selects eventlet.
    "glance.common.config",
    "glance.common.exception:GlanceException",
)

INSTALLATION = (
    "glance.db:get_api",
    "glance.db.sqlalchemy.metadata",
)
"""Not checked before `install` is called: they import eventlet if it is installed, which warns."""

SQL_DRIVER = (
    "glance.db.sqlalchemy.api:_main_context_manager",
    "glance.db.sqlalchemy.models:BASE.metadata",
    "glance.db.sqlalchemy.models_metadef:BASE_DICT.metadata",
)

SERVER = (
    "glance.api.common:DEFAULT_POOL_SIZE",
    "glance.api.common:_CACHED_THREAD_POOL.pop",
    "glance.api.v2.cached_images:CacheWorker",
    "glance.api.v2.cached_images:WORKER",
    "glance.api.v2.images:ImagesController.import_image",
    "glance.api.v2.images:ImagesController.is_proxyable",
    "glance.async_:set_threadpool_model",
    "glance.common.config:load_paste_app",
    "glance.common.config:set_config_defaults",
    "glance.common.exception:BadStoreUri",
    "glance.common.exception:Duplicate",
    "glance.common.exception:ImportTaskError",
    "glance.common.scripts.utils:get_image_data_iter",
    "glance.common.store_utils:_get_store_id_from_uri",
    "glance.common.store_utils:store_api",
    "glance.common.wsgi:Resource.dispatch",
    "glance.common.wsgi_app:RESERVED_STORES",
    "glance.common.wsgi_app:drain_workers",
    "glance.gateway:Gateway",
    "glance.image_cache.drivers.centralized_db:Driver.get_image_filepath",
    "glance.image_cache.drivers.centralized_db:Driver.get_least_recently_accessed",
    "glance.image_cache.prefetcher:Prefetcher.fetch_image_into_cache",
    "glance.notifier:set_defaults",
    "glance_store:create_multi_stores",
    "glance_store:delete",
    "glance_store:get",
    "glance_store:register_store_opts",
    "glance_store:verify_store",
    "glance_store._drivers.filesystem:Store",
    "glance_store.capabilities:check",
    "glance_store.driver:back_compat_add",
    "glance_store.exceptions:BadStoreUri",
    "glance_store.exceptions:NotFound",
    "glance_store.exceptions:StorageWriteDenied",
    "glance_store.exceptions:UnknownScheme",
    "glance_store.location:StoreLocation",
    "glance_store.location:register_scheme_backend_map",
)

DOWNLOADS = (
    "glance.common.utils:get_validated_address",
    "glance.common.utils:resolve_pinned_address",
    "glance.common.utils:validate_uri",
    "glance.common.scripts.utils:SafeRedirectHandler",
    "glance.common.scripts.utils:_PinnedHTTPConnection",
    "glance.common.scripts.utils:_PinnedHTTPSConnection",
    "glance.common.scripts.utils:_ValidatedExternalHTTPHandler",
    "glance.common.scripts.utils:_ValidatedExternalHTTPSHandler",
    "glance.common.scripts.utils:open_external_uri",
)
"""What a server needs, too; `simple_db.glance.pinned_downloads` adds it to Glance 31 and 32."""

DOWNLOADS_BEFORE_33 = (
    "glance.common.utils:validate_import_uri",
    "glance.common.scripts.utils:urllib.request",
)
"""What `simple_db.glance.pinned_downloads` needs for that."""


def require(names: Iterable[str]) -> None:
    """Check that the installed Glance has all of this.

    Raises:
        GlanceLacksError: it does not.
        ModuleNotFoundError: Glance, or a package that it needs, is not installed.
    """
    missing = [name.replace(":", ".") for name in names if not is_there(name)]
    if missing:
        raise GlanceLacksError(
            f"Glance {release()} has no {' and no '.join(missing)}, which simple_db needs; it is "
            f"tested with {tried()}"
        )


def require_server() -> None:
    """Check that the installed Glance has what `simple_db.glance.server` needs.

    Raises:
        GlanceLacksError, ModuleNotFoundError: as `require` does.
    """
    is_older = all(map(is_there, DOWNLOADS_BEFORE_33)) and not is_there(DOWNLOADS[0])
    require((*SERVER, *(() if is_older else DOWNLOADS)))


def is_there(name: str) -> bool:
    """Return whether the installed Glance has a name.

    Raises:
        ModuleNotFoundError: Glance, or a package that it needs, is not installed.
    """
    path, _, attribute = name.partition(":")
    # Raises if the package itself is not installed.
    importlib.import_module(path.partition(".")[0])
    try:
        module = importlib.import_module(path)
    except ImportError as error:
        package, dot, _ = str(error.name).partition(".")
        if isinstance(error, ModuleNotFoundError) and not dot:
            raise
        if package not in {"glance", "glance_store"}:
            raise
        return False
    try:
        operator.attrgetter(attribute)(module) if attribute else None
    except AttributeError:
        return False
    return True
