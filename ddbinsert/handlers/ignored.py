"""The files that are left out of an archive: by defaults, and by a folder's ``.ddbinsertignore``.

The file has the syntax of ``.gitignore`` and is applied after the defaults, so that ``!config/.env`` includes a file
that they leave out. It is read by pathspec, the common implementation of git's rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = ".ddbinsertignore"
_SECRETS = (
    *(".env", ".env.*", ".envrc", ".aws/", ".ssh/", ".gnupg/", ".netrc", ".pypirc", ".npmrc", ".docker/"),
    *(".kube/", ".pgpass", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "*.p12", "*.pfx", "*.keystore"),
    *(
        "*.tfstate",
        "*.tfstate.backup",
        "credentials.json",
        ".git-credentials",
        ".vault-token",
        ".terraformrc",
    ),
    *("*.jks", "*.kdbx", ".s3cfg", ".boto", ".azure/", ".config/gcloud/", ".oci/"),
)
_TOOLS = (
    *(".git", ".hg/", ".svn/", ".bzr/", ".venv/", ".tox/", ".nox/", ".idea/", ".vscode/", ".aws-sam/"),
    *(".serverless/", ".terraform/", ".cache/", ".*_cache/", ".DS_Store", ".gitignore", ".gitattributes"),
    *("__pycache__/", "*.py[co]", "*.egg-info/", "Thumbs.db", ".coverage", ".coverage.*", FILE_NAME),
)
#: Private keys (also in the JSON of a service account) are secrets; certificates (``cacert.pem`` of an installed package) are not.
_PRIVATE_KEY = b" PRIVATE KEY-----"
_KEY_FILES = (".pem", ".key", ".ppk", ".json")


class Ignored:
    """The names in a folder that are left out.

    Args:
        own: The lines of the folder's own file.
        secrets: Whether the defaults leave out secrets; False for files that an installer has just written.

    Raises:
        UsageError: A line is not a pattern.
    """

    def __init__(self, own: list[str], *, secrets: bool = True) -> None:
        from pathspec import GitIgnoreSpec

        try:
            self._own = GitIgnoreSpec.from_lines(own)
        except ValueError as error:
            raise UsageError(
                f"{FILE_NAME} is not valid: {error}",
                hint="Its syntax is that of .gitignore.",
                code="ignore-file-invalid",
            ) from error
        self._secrets = GitIgnoreSpec.from_lines(_SECRETS if secrets else ())
        self._tools = GitIgnoreSpec.from_lines(_TOOLS)
        self._checks_keys = secrets

    def leaves_out(self, name: str) -> bool:
        """Whether this file (``a/b.txt``) or folder (``a/b/``) is left out."""
        own = self._own.check_file(name).include
        return own if own is not None else self._tools.match_file(name) or self._secrets.match_file(name)

    def is_secret(self, name: str, content: bytes = b"") -> bool:
        """Whether the defaults leave the file out as a secret, by its name or as a private key."""
        if self._own.check_file(name).include is not None:
            return False
        is_key = self._checks_keys and name.endswith(_KEY_FILES) and _PRIVATE_KEY in content
        return is_key or self._secrets.match_file(name)


def ignored_in(folder: Path) -> Ignored:
    """The rules for this folder.

    Raises:
        UsageError: Its ``.ddbinsertignore`` cannot be read, or is not valid.
    """
    try:
        own = (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        own = []
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{folder / FILE_NAME} can't be read: {error}.", code="code-not-readable") from error
    return Ignored(own)
