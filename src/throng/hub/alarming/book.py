"""The rules of the hub's alarms: those of the site file, and those that people make, checked as the site file's are."""

import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from throng.alarm.rule import Rule
from throng.data.errors import AlarmError, ConflictError, HubError, SiteError
from throng.hub.registry.quiet import sentences_of
from throng.hub.registry.registry import By, Registry
from throng.site.alarms import AlarmTable, alarm_mistakes
from throng.store.records import Change, Record, Records

MOST_RULES = 2_000


@dataclass(frozen=True, slots=True)
class Written:
    """A rule that somebody made.

    Attributes
    ----------
    table : AlarmTable
        As the site file would have it.
    site : str
        That of its camera, when it was written.
    version : int
        Of its record.
    """

    table: AlarmTable
    site: str
    version: int

    @property
    def name(self) -> str:
        """Unique in the hub."""
        return self.table.name

    @property
    def rule(self) -> Rule:
        """What the engine watches."""
        return Rule(**self.table.settings())

    def body(self) -> dict[str, Any]:
        """As its record holds it."""
        return {"site": self.site, "table": self.table.model_dump(mode="json", exclude_none=True)}


class RuleBook:
    """Keeps the rules; safe to use from many threads.

    Parameters
    ----------
    records : Records
        Open.
    registry : Registry
        Knows the cameras, and tells the audit log.
    of_file : sequence of Rule
        Those of the site file, which are changed there alone.

    Raises
    ------
    AlarmError
        Two rules have one name.
    HubError
        A record makes no sense.
    StoreError
        The records cannot be read.
    """

    def __init__(self, records: Records, registry: Registry, of_file: Sequence[Rule]) -> None:
        self._registry = registry
        self._of_file = {rule.name: rule for rule in of_file}
        if len(self._of_file) < len(of_file):
            names = [rule.name for rule in of_file]
            twice = next(name for name in names if names.count(name) > 1)
            raise AlarmError(f'two alarms have the name "{twice}": give each its own')
        self._written = {record.key: _written(record) for record in records.all("alarm-rule")}
        for name in self._of_file:
            if name in self._written:
                raise AlarmError(f'the alarm "{name}" of the site file was made on the hub too: give it another name')
        self.lock = threading.RLock()
        """Held by whoever changes a rule and what watches by it."""

    def rules(self) -> list[Rule]:
        """Every rule: the site file's in its order, then the others by name."""
        return [*self._of_file.values(), *(written.rule for written in self.written())]

    def written(self) -> list[Written]:
        """The rules that people made, by name."""
        return [written for _, written in sorted(self._written.items())]

    def of_file(self) -> list[Rule]:
        """The rules of the site file, in its order."""
        return list(self._of_file.values())

    def get(self, name: str) -> Written | None:
        """A rule that somebody made, or None."""
        return self._written.get(name)

    def is_of_file(self, name: str) -> bool:
        """Whether a rule stands in the site file."""
        return name in self._of_file

    def checked(self, name: str, tree: Mapping[str, Any], *, version: int = 0) -> Written:
        """A rule from the keys of a table, with the version that it would have been read at.

        Raises
        ------
        SiteError
            A rule of the site file is broken: a sentence a line.
        """
        try:
            table = AlarmTable.model_validate({**tree, "name": name})
        except ValidationError as error:
            raise SiteError("\n".join(sentences_of(error.errors(include_url=False)))) from None
        wrong = self._mistake(table)
        if wrong:
            raise SiteError(wrong)
        return Written(table, self._registry.site_of(table.camera), version)

    def problem(self, written: Written) -> str:
        """Why a rule has nothing to watch at present; empty where it has."""
        return self._mistake(written.table)

    def put(self, written: Written, *, by: By) -> Written:
        """Keep a rule that was checked, at the version that was looked at, 0 for a new one.

        Raises
        ------
        ConflictError
            Somebody else changed it meanwhile.
        HubError
            It stands in the site file, or there would be too many.
        StoreError, LogError
            It could not be kept.
        """
        with self.lock:
            old = self.changeable(written.name, written.version)
            if old is None and len(self._written) >= MOST_RULES:
                raise HubError(f"the hub has {MOST_RULES:,} alarms, the most that it takes: remove some first")
            kept = Written(written.table, written.site, written.version + 1)
            event = "alarm.change" if old else "alarm.add"
            change = Change("alarm-rule", kept.name, kept.body(), written.version)
            self._registry.make([change], event, by=by, about=kept.name, detail=f"site {kept.site}")
            self._written = {**self._written, kept.name: kept}
        return kept

    def remove(self, name: str, version: int, *, by: By) -> None:
        """Remove a rule; see `put` for what it raises."""
        with self.lock:
            if self.changeable(name, version) is None:
                raise ConflictError(f'there is no alarm "{name}": it was removed already')
            self._registry.make([Change("alarm-rule", name, None, version)], "alarm.remove", by=by, about=name)
            self._written = {key: written for key, written in self._written.items() if key != name}

    def changeable(self, name: str, version: int) -> Written | None:
        """A rule that may be changed by somebody who looked at that version; None where there is none and none was seen.

        Raises
        ------
        ConflictError
            It has another version.
        HubError
            It stands in the site file.
        """
        if name in self._of_file:
            raise HubError(f'the alarm "{name}" stands in the site file: change it there')
        old = self._written.get(name)
        if version != (old.version if old else 0):
            raise ConflictError(f'the alarm "{name}" was changed by somebody else meanwhile: look at it again')
        return old

    def _mistake(self, table: AlarmTable) -> str:
        camera = self._registry.state.cameras.get(table.camera)
        if camera is None:  # not the site file's sentence, which lists the cameras of every site
            return f'there is no camera "{table.camera}": add it, or watch another'
        return next((sentence for sentence, _ in alarm_mistakes([table], [camera.camera], self._registry.own.extras)), "")


def name_of(text: str) -> str:
    """A rule's name as it is kept: the same letters are the same name however they were typed."""
    return unicodedata.normalize("NFC", text)


def _written(record: Record) -> Written:
    try:
        return Written(AlarmTable.model_validate(record.body["table"]), record.body["site"], record.version)
    except (KeyError, TypeError, ValidationError):
        raise HubError(f'the record of the alarm "{record.key}" is damaged: restore a backup, or remove the alarm') from None
