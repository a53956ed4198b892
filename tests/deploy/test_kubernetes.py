"""The manifests, against the schemas of several Kubernetes versions, without a cluster or a network."""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy.unpacked import DEPLOY
from tests.missing import not_tested

FOLDER = DEPLOY / "kubernetes"
MANIFESTS = sorted(path for path in FOLDER.rglob("*.yaml") if path.name != "kustomization.yaml")
KUSTOMIZATIONS = sorted(FOLDER.rglob("kustomization.yaml"))
VERSIONS = ("1.30", "1.34", kubernetes_validate.latest_version())


def documents(text: str) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(text) if document]


def pods() -> list[dict[str, Any]]:
    """The pod of each workload."""
    found = [document for path in MANIFESTS for document in documents(path.read_text())]
    return [
        document["spec"]["template"]["spec"] for document in found if "template" in document.get("spec", {})
    ]


@pytest.mark.parametrize("kubernetes", VERSIONS)
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_manifest_is_valid(path: Path, kubernetes: str) -> None:
    for document in documents(path.read_text()):
        kubernetes_validate.validate(document, kubernetes, strict=True)


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_kustomization_names_what_exists(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    files = [file for each in content.get("configMapGenerator", []) for file in each["files"]]
    for name in [*content["resources"], *files]:
        assert (path.parent / name).exists(), name


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_what_kustomize_builds_is_valid(path: Path) -> None:
    if shutil.which("kubectl") is None:
        not_tested("kustomize", "install kubectl")
    command = ["kubectl", "kustomize", str(path.parent)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert built.returncode == 0, built.stderr
    for document in documents(built.stdout):
        kubernetes_validate.validate(document, VERSIONS[-1], strict=True)
        assert document["metadata"]["namespace"] == "tenantwatch"


def test_every_mounted_volume_is_there() -> None:
    assert len(pods()) == 2
    for pod in pods():
        volumes = {volume["name"] for volume in pod["volumes"]}
        containers = pod["containers"] + pod.get("initContainers", [])
        mounted = {mount["name"] for each in containers for mount in each["volumeMounts"]}
        assert mounted == volumes


def test_containers_run_without_rights_and_within_bounds() -> None:
    for pod in pods():
        for container in pod["containers"]:
            security = pod.get("securityContext", {}) | container["securityContext"]
            assert security["runAsNonRoot"], container["name"]
            assert security["readOnlyRootFilesystem"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
        assert pod["automountServiceAccountToken"] is False


def test_images_are_those_of_the_version() -> None:
    for path in KUSTOMIZATIONS:
        for image in yaml.safe_load(path.read_text()).get("images", []):
            assert str(image["newTag"]) == version("tenantwatch")
