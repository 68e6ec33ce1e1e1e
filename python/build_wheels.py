#!/usr/bin/env python3
"""Builds the wheels and the sdist of the package; needs Python and the .NET SDK, and nothing else.

    python build_wheels.py                          the wheel of this machine, with the program inside, and the sdist
    python build_wheels.py linux-x64 osx-arm64      wheels of other systems
    python build_wheels.py all
    python build_wheels.py none                     a wheel without a program, for one on the path; and the sdist

A wheel holds the self-contained program: users need no .NET. It is the backend of ``pip install .`` too (PEP 517), which makes the wheel without a program.
"""

from __future__ import annotations

import argparse
import base64
import csv
import gzip
import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent / "src" / "IlqrVae.Cli"
NAME, MODULE = "ilqr-vae", "ilqr_vae"

#: The .NET runtime's own needs: glibc 2.27 on Linux (.NET 10, docs/core/install/linux), macOS 14.
TAGS = {
    "linux-x64": "manylinux_2_27_x86_64",
    "linux-arm64": "manylinux_2_27_aarch64",
    "win-x64": "win_amd64",
    "osx-arm64": "macosx_14_0_arm64",
    "osx-x64": "macosx_14_0_x86_64",
}
LARGEST_MEGABYTES = 60

#: The packages that a published program holds, whose licences go with it.
PARTS = ("mathnet.numerics", "purehdf", "scottplot", "skiasharp", "harfbuzzsharp", "spectre.console", "system.commandline", "yamldotnet")
DAY = (1980, 1, 1, 0, 0, 0)


def version() -> str:
    """The version of the package, which its __init__ says."""
    found = re.search(r'^__version__ = "(.+)"$', (HERE / "src" / MODULE / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found.group(1)


def metadata() -> str:
    """METADATA of the wheel and PKG-INFO of the sdist."""
    return "\n".join([
        "Metadata-Version: 2.1",
        f"Name: {NAME}",
        f"Version: {version()}",
        "Summary: Latent dynamical systems, and the inputs that drive them, from neural and behavioural recordings (iLQR-VAE)",
        "License: MIT",
        "Classifier: Intended Audience :: Science/Research",
        "Classifier: License :: OSI Approved :: MIT License",
        "Classifier: Programming Language :: Python :: 3",
        "Classifier: Typing :: Typed",
        "Requires-Python: >=3.9",
        "Requires-Dist: numpy>=1.21",
        *[f'Provides-Extra: {extra}\nRequires-Dist: {package}; extra == "{extra}"' for extra, package in (("h5py", "h5py"), ("pandas", "pandas"), ("xarray", "xarray"))],
        "Description-Content-Type: text/markdown",
        "",
        (HERE / "README.md").read_text(encoding="utf-8"),
    ])


def publish(runtime: str, folder: Path) -> None:
    """Makes the program as one file that needs no .NET, with the native libraries for drawing beside it."""
    subprocess.run(
        ["dotnet", "publish", str(PROJECT), "-r", runtime, "-p:PublishProfile=self-contained", "-p:RunAnalyzers=false", "-o", str(folder), "-v", "quiet", "-m:1"],
        check=True)


def package_files() -> "list[tuple[str, Path]]":
    """The files of the package, by their place in the wheel."""
    return [(file.relative_to(HERE / "src").as_posix(), file) for file in sorted((HERE / "src" / MODULE).iterdir()) if file.suffix == ".py" or file.name == "py.typed"]


def notices(runtime: str) -> str:
    """Licences of what a program holds besides ours, as its packages have them."""
    root = Path(os.environ.get("NUGET_PACKAGES", Path.home() / ".nuget" / "packages"))
    found = []
    for name in (f"microsoft.netcore.app.runtime.{runtime}", *PARTS):
        versions = sorted((root / name).glob("*/"), key=os.path.getmtime)
        texts = [file for file in sorted(versions[-1].iterdir()) if file.is_file() and re.match(r"(license|third-party-notices|notice)", file.name.lower())] if versions else []
        found += [f"==== {name}: {file.name}\n\n{file.read_text(encoding='utf-8-sig', errors='replace')}\n" for file in texts]
        if not texts:
            found.append(f"==== {name}: its package holds no text of its licence\n")
    return "\n".join(found)


def write_wheel(destination: Path, tag: str, program: "Path | None", runtime: str = "") -> Path:
    """Writes a wheel; the same content makes the same bytes."""
    stem = f"{MODULE}-{version()}"
    contents = [(name, file.read_bytes(), 0o644) for name, file in package_files()]
    if program is not None:
        for file in sorted(program.rglob("*")):
            if file.is_file():
                is_program = file.name in ("ilqr-vae", "ilqr-vae.exe")
                contents.append((f"{MODULE}/_program/{file.relative_to(program).as_posix()}", file.read_bytes(), 0o755 if is_program else 0o644))
        contents.append((f"{stem}.dist-info/THIRD-PARTY-NOTICES.txt", notices(runtime).encode(), 0o644))
    contents.append((f"{stem}.dist-info/METADATA", metadata().encode(), 0o644))
    contents.append((f"{stem}.dist-info/LICENSE", (licence()).encode(), 0o644))
    contents.append((f"{stem}.dist-info/WHEEL", f"Wheel-Version: 1.0\nGenerator: {NAME}\nRoot-Is-Purelib: {'true' if program is None else 'false'}\nTag: py3-none-{tag}\n".encode(), 0o644))
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for name, content, _ in contents:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.writerow([name, f"sha256={digest}", len(content)])
    rows.writerow([f"{stem}.dist-info/RECORD", "", ""])
    contents.append((f"{stem}.dist-info/RECORD", record.getvalue().encode(), 0o644))
    destination.mkdir(parents=True, exist_ok=True)
    path = destination / f"{stem}-py3-none-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content, mode in contents:
            entry = zipfile.ZipInfo(name, DAY)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, (0o100000 | mode) << 16
            archive.writestr(entry, content)
    return path


def licence() -> str:
    """The licence, beside this file in an sdist and at the top of the repository."""
    return next(file for file in (HERE / "LICENSE", HERE.parent / "LICENSE") if file.is_file()).read_text(encoding="utf-8")


def write_sdist(destination: Path) -> Path:
    """Writes the sdist, which uses a program on the path."""
    stem = f"{MODULE}-{version()}"
    contents = [(f"src/{name}", file.read_bytes()) for name, file in package_files()]
    contents += [(name, (HERE / name).read_bytes()) for name in ("pyproject.toml", "README.md", "build_wheels.py")]
    contents += [(file.relative_to(HERE).as_posix(), file.read_bytes()) for file in sorted((HERE / "tests").glob("*.py"))]
    contents += [("LICENSE", licence().encode()), ("PKG-INFO", metadata().encode())]
    destination.mkdir(parents=True, exist_ok=True)
    path = destination / f"{stem}.tar.gz"
    with open(path, "wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in contents:
            entry = tarfile.TarInfo(f"{stem}/{name}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return path


# -- PEP 517 -----------------------------------------------------------------------------------------------------------------------------------------------


def build_wheel(wheel_directory: str, config_settings: object = None, metadata_directory: object = None) -> str:
    """Of ``pip install .``: the wheel without a program."""
    return write_wheel(Path(wheel_directory), "any", None).name


def build_sdist(sdist_directory: str, config_settings: object = None) -> str:
    """Of ``python -m build --sdist``."""
    return write_sdist(Path(sdist_directory)).name


# -- from the command line ---------------------------------------------------------------------------------------------------------------------------------


def here() -> str:
    """The runtime identifier of this machine."""
    system = {"Linux": "linux", "Darwin": "osx", "Windows": "win"}[platform.system()]
    return f"{system}-{'arm64' if platform.machine().lower() in ('arm64', 'aarch64') else 'x64'}"


def main() -> None:
    """Builds what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtimes", nargs="*", help=f"{', '.join(TAGS)}, all or none; this machine's by default")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "dist", help="folder of the wheels")
    parser.add_argument("--program", type=Path, help="a folder with a program that was published before, in place of building one")
    given = parser.parse_args()
    runtimes = list(TAGS) if given.runtimes == ["all"] else given.runtimes or [here()]
    for runtime in runtimes:
        if runtime == "none":
            tell(write_wheel(given.output, "any", None))
            continue
        if runtime not in TAGS:
            parser.error(f"there is no runtime '{runtime}'; there are {', '.join(TAGS)}.")
        if given.program is not None:
            tell(write_wheel(given.output, TAGS[runtime], given.program, runtime))
            continue
        folder = Path(tempfile.mkdtemp(prefix="ilqr-vae-publish-"))
        try:
            publish(runtime, folder)
            tell(write_wheel(given.output, TAGS[runtime], folder, runtime))
        finally:
            shutil.rmtree(folder)
    tell(write_sdist(given.output))


def tell(path: Path) -> None:
    """Says how large a file is, and refuses what is too large."""
    megabytes = os.path.getsize(path) / 1e6
    print(f"{path}: {megabytes:.1f} MB")
    if megabytes > LARGEST_MEGABYTES:
        sys.exit(f"{path}: more than {LARGEST_MEGABYTES} MB")


if __name__ == "__main__":
    main()
