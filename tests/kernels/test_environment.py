from __future__ import annotations

import pytest

from reactive_kernels import kernel_environment

KEPT = """
PATH HOME LANG LC_ALL TZ TMPDIR USER LOGNAME SHELL PYTHONPATH PYTHONUNBUFFERED VIRTUAL_ENV CONDA_PREFIX
LD_LIBRARY_PATH JUPYTER_PATH JUPYTER_DATA_DIR OMP_NUM_THREADS MKL_NUM_THREADS OPENBLAS_NUM_THREADS
CUDA_VISIBLE_DEVICES HTTP_PROXY https_proxy NO_PROXY SSL_CERT_FILE MPLBACKEND
"""

DROPPED = """
AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_PROFILE AZURE_CLIENT_SECRET
GOOGLE_APPLICATION_CREDENTIALS OPENAI_API_KEY ANTHROPIC_API_KEY HF_TOKEN DATABASE_URL PGPASSWORD REDIS_URL
JUPYTERHUB_API_TOKEN JUPYTER_TOKEN JUPYTER_GATEWAY_AUTH_TOKEN CLERK_SECRET_KEY GITHUB_TOKEN SENTRY_DSN
CONDA_TOKEN PYTHON_KEYRING_PASSWORD SECRET_KEY NPM_TOKEN KUBECONFIG SSH_AUTH_SOCK REACTIVE_NB_TOKEN path
"""


@pytest.mark.parametrize("name", KEPT.split())
def test_what_kernels_need_is_kept(name: str) -> None:
    assert kernel_environment({name: "v"}) == {name: "v"}


@pytest.mark.parametrize("name", DROPPED.split())
def test_secrets_and_unknown_names_stay_behind(name: str) -> None:
    assert kernel_environment({name: "v"}) == {}


def test_what_the_caller_names_is_given_and_wins() -> None:
    assert kernel_environment({"HOME": "/a"}, {"HOME": "/b", "MY_TOKEN": "t"}) == {"HOME": "/b", "MY_TOKEN": "t"}
