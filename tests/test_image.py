"""The image and the composition: as far as they can be held against the code without an engine."""

import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
TOO_LARGE = {"matplotlib", "mlflow", "optuna", "shap"}

# What a process that serves imports, without what it asks the registry for.
SERVING = (
    "import sys; from offramp import cli, keeping, predicting; from serving import process, "
    "registry_process, run; print(*sys.modules)"
)


def stages() -> dict[str, list[tuple[str, str]]]:
    """Return the instructions of each stage: {"service": [("RUN", "apt-get …"), …]}."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.M)
    found: dict[str, list[tuple[str, str]]] = {}
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found[rest.rpartition(" AS ")[2]] = steps = [(word, rest)]
        elif word:
            steps.append((word, rest))
    return found


def words(stage: str, instruction: str) -> list[str]:
    return [rest for word, rest in stages()[stage] if word == instruction]


def installed() -> set[str]:
    """Return the packages that the image of the service installs, by their names on PyPI."""
    (line,) = (run for run in words("built", "RUN") if "--constraint" in run)
    given = shlex.split(line.partition("constraints.txt")[2])
    return {name.partition("[")[0].lower() for name in given}


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """Return the packages that a serving process imports, by their names on PyPI."""
    said = subprocess.run(
        [sys.executable, "-c", SERVING], capture_output=True, check=True, text=True, cwd=ROOT
    )
    of = packages_distributions()
    tops = {name.partition(".")[0] for name in said.stdout.split()}
    return {package.lower() for top in tops for package in of.get(top, ())}


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {re.split(r"[\[<>=]", one)[0].lower() for one in project["dependencies"]}


def test_the_image_has_what_a_serving_process_imports(imported: set[str]) -> None:
    assert (imported & declared()) - installed() == set()


def test_the_image_leaves_out_what_only_training_needs(imported: set[str]) -> None:
    assert imported & TOO_LARGE == set()
    assert installed() & TOO_LARGE == set()


def test_the_image_installs_nothing_that_the_project_does_not_ask_for() -> None:
    assert installed() - {"mlflow-skinny"} <= declared()


def test_every_package_of_the_image_is_pinned() -> None:
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.M)
    names = {re.sub("[-_.]+", "-", name).lower() for name in pinned}
    assert {re.sub("[-_.]+", "-", name) for name in installed()} <= names


def test_every_room_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rooms = {
        one.rstrip("*") for one in project["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    copied = {word for line in words("built", "COPY") for word in line.split()[:-1]}
    assert rooms <= copied
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("stage", ["service", "mlflow"])
def test_an_image_that_runs_is_slim_unprivileged_and_says_whether_it_is_well(stage: str) -> None:
    assert words(stage, "FROM")[0].startswith("python:3.11-slim ")
    assert words(stage, "USER") == [stage.replace("service", "offramp")]
    order = [word for word, _ in stages()[stage]]
    assert order.index("USER") < order.index("ENTRYPOINT")
    assert len(words(stage, "HEALTHCHECK")) == 1
    assert not words(stage, "ADD")
    for run in words(stage, "RUN"):
        assert "sudo" not in run
        assert ("apt-get install" in run) == ("rm -rf /var/lib/apt/lists/*" in run)


def test_the_last_stage_is_the_service() -> None:
    assert [*stages()][-1] == "service"


def test_no_secret_is_in_the_files() -> None:
    for text in (DOCKERFILE, (ROOT / "compose.yaml").read_text()):
        assert re.findall(r"(?m)^ *\w*(?:PASSWORD|SECRET|KEY)\w*: +\w", text) == []
    for name in ("POSTGRES_PASSWORD", "OFFRAMP_PSEUDONYM_KEY"):
        assert f"${{{name}:?" in (ROOT / "compose.yaml").read_text()


def test_the_commands_exist(commands: dict[str, set[str]]) -> None:
    serve = shlex.split(" ".join(yaml.safe_load(words("service", "CMD")[0])))
    composed = COMPOSE["services"]["offramp"]["command"]
    for line in (serve, composed):
        options = {word.partition("=")[0] for word in line[1:] if word.startswith("--")}
        assert line[0] == "serve"
        assert {"--host", "--port", "--keys", "--model"} <= options <= commands["serve"]


def test_the_composition_holds_together() -> None:
    used = set()
    for name, service in COMPOSE["services"].items():
        if "build" in service:
            assert service["build"]["target"] in stages(), name
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), f"{name} would listen to strangers"
        used |= {volume.partition(":")[0] for volume in service.get("volumes", ())}
        for other, how in service.get("depends_on", {}).items():
            there = COMPOSE["services"][other]
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in there or words(there["build"]["target"], "HEALTHCHECK")
    assert used == set(COMPOSE["volumes"])


def test_what_the_service_writes_to_is_its_own() -> None:
    made = words("service", "RUN")[-1].split()[1:]
    mounted = [volume.rpartition("/")[2] for volume in COMPOSE["services"]["offramp"]["volumes"]]
    assert sorted(made) == sorted(mounted)
    assert COMPOSE["services"]["offramp"]["read_only"] is True
