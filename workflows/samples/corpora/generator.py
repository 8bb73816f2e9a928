"""An invented corpus with a seed: Chinese and English texts, people in them, and the truth about it.

The truth has for each planted spelling `{"ref", "kind", "id", "start", "end", "spelling"}`, and for
each trap `{"trap", "kind", "id", "start", "end"}`: a place that is about somebody else. A trap is a
near miss, where nothing of that kind may be found, or the same name with another person's number.
Nobody in it exists: numbers, addresses and names are drawn at random.
"""

import contextlib
import itertools
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from workflows.samples.corpora import spellings, words
from workflows.samples.corpora.spellings import Spell

Person = dict[str, Any]
Record = dict[str, str]
Line = dict[str, Any]

# Planted spellings a byte of text.
MENTIONS = 24e-6
# The share of planted records that are about a namesake.
_NAMESAKES = 0.08
# Records in one row group of Parquet.
_GROUP = 20_000


@dataclass(frozen=True)
class Planted:
    """One spelling of one identifier: what is written, and which identifier of whom it is."""

    ref: str
    kind: str
    spelling: str
    text: str


def make_persons(count: int, rng: random.Random) -> list[Person]:
    """Return invented people in the form that `manage.py locate --persons` reads."""
    return [_person(index, rng) for index in range(count)]


def _person(index: int, rng: random.Random) -> Person:
    local = f"{rng.choice(list(words.GIVEN.values()))}{rng.choice('._-')}{rng.choice(list(words.SURNAMES.values()))}"
    tail = rng.randrange(100, 10_000)
    if index % 4 == 3:
        name, pinyin = f"{rng.choice(words.FIRST_NAMES)} {rng.choice(words.LAST_NAMES)}", ""
    else:
        surname = rng.choice(list(words.SURNAMES))
        given = rng.sample(list(words.GIVEN), rng.choice([1, 2, 2]))
        name = surname + "".join(given)
        pinyin = " ".join([words.SURNAMES[surname], *(words.GIVEN[g] for g in given)])
    birth = f"19{rng.randrange(50, 99)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    return {
        "ref": f"p{index}",
        "names": [name],
        "pinyin": pinyin,
        "emails": [f"{local}{tail}@{rng.choice(words.DOMAINS)}"],
        "phones": [f"+861{rng.choice('3456789')}{rng.randrange(10**9):09}"],
        "ids": [
            f"{rng.randrange(110000, 660000)}{birth}{rng.randrange(1000):03}{rng.choice('0123456789X')}"
        ],
        "handles": [
            f"{rng.choice(list(words.GIVEN.values()))}_{rng.choice(list(words.SURNAMES.values()))}{tail}"
        ],
        "urls": [f"https://{rng.choice(words.HOSTS)}/{rng.randrange(10**6, 10**9)}"],
    }


def spell(person: Person, kind: str, rng: random.Random) -> Planted:
    """Write one identifier of a person in one of the ways of `spellings`."""
    table: dict[str, Spell]
    if kind == "name":
        value, table = person["names"][0], spellings.NAME
        if not person["pinyin"]:
            table = spellings.LATIN
        elif rng.random() < 0.3:
            value, table = person["pinyin"], spellings.PINYIN
    else:
        value = person[f"{kind}s"][0]
        table = getattr(spellings, kind.upper())
    label = rng.choice(list(table))
    return Planted(person["ref"], kind, label, table[label](value, rng))


def trap(person: Person, kind: str, rng: random.Random) -> str:
    """Write something that nearly is an identifier of a person, and is not."""
    return str(rng.choice(_near_misses(person, kind, rng)))


def _near_misses(person: Person, kind: str, rng: random.Random) -> list[str]:
    digit = rng.choice("123456789")
    if kind == "phone":
        phone = person["phones"][0].removeprefix("+86")
        place = rng.randrange(11)
        other = phone[:place] + str((int(phone[place]) + 1) % 10) + phone[place + 1 :]
        choices = [digit + phone, phone + digit, f"{digit * 4}{phone}{digit * 3}", other]
        choices += [
            f"0.{phone}",
            f"{digit}{phone[:3]} {phone[3:]}",
            f"978-{phone[:6]}-{phone[6:]}-{digit}",
        ]
        choices += [f"{phone[:2]},{phone[2:5]},{phone[5:8]},{phone[8:]}", f"ab{digit}{phone}ef"]
        return choices
    if kind == "email":
        email = person["emails"][0]
        local, domain = email.split("@")
        choices = [f"x{email}", f"{email}.cn", f"first.{email}", f"{local}{digit}@{domain}"]
        return [*choices, f"{local}@x{domain}", f"{local}@{domain}x", f"{local}.{domain}"]
    if kind == "id":
        value = person["ids"][0]
        return [digit + value, value + digit, value[:5] + digit * 2 + value[6:], value[:-2]]
    if kind == "handle":
        handle = person["handles"][0]
        return [f"{handle}{digit}", f"x{handle}", f"{handle}_x", f"{handle}@example.net"]
    url = person["urls"][0]
    return [f"{url}{digit}", f"{url}/photos", f"https://x{url.removeprefix('https://')}"]


def _pool(rng: random.Random, *, chinese: bool) -> list[str]:
    return [_paragraph(rng, chinese=chinese) for _ in range(1500)]


def _paragraph(rng: random.Random, *, chinese: bool) -> str:
    sentences = []
    for _ in range(rng.randrange(2, 7)):
        if chinese:
            text = "".join(rng.choices(words.CHINESE, k=rng.randrange(8, 40)))
            cut = rng.randrange(2, len(text) - 2)
            sentences.append(f"{text[:cut]}，{text[cut:]}{rng.choice('。。。！？；')}")
        else:
            sentence = " ".join(rng.choices(words.ENGLISH, k=rng.randrange(6, 25)))
            sentences.append(f"{sentence.capitalize()}{rng.choice(['. ', '. ', '? ', ', 2013. '])}")
        if rng.random() < 0.06:
            sentences.append(rng.choice(_CLUTTER)(rng))
    return "".join(sentences)


_CLUTTER: list[Callable[[random.Random], str]] = [
    lambda r: f"{r.randrange(1990, 2026)}年{r.randrange(1, 13)}月{r.randrange(1, 29)}日",
    lambda r: f" {r.randrange(10**6)}.{r.randrange(100)} ",
    lambda r: f"https://www.example.net/{r.randrange(10**7)}.html ",
    lambda r: (
        f"“{''.join(r.choices(words.CHINESE, k=4))}”（{''.join(r.choices(words.CHINESE, k=6))}）"
    ),
    lambda r: "\n",
    lambda r: " it’s naïve – don’t ",
    lambda r: "<br/>",
]
_OPENINGS = ["联系方式：", "请找 ", "作者：", "Contact: ", "by ", "（", "email ", "——"]
_CLOSINGS = ["。", " 谢谢", "，", ". ", ") ", "\n", "；"]
_KINDS = ["name", "name", "name", "email", "phone", "phone", "id", "handle", "url"]


def records(
    persons: list[Person],
    size: int,
    rng: random.Random,
    *,
    mentions: float = MENTIONS,
    chinese: float = 0.34,
    prefix: str = "r",
    pools: tuple[Sequence[str], Sequence[str]] | None = None,
) -> Iterator[tuple[Record, list[Line]]]:
    """Yield records of about `size` bytes of text in all, each with its truth.

    `mentions` is the number of planted spellings a byte; there is one trap for four of them.
    `chinese` is the share of records in Chinese, and `prefix` begins their ids. `pools` holds other
    paragraphs, in Chinese and in English, than the invented ones.
    """
    pools = pools or (_pool(rng, chinese=True), _pool(rng, chinese=False))
    written = number = 0
    while written < size:
        # A Chinese paragraph has about a third more bytes: so 40 % of the bytes are Chinese.
        paragraphs = rng.choices(pools[rng.random() >= chinese], k=rng.randrange(2, 8))
        length = sum(map(len, paragraphs))
        record_id = f"{prefix}{number}"
        truth: list[Line] = []
        if rng.random() < length * 1.5 * mentions / 2:
            _plant(paragraphs, record_id, truth, persons, rng)
        text = "".join(paragraphs)
        yield {"id": record_id, "text": text}, truth
        written += len(text.encode())
        number += 1


def _plant(
    paragraphs: list[str],
    record_id: str,
    truth: list[Line],
    persons: list[Person],
    rng: random.Random,
) -> None:
    """Put one to three identifiers of a person, and sometimes a trap, after the first paragraph."""
    person = rng.choice(persons)
    position = len(paragraphs[0])
    if rng.random() < _NAMESAKES:
        paragraphs.insert(1, _namesake(person, record_id, position, truth, rng))
        return
    pieces = []
    kinds = [kind for kind in _KINDS if person.get(f"{kind}s")]
    for kind in rng.sample(kinds, min(len(kinds), rng.randrange(1, 4))):
        opening, closing = rng.choice(_OPENINGS), rng.choice(_CLOSINGS)
        place: Line = {"kind": kind, "id": record_id, "start": position + len(opening)}
        if kind != "name" and rng.random() < 0.25:
            text = trap(person, kind, rng)
            truth.append(
                {"trap": True, "ref": person["ref"], **place, "end": place["start"] + len(text)}
            )
        else:
            planted = spell(person, kind, rng)
            text = planted.text
            truth.append(
                {
                    "ref": planted.ref,
                    **place,
                    "end": place["start"] + len(text),
                    "spelling": planted.spelling,
                }
            )
        pieces.append(opening + text + closing)
        position += len(pieces[-1])
    paragraphs.insert(1, "".join(pieces))


def _namesake(
    person: Person, record_id: str, position: int, truth: list[Line], rng: random.Random
) -> str:
    """Write somebody else of the same name, with a number of their own."""
    name = person["names"][0]
    start = position + 1
    truth.append(
        {
            "trap": True,
            "ref": person["ref"],
            "kind": "name",
            "id": record_id,
            "start": start,
            "end": start + len(name),
        }
    )
    return f"（{name}，1{rng.choice('3578')}{rng.randrange(10**9):09}）"


def read_truth(path: Path) -> list[Line]:
    """Return the lines of a file of truth."""
    with path.open("rb") as lines:
        return [orjson.loads(line) for line in lines]


def write_persons(path: Path, persons: list[Person]) -> None:
    """Write people in the form that `manage.py locate --persons` reads."""
    path.write_bytes(b"".join(orjson.dumps(person) + b"\n" for person in persons))


def write_jsonl(
    path: Path,
    made: Iterable[tuple[Record, list[Line]]],
    truth: Path | None,
    *,
    escaped: bool = False,
) -> None:
    r"""Write records as JSONL, and what is true of them into a file of its own, if one is given.

    With `escaped`, every character outside of ASCII as \uXXXX.
    """
    with contextlib.ExitStack() as stack:
        lines = stack.enter_context(path.open("wb"))
        truths = stack.enter_context(truth.open("wb")) if truth else None
        for record, true in made:
            lines.write((json.dumps(record).encode() if escaped else orjson.dumps(record)) + b"\n")
            if truths and true:
                truths.writelines(orjson.dumps(line) + b"\n" for line in true)


def write_parquet(source: Path, target: Path) -> None:
    """Write the records of a JSONL file as Parquet, some thousands in a row group."""
    schema = pa.schema([("id", pa.string()), ("text", pa.string())])
    with source.open("rb") as lines, pq.ParquetWriter(target, schema) as writer:
        while group := [orjson.loads(line) for line in itertools.islice(lines, _GROUP)]:
            writer.write_table(pa.Table.from_pylist(group, schema))


def write(folder: Path, *, persons: int, size: int, seed: int, mentions: float = MENTIONS) -> None:
    """Write `persons.jsonl`, `corpus.jsonl`, `corpus.parquet` and `truth.jsonl` into a folder."""
    rng = random.Random(seed)
    people = make_persons(persons, rng)
    write_persons(folder / "persons.jsonl", people)
    made = records(people, size, rng, mentions=mentions)
    write_jsonl(folder / "corpus.jsonl", made, folder / "truth.jsonl")
    write_parquet(folder / "corpus.jsonl", folder / "corpus.parquet")
