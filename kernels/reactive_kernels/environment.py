"""Which environment variables a kernel gets: an allow-list, so that no secret of the service reaches user code.

Cloud keys, tokens, database URLs and whatever else a service is configured with stay behind because their names are
not listed, not because somebody thought of them. What a kernel needs beyond the list is named by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# fmt: off
_NAMES = frozenset(
    [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "USERNAME", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR",
        "TEMP", "TMP", "TERM", "COLORTERM", "HOSTNAME", "PWD", "NO_COLOR", "VIRTUAL_ENV", "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_DATA_DIRS", "XDG_CONFIG_DIRS", "DISPLAY", "WAYLAND_DISPLAY",
        "JUPYTER_PATH", "JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
        "JUPYTER_PREFER_ENV_PATH", "JUPYTER_PLATFORM_DIRS", "JUPYTER_NO_CONFIG", "IPYTHONDIR",
        "OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OMP_DYNAMIC", "OMP_PROC_BIND", "OMP_PLACES", "OMP_SCHEDULE",
        "KMP_AFFINITY", "KMP_BLOCKTIME", "KMP_DUPLICATE_LIB_OK", "MKL_NUM_THREADS", "MKL_DYNAMIC",
        "MKL_THREADING_LAYER", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "GOTO_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMEXPR_MAX_THREADS", "NUMBA_NUM_THREADS",
        "NUMBA_CACHE_DIR", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "CUDA_HOME",
        "CUDA_PATH", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES",
        "ROCR_VISIBLE_DEVICES", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
        "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy",
        "ftp_proxy", "all_proxy", "no_proxy", "MPLBACKEND", "MPLCONFIGDIR", "MATPLOTLIBRC", "R_HOME", "R_LIBS",
        "R_LIBS_USER", "R_LIBS_SITE", "JULIA_DEPOT_PATH", "JULIA_PROJECT", "JULIA_LOAD_PATH",
        "JULIA_NUM_THREADS", "JULIA_BINDIR", "JAVA_HOME", "SPARK_HOME", "SPARK_CONF_DIR", "HADOOP_HOME",
        "HADOOP_CONF_DIR", "GDAL_DATA", "PROJ_LIB", "PROJ_DATA", "SYSTEMROOT", "SystemRoot", "WINDIR",
        "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "USERPROFILE", "HOMEDRIVE", "HOMEPATH",
    ]
)
# fmt: on
_PREFIXES = ("LC_", "PYTHON", "CONDA")
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE", re.IGNORECASE)


def kernel_environment(base: Mapping[str, str], extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a kernel: what is on the allow-list of `base` (usually `os.environ`), then all of `extra`.

    A variable under an allowed prefix whose name speaks of a secret (`CONDA_TOKEN`) is left out as well.
    """
    chosen = {name: value for name, value in base.items() if _allowed(name)}
    chosen.update(extra or {})
    return chosen


def _allowed(name: str) -> bool:
    return name in _NAMES or (name.startswith(_PREFIXES) and not _SECRET.search(name))
