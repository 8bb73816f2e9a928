"""An invented corpus with a seed: Chinese and English texts, people in them, and the truth about it.

The folder holds `persons.jsonl`, `corpus.jsonl` and `corpus.parquet` with the same records, and
`truth.jsonl`: for each planted spelling `{"ref", "kind", "id", "start", "end", "spelling"}`, and for
each trap `{"trap", "kind", "id", "start", "end"}`, a place where nothing of that kind may be found.
Nobody in it exists: numbers, addresses and names are drawn at random.
"""

# ruff: noqa: SIM905 (long lists of words are easier to read and to change as text)

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus import spellings
from tests.corpus.spellings import Spell

_SURNAMES = dict(
    word.split(":")
    for word in (
        "王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 黄:huang 赵:zhao 吴:wu 周:zhou 徐:xu 孙:sun 马:ma "
        "朱:zhu 胡:hu 郭:guo 何:he 林:lin 高:gao 罗:luo 郑:zheng 梁:liang 谢:xie 宋:song 唐:tang 许:xu 韩:han "
        "冯:feng 邓:deng 曹:cao 彭:peng 曾:zeng 肖:xiao 田:tian 董:dong 潘:pan 袁:yuan 蔡:cai 蒋:jiang 余:yu "
        "叶:ye 程:cheng 苏:su 魏:wei 吕:lv 丁:ding 沈:shen 钟:zhong 姜:jiang 范:fan"
    ).split()
)
_GIVEN = dict(
    word.split(":")
    for word in (
        "伟:wei 芳:fang 娜:na 敏:min 静:jing 丽:li 强:qiang 磊:lei 军:jun 洋:yang 勇:yong 艳:yan 杰:jie 娟:juan "
        "涛:tao 明:ming 超:chao 霞:xia 平:ping 刚:gang 桂:gui 英:ying 华:hua 玉:yu 萍:ping 红:hong 鹏:peng 飞:fei "
        "云:yun 龙:long 慧:hui 晓:xiao 小:xiao 宇:yu 晨:chen 嘉:jia 琪:qi 梓:zi 轩:xuan 欣:xin 怡:yi 浩:hao 然:ran "
        "雪:xue 梅:mei 倩:qian 思:si 雨:yu 俊:jun 凯:kai"
    ).split()
)
_FIRST_NAMES = (
    "James Mary Zoë Olivia Noah Emma Liam José Chloé Anna Felix Søren Inés Oscar Hugo".split()
)
_LAST_NAMES = (
    "Smith Müller García Lefèvre Johansson O'Neill Nguyen Brown Kowalski Schmidt Fernández".split()
)
_HOSTS = [
    "weibo.com/u",
    "github.com",
    "zhihu.com/people",
    "example.org/~users",
    "space.bilibili.com",
]
_DOMAINS = ["example.com", "mail.example.org", "qq.example", "163.example.cn", "example.co.uk"]

_CHINESE = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好部其些主样理心她本前开但因只从想实日"
    "者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见"
)
_ENGLISH = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had "
    "an they which one you were all her she there would their we him been has when who will no more if out "
    "so said what up its about than into them can only other time new some could these two may first then do "
    "any like my now over such our man me even most made after also did many off before must well back through "
    "years where much your way down should because long each just state those people too mr how little good "
    "world make very year still see own work men day get here old life both between being under three never "
    "know same last another while us might great go come since against right came take used himself few house "
    "during without again place around however home small found thought went say part once general high upon "
    "school every does got united left number course war until always away something fact water less public"
).split()


@dataclass(frozen=True)
class Planted:
    """One spelling of one identifier: what is written, and which identifier of whom it is."""

    ref: str
    kind: str
    spelling: str
    text: str


def make_persons(count: int, rng: random.Random) -> list[dict[str, Any]]:
    """Return invented people in the form that `manage.py locate --persons` reads."""
    return [_person(index, rng) for index in range(count)]


def _person(index: int, rng: random.Random) -> dict[str, Any]:
    local = f"{rng.choice(list(_GIVEN.values()))}{rng.choice('._-')}{rng.choice(list(_SURNAMES.values()))}"
    tail = rng.randrange(100, 10_000)
    if index % 4 == 3:
        name, pinyin = f"{rng.choice(_FIRST_NAMES)} {rng.choice(_LAST_NAMES)}", ""
    else:
        surname = rng.choice(list(_SURNAMES))
        given = rng.sample(list(_GIVEN), rng.choice([1, 2, 2]))
        name = surname + "".join(given)
        pinyin = " ".join([_SURNAMES[surname], *(_GIVEN[g] for g in given)])
    birth = f"19{rng.randrange(50, 99)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    return {
        "ref": f"p{index}",
        "names": [name],
        "pinyin": pinyin,
        "emails": [f"{local}{tail}@{rng.choice(_DOMAINS)}"],
        "phones": [f"+861{rng.choice('3456789')}{rng.randrange(10**9):09}"],
        "ids": [
            f"{rng.randrange(110000, 660000)}{birth}{rng.randrange(1000):03}{rng.choice('0123456789X')}"
        ],
        "handles": [
            f"{rng.choice(list(_GIVEN.values()))}_{rng.choice(list(_SURNAMES.values()))}{tail}"
        ],
        "urls": [f"https://{rng.choice(_HOSTS)}/{rng.randrange(10**6, 10**9)}"],
    }


def spell(person: dict[str, Any], kind: str, rng: random.Random) -> Planted:
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


def trap(person: dict[str, Any], kind: str, rng: random.Random) -> str:
    """Write something that nearly is an identifier of a person, and is not."""
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
        return rng.choice(choices)
    if kind == "email":
        email = person["emails"][0]
        local, domain = email.split("@")
        choices = [f"x{email}", f"{email}.cn", f"first.{email}", f"{local}{digit}@{domain}"]
        return rng.choice(
            [*choices, f"{local}@x{domain}", f"{local}@{domain}x", f"{local}.{domain}"]
        )
    if kind == "id":
        value = person["ids"][0]
        return rng.choice(
            [digit + value, value + digit, value[:5] + digit * 2 + value[6:], value[:-2]]
        )
    if kind == "handle":
        handle = person["handles"][0]
        return rng.choice(
            [f"{handle}{digit}", f"x{handle}", f"{handle}_x", f"{handle}@example.net"]
        )
    url = person["urls"][0]
    return rng.choice(
        [f"{url}{digit}", f"{url}/photos", f"https://x{url.removeprefix('https://')}"]
    )


def _pool(rng: random.Random, chinese: bool) -> list[str]:
    return [_paragraph(rng, chinese) for _ in range(1500)]


def _paragraph(rng: random.Random, chinese: bool) -> str:
    sentences = []
    for _ in range(rng.randrange(2, 7)):
        if chinese:
            text = "".join(rng.choices(_CHINESE, k=rng.randrange(8, 40)))
            cut = rng.randrange(2, len(text) - 2)
            sentences.append(f"{text[:cut]}，{text[cut:]}{rng.choice('。。。！？；')}")
        else:
            words = rng.choices(_ENGLISH, k=rng.randrange(6, 25))
            sentences.append(
                f"{' '.join(words).capitalize()}{rng.choice(['. ', '. ', '? ', ', 2013. '])}"
            )
        if rng.random() < 0.06:
            sentences.append(rng.choice(_CLUTTER)(rng))
    return "".join(sentences)


_CLUTTER = [
    lambda r: f"{r.randrange(1990, 2026)}年{r.randrange(1, 13)}月{r.randrange(1, 29)}日",
    lambda r: f" {r.randrange(10**6)}.{r.randrange(100)} ",
    lambda r: f"https://www.example.net/{r.randrange(10**7)}.html ",
    lambda r: f"“{''.join(r.choices(_CHINESE, k=4))}”（{''.join(r.choices(_CHINESE, k=6))}）",
    lambda r: "\n",
    lambda r: " it’s naïve – don’t ",
    lambda r: "<br/>",
]
_OPENINGS = ["联系方式：", "请找 ", "作者：", "Contact: ", "by ", "（", "email ", "——"]
_CLOSINGS = ["。", " 谢谢", "，", ". ", ") ", "\n", "；"]
_KINDS = ["name", "name", "name", "email", "phone", "phone", "id", "handle", "url"]


def records(
    persons: list[dict[str, Any]], size: int, rng: random.Random, *, mentions: float = 24e-6
) -> Iterator[tuple[dict[str, str], list[dict[str, Any]]]]:
    """Yield records of about `size` bytes of text in all, each with its truth.

    `mentions` is the number of planted spellings a byte; there is one trap for four of them.
    """
    pools = _pool(rng, chinese=True), _pool(rng, chinese=False)
    written = number = 0
    while written < size:
        # A Chinese paragraph has about a third more bytes: so 40 % of the bytes are Chinese.
        paragraphs = rng.choices(pools[rng.random() < 0.66], k=rng.randrange(2, 8))
        length = sum(map(len, paragraphs))
        record_id = f"r{number}"
        truth: list[dict[str, Any]] = []
        if rng.random() < length * 1.5 * mentions / 2:
            _plant(paragraphs, record_id, truth, persons, rng)
        text = "".join(paragraphs)
        yield {"id": record_id, "text": text}, truth
        written += len(text.encode())
        number += 1


def _plant(
    paragraphs: list[str],
    record_id: str,
    truth: list[dict[str, Any]],
    persons: list[dict[str, Any]],
    rng: random.Random,
) -> None:
    """Put one to three identifiers of a person, and sometimes a trap, after the first paragraph."""
    person = rng.choice(persons)
    position = len(paragraphs[0])
    pieces = []
    for kind in rng.sample(_KINDS, rng.randrange(1, 4)):
        opening, closing = rng.choice(_OPENINGS), rng.choice(_CLOSINGS)
        place = {"kind": kind, "id": record_id, "start": position + len(opening)}
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


def write(folder: Path, *, persons: int, size: int, seed: int, mentions: float = 24e-6) -> None:
    """Write persons, corpus and truth into a folder."""
    rng = random.Random(seed)
    people = make_persons(persons, rng)
    with (folder / "persons.jsonl").open("w", encoding="utf-8") as file:
        for person in people:
            file.write(json.dumps(person, ensure_ascii=False) + "\n")
    schema = pa.schema([("id", pa.string()), ("text", pa.string())])
    with (
        (folder / "corpus.jsonl").open("w", encoding="utf-8") as lines,
        (folder / "truth.jsonl").open("w", encoding="utf-8") as truths,
        pq.ParquetWriter(folder / "corpus.parquet", schema) as writer,
    ):
        made = records(people, size, rng, mentions=mentions)
        while group := list(itertools.islice(made, 50_000)):
            for record, truth in group:
                lines.write(json.dumps(record, ensure_ascii=False) + "\n")
                truths.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in truth)
            writer.write_table(pa.Table.from_pylist([record for record, _truth in group], schema))
