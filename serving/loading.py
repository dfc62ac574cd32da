"""From an address to what answers: the registry's model, else the cache's, else base rates.

Whatever answers has been checked: its bytes by their hashes, its features by ``spec_hash``, and its
predictions by a self-test, before it is let at a customer.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from journeys.definition import Definition
from journeys.errors import BundleError, RegistryAwayError
from models import Bundle
from serving.model_cache import ModelCache
from serving.registry import Found, folder_of, is_folder, loaded, store_address
from serving.registry_process import RegistryProcess
from serving.road import Scorer
from serving.scoring import self_test
from serving.served import Origin, Reload, Source
from serving.without_model import BaseRates, base_rates_for, base_rates_in

_UNVERSIONED = "unversioned"
# A registry that is slow to answer must not hold up a start that need not wait for it.
_PATIENCE_WITH_CACHE, _PATIENCE = 10.0, 300.0
_logger = logging.getLogger("offramp.serving")


class Loaded(NamedTuple):
    """What answers for one address, and where it comes from."""

    answering: Scorer | BaseRates
    origin: Origin


class Loader:
    """Loads and loads again; for one thread.

    ``definitions`` are journeys for which base rates stand in where there is nothing else;
    ``clock`` is microseconds since the epoch, UTC.
    """

    def __init__(
        self,
        registry: RegistryProcess,
        cache: ModelCache,
        definitions: Sequence[Definition],
        clock: Callable[[], int],
    ) -> None:
        self._registry, self._cache, self._clock = registry, cache, clock
        self._definitions = definitions

    def end(self) -> None:
        """End a fetch that is under way."""
        self._registry.close()

    def load(self, uri: str) -> Loaded:
        """Return what answers for an address from the start.

        Raises
        ------
        BundleError
            If nothing could answer, or a folder's bundle is damaged.
        """
        if is_folder(uri):
            return self._of(_tested(loaded(folder_of(uri), uri)), uri, "folder")
        cached, version = self._cached(uri), None
        known = [] if cached is None else _known(cached.origin, wished=False)
        patience = _PATIENCE if cached is None else _PATIENCE_WITH_CACHE
        with self._cache.room() as room:
            try:
                found = self._registry.fetch(uri, known, room, seconds=patience)
                version = found.version
                if found.folder is None and cached is not None:
                    return self._of(cached.answering, uri, "registry", version)
                return self._accepted(uri, found)
            except BundleError as trouble:
                _logger.warning("%s", trouble)
                instead = cached or self._degraded(uri, room, trouble)
                return self._with(instead, trouble, version)

    def again(self, before: Loaded, *, wished: bool) -> Loaded:
        """Return what answers from now on: the same, with news of the registry, or a new model.

        A version that was refused is tried again only if that is ``wished``.
        """
        uri, version = before.origin.uri, None
        try:
            if is_folder(uri):
                return self._folder_again(before)
            with self._cache.room() as room:
                known = _known(before.origin, wished=wished)
                found = self._registry.fetch(uri, known, room, seconds=_PATIENCE)
                version = found.version
                if found.folder is None:
                    return self._unchanged(before, found, wished=wished)
                return self._accepted(uri, found, journey=before.origin.journey)
        except BundleError as trouble:
            if before.origin.reload is None or before.origin.reload.why != str(trouble):
                _logger.error("%s", trouble)
            return self._with(before, trouble, version)

    def _accepted(self, uri: str, found: Found, journey: str | None = None) -> Loaded:
        """Test what was fetched, keep it, and let it answer; raise `BundleError` if it fails."""
        assert found.folder is not None
        scorer = _tested(loaded(found.folder, uri, found.version))
        if journey not in (None, scorer.definition.name):
            raise BundleError(
                f"{uri!r} is now a model of the journey {scorer.definition.name!r}, not of "
                f"{journey!r} as before. Start the service anew if that is meant."
            )
        self._cache.keep(uri, store_address(), found.version or _UNVERSIONED, found.folder)
        return self._of(scorer, uri, "registry", found.version)

    def _cached(self, uri: str) -> Loaded | None:
        for version, folder in self._cache.kept(uri, store_address()):
            told = None if version == _UNVERSIONED else version
            try:
                return self._of(_tested(loaded(folder, uri, told)), uri, "cache", told)
            except BundleError as fault:
                _logger.warning("%s", fault)
        return None

    def _degraded(self, uri: str, room: Path, trouble: BundleError) -> Loaded:
        """Return base rates, of a manifest or else of a definition; else raise the trouble."""
        folders = [room, *(kept.folder for kept in self._cache.kept(uri, store_address()))]
        rates = next(filter(None, map(base_rates_in, folders)), None)
        rates = rates or base_rates_for(uri, self._definitions)
        if rates is None:
            raise trouble
        return self._of(rates, uri, "nothing")

    def _folder_again(self, before: Loaded) -> Loaded:
        uri = before.origin.uri
        bundle = loaded(folder_of(uri), uri)
        was = before.answering
        if isinstance(was, Scorer) and was.bundle.manifest["sha256"] == bundle.manifest["sha256"]:
            return self._unchanged(before, Found(None, None), wished=True)
        return self._of(_tested(bundle), uri, "folder")

    def _unchanged(self, before: Loaded, found: Found, *, wished: bool) -> Loaded:
        """Return the same: the registry has what answers here, or what was refused."""
        origin = replace(before.origin, away_since=None)
        if origin.source == "cache" and found.version == origin.version:
            origin = replace(origin, source="registry")
        if wished:
            origin = replace(origin, reload=Reload(self._clock(), "unchanged"))
        return Loaded(before.answering, origin)

    def _with(self, before: Loaded, trouble: BundleError, version: str | None) -> Loaded:
        """Return what goes on answering, and say why nothing else does."""
        now, away = self._clock(), isinstance(trouble, RegistryAwayError)
        last = Reload(now, "away" if away else "refused", str(trouble), version)
        since = (before.origin.away_since or now) if away else None
        return Loaded(before.answering, replace(before.origin, reload=last, away_since=since))

    def _of(
        self,
        answering: Scorer | BaseRates,
        uri: str,
        source: Source,
        version: str | None = None,
    ) -> Loaded:
        now = self._clock()
        loaded_now = Reload(now, "loaded", version=version)
        journey = answering.definition.name
        return Loaded(answering, Origin(uri, journey, source, now, version, loaded_now))


def _tested(bundle: Bundle) -> Scorer:
    try:
        scorer = Scorer(bundle)
    except Exception as error:
        raise BundleError(
            f"The bundle {bundle.manifest['name']!r} cannot be used: {error}"
        ) from error
    self_test(scorer)
    return scorer


def _known(origin: Origin, *, wished: bool) -> list[str]:
    """Return the versions that need not be fetched: what answers, and what was refused."""
    last = origin.reload
    refused = last.version if last and last.result == "refused" and not wished else None
    return [version for version in (origin.version, refused) if version is not None]
