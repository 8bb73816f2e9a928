"""Every way of writing in the invented corpus, and odder ones, is found with its exact span."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.corpus.support import WANG, found, patterns
from workflows.corpus.match.literals import literals
from workflows.corpus.match.scan import candidates
from workflows.corpus.match.spellings import spellings as spellings_of
from workflows.corpus.values import read_persons
from workflows.samples.corpora import spellings

KNOWN = patterns(
    WANG,
    {"ref": "zhang", "names": ["张伟"]},
    {"ref": "jose", "names": ["José Álvarez"]},
)
TABLES = [
    ("phone", spellings.PHONE, WANG["phones"][0]),
    ("email", spellings.EMAIL, WANG["emails"][0]),
    ("id", spellings.ID, WANG["ids"][0]),
    ("handle", spellings.HANDLE, WANG["handles"][0]),
    ("url", spellings.URL, WANG["urls"][0]),
    ("name", spellings.NAME, "王小明"),
    ("name", spellings.NAME, "张伟"),
    ("name", spellings.PINYIN, "wang xiao ming"),
    ("name", spellings.PINYIN, "zhang wei"),
    ("name", spellings.LATIN, "José Álvarez"),
]
WAYS = [(kind, spell, value) for kind, table, value in TABLES for spell in table.values()]
AROUND_WAYS = [("联系我：", " 谢谢"), ("", ""), ("Contact: ", ". Thanks"), ("（", "）")]


# Hundreds of ways are few tests: each test costs more than the look at a text.
@pytest.mark.parametrize(("kind", "table", "value"), TABLES)
def test_each_way_of_writing_is_found_exactly(kind, table, value):
    missed = [
        (label, before + written + after)
        for label, spell in table.items()
        for written in (spell(value, random.Random(seed)) for seed in range(5))
        for before, after in AROUND_WAYS
        if [place for what, place in found(before + written + after, KNOWN) if what == kind]
        != [written]
    ]
    assert missed == []


# Text around a spelling. It may not be made of digits or of words that look like more of it.
AROUND = st.text(
    st.sampled_from("的一是不了人 ，。！（）\n\t😀the ofand.<>&%\"'\\/_-é\u200b\u3000"),
    max_size=200,
)


@given(AROUND, AROUND, st.sampled_from(WAYS), st.randoms(use_true_random=False))
def test_whatever_stands_around_it_offsets_point_at_the_spelling(before, after, way, rng):
    kind, spell, value = way
    written = spell(value, rng)
    text = f"{before}。 {written} 。{after}"
    places = [place for what, place in found(text, KNOWN) if what == kind]
    assert written in places


KNOWN_ABROAD = patterns(
    {
        "ref": "p",
        "names": [
            "Zoë O'Neill",
            "김철수",
            "高橋みなみ",
            "Jean-Pierre Müller",
            "欧阳晓云",
            "陳思怡",
            "Иван Петров",
            "王小明",
        ],
        "emails": ["wang.xm@example.com"],
        "phones": [
            "+8613800138000",
            "+14155552671",
            "+447911123456",
            "+85291234567",
            "+33612345678",
            "+8657188886666",
        ],
        "ids": ["11010519491231002X", "E12345678", "123-45-6789", "A123456(3)"],
        "handles": ["wang_xm", "287654321"],
        "urls": [
            "https://weibo.com/u/12345678",
            "https://wangxm.me",
            "https://de.linkedin.com/in/wang-xm-1a2b",
        ],
    }
)
ODD = """
+ 8 6 1 3 8 0 0 1 3 8 0 0 0
8 6 1 3 8 0 0 1 3 8 0 0 0
0 0 8 6 1 3 8 0 0 1 3 8 0 0 0
+8 6 1 3 8 0 0 1 3 8 0 0 0
+.8.6.1.3.8.0.0.1.3.8.0.0.0
+8-6-1-3-8-0-0-1-3-8-0-0-0
8|6|1|3|8|0|0|1|3|8|0|0|0
+ 8 5 2 9 1 2 3 4 5 6 7
+1 4 1 5 5 5 5 2 6 7 1
八 六 一 三 八 零 零 一 三 八 零 零 零
+8 61 38 00 13 80 00
eight six one three eight zero zero one three eight zero zero zero
+ eight six one three eight zero zero one three eight zero zero zero
+86 (138) 0013-8000
(+86)-138-0013-8000
86-138-0013-8000
+86.138.0013.8000
+86.13800138000
+1.4155552671
1.415.555.2671
00 86 138 0013 8000
13 800 138 000
138.00.13.80.00
138'0013'8000
138|0013|8000
138\\0013\\8000
138‑0013‑8000
138﹣0013﹣8000
１３８　００１３　８０００
138<wbr>0013<wbr/>8000
138<!-- no robots -->0013 8000
<span>1</span><span>3</span>8 00138000
&#x31;3800138000
138&#8203;00138000
138&shy;00138000
138&ndash;0013&ndash;8000
138%E3%80%800013%E3%80%808000
١٣٨٠٠١٣٨٠٠٠
❶❸❽⓿⓿❶❸❽⓿⓿⓿
幺三八洞洞幺三八洞洞洞
么三八零零么三八零零零
138 零零13 8000
一三八 〇〇一三 八〇〇〇
一三八oo一三八ooo
138оо138ооо
I38OOI38OOO
I38OOI3 8OOO
l3800138000
I38-0013-8000
O571-88886666
+86 (O)571 88886666
(4I5) 555-267I
IIOIO5I949I23IOO2X
11010519491231002Х
Jеan-Pierre Müller
一一零一零五一九四九一二三一零零二X
1̶3̶8̶00138000
138  (0013)  8000
(415) 555-2671
+1 (415) 555-2671
1-415-555-2671
001 415 555 2671
four one five five five five two six seven one
07911 123456
+44 (0)7911 123456
+852 9123 4567
9123-4567
06 12 34 56 78
+33 (0)6 12 34 56 78
(0571)8888-6666
+86 571 8888 6666
wang dot xm at example dot com
wang(dot)xm(at)example(dot)com
wang.xm@ example.com
wang.xm<@>example.com
wang.xm*at*example*dot*com
wang.xm@example(.)com
wаng.xm@exаmple.cоm
wang.xm@example\\.com
wang.xm&#064;example&#46;com
wang.xm%2540example.com
wang.xm\\x40example.com
wang.xm@example .com
wang.xm [ät] example.com
wang.xm [arroba] example [punto] com
wang.xm ⓐ example.com
wang。xm@example。com
wang.xm@<b>example</b>.com
wang．xm（at）example（dot）com
wang.xm【at】example【dot】com
wang点xm圈a example点com
wang.xm小老鼠example.com
王　小　明
<em>王</em>小明
王&#23567;明
王\\u5c0f\\u660e
WANG, XiaoMing
Wang.Xiaoming
Wáng Xiǎomíng
ZOE O’NEILL
O'Neill, Zoë
Zoe ONeill
김 철수
高橋 みなみ
Jean Pierre Muller
Jean-Pierre Mueller
MÜLLER Jean-Pierre
歐陽曉雲
Ouyang Xiaoyun
Xiaoyun Ouyang
ИВАН ПЕТРОВ
Петров Иван
110105-19491231-002x
１１０１０５１９４９１２３１００２ｘ
11010519491231002 X
110105491231002
E 1234 5678
123 45 6789
＠wang＿xm
/u/WANG_XM
wang\\_xm
https://m.weibo.com/u/12345678
https://mobile.weibo.com/u/12345678
wap.weibo.com/u/12345678
https://www。weibo。com/u/12345678
hxxps://www[.]weibo[.]com/u/12345678
www(.)weibo(.)com/u/12345678
https://www.linkedin.com/in/wang-xm-1a2b
https://uk.linkedin.com/in/wang-xm-1a2b
hk.linkedin.com/in/wang-xm-1a2b
https://zh-cn.linkedin.com/in/wang-xm-1a2b/
http:\\/\\/weibo.com\\/u\\/12345678
weibo . com / u / 12345678
weibo dot com slash u slash 12345678
weibo[.]com/u/12345678
wangxm.me
ｗｅｉｂｏ．ｃｏｍ／ｕ／１２３４５６７８
零五七幺-八八八八六六六六
〇五七一 八八八八六六六六
八六 一三八〇〇一三八〇〇〇
138 zero zero one three 8000
415 five five five 2671
four1five five five five two six 71
138&nbsp0013&nbsp8000
\\u{31}3800138000
\\\\u00313800138000
%u738B%u5C0F%u660E
王\\\\u5c0f\\\\u660e
王\u2800小\u2800明
王\ufffc小\ufffc明
11010519491231002✗
11010519491231002(X)
wang.xm@@example.com
wang.xm〔at〕example.com
wang.xm‹at›example‹dot›com
wang.xm (Klammeraffe) example.com
w a n g _ x m
w e i b o . c o m / u / 1 2 3 4 5 6 7 8
weibo.com/⏎u/12345678
weibo.com/u/⏎12345678
wang_⏎xm
Jean-Pierre M¨uller
Jean-Pierre Mu¨ller
Jéan-Pierre Mueller
Jean P. Müller
Jean P Mueller
Müller, Jean P
Zoë O\\'Neill
Zoë O'⏎Neill
Zoe+ONeill
138o0138oo0
138O0I38OOO
138$0013$8000
138@0013@8000
138丨0013丨8000
138丶0013丶8000
138杠0013杠8000
138横杠0013横杠8000
138横0013横8000
138空0013空8000
138 空格 0013 空格 8000
138 dash 0013 dash 8000
138 (space) 0013 (space) 8000
138, then 0013, then 8000
one 3 eight 0 zero 1 three 8 zero 0 zero
one 三 eight double zero 1三8 零 zero 零
one三八double zero一三八零zero零
one three eight double zero one three eight triple zero
one three eight, zero zero one three, eight thousand
415.triple five.2671
yao san ba ling ling yao san ba ling ling ling
Yi-San-Ba Ling-Ling-Yi-San Ba-Ling-Ling-Ling
yaosanbalinglingyaosanbalinglingling
[b]138[/b]00138000
138[color=red]0013[/color]8000
[b]138[/b][i]0013[/i]8000
**138**0013**8000**
**138** 0013 8000
"138" "0013" "8000"
《138》《0013》《8000》
(138)(0013)(8000)
<b>138</b>0013<b>8000</b>
+86：13800138000
+86*138*0013*8000
(+86), 138 0013 8000
11010519491231002乘
11010519491231002叉
110105[b]19491231[/b]002X
wang.xm在example.com
wang.xm 在 example.com
wang.xm（at的）example.com
wang.xm собака example точка com
wang.xmu0040example.com
wang.xm=40example.com
wang.xm=40exam=⏎ple.com
wang.xm@exam-⏎ple.com
wang.xm@exam⏎ple.com
wang.xm📧example.com
wang.xm@**example**.com
"wang.xm"@example.com
wang.xm' + '@' + 'example.com
[b]wang.xm[/b]@example.com
wang.xm(ɑt)example.com
王、小、明
王～小～明
王❤小❤明
[b]王[/b]小明
王**小明**
=E7=8E=8B=E5=B0=8F=E6=98=8E
=E7=8E=8B=E5=B0=⏎=8F=E6=98=8E
\\xe7\\x8e\\x8b\\xe5\\xb0\\x8f\\xe6\\x98\\x8e
u738bu5c0fu660e
wang2 xiao3 ming2
Xiao3ming2 Wang2
Wang² Xiao³ming²
Wang Hsiao-ming
Hsiao-Ming Wang
Ouyang Hsiao-yun
Ch'en Ssu-i
Chen Szu-yi
Szu-Yi Chen
W a n g  X i a o m i n g
W-a-n-g X-i-a-o-m-i-n-g
W.a.n.g. X.i.a.o.m.i.n.g
Z o e O ' N e i l l
Xiaoming (Wang)
"Xiaoming" Wang
Петров, Иван
**wang**_xm
wang_<b>xm</b>
hxxps[:]//weibo[.]com/u/12345678
h**p://weibo.com/u/12345678
https : // weibo . com / u / 12345678
https:\\\\weibo.com\\u\\12345678
https://weibo.com//u/12345678
weibo.com/u/1234=⏎5678
wang.xm@e**xamp**le.com
weibo.com/u/12**345**678
Xiao**ming** Wang
王·**小**·明
wang.xm<at>exam<i>ple</i>.com
""".strip().split("\n")
ODD = [written.replace("⏎", "\n") for written in ODD]


@pytest.mark.parametrize(("before", "after"), [("看 ", " 看"), ("call ", ". Then")])
def test_odder_ways_are_found_exactly(before, after):
    def places(written: str) -> set[str]:
        return {place for _kind, place in found(before + written + after, KNOWN_ABROAD)}

    assert [written for written in ODD if written not in places(written)] == []


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("Wang <wang.xm@example.com> wrote", "email", "wang.xm@example.com"),
        ("[here](https://weibo.com/u/12345678)", "url", "https://weibo.com/u/12345678"),
        ("https://weibo.com/u/12345678?from=1#top", "url", "https://weibo.com/u/12345678"),
        ("https://www.wangxm.me/about", "url", "https://www.wangxm.me"),
        ('<a href="mailto:wang.xm@example.com">x</a>', "email", "wang.xm@example.com"),
        ("https://x.com/wang_xm?lang=zh", "handle", "wang_xm"),
        ("tel13800138000", "phone", "13800138000"),
        ("1.13800138000 2.13900139000", "phone", "13800138000"),
        ("1.4155552671 2.4155552672", "phone", "1.4155552671"),
        ("13800138000/13900139000", "phone", "13800138000"),
        ("0571-88886666-801", "phone", "0571-88886666"),
        ("write to wang.xm@example.com.Then wait", "email", "wang.xm@example.com"),
        ("电话13800138000微信同号", "phone", "13800138000"),
        ("138001380001\n13800138000", "phone", "13800138000"),
        ("call13800138000now", "phone", "13800138000"),
        ("(415) 555-2671cell", "phone", "(415) 555-2671"),
        ("13800138000https://a.example", "phone", "13800138000"),
        ("13800138000www.a.example", "phone", "13800138000"),
        ("微信+13800138000", "phone", "13800138000"),
        ("polka dot。wang.xm@example.com", "email", "wang.xm@example.com"),
        ("上午10点wang.xm@example.com", "email", "wang.xm@example.com"),
        ("13800138000wx同号", "phone", "13800138000"),
        ("手机号13800138000qq123456", "phone", "13800138000"),
        ("Tel:0571-88886666Fax:0571-88886667", "phone", "0571-88886666"),
        ("call to 571-88886666", "phone", "571-88886666"),
        ("(身份證A123456(3)）", "id", "A123456(3)"),
        ("A123456(3)，1990", "id", "A123456(3)"),
        ("passportE12345678", "id", "E12345678"),
        ("a\\nE12345678", "id", "E12345678"),
        ("idcard11010519491231002X", "id", "11010519491231002X"),
        ("1.wang.xm@example.com\n2.a@b.cn", "email", "wang.xm@example.com"),
        ("微信tg@wang_xm", "handle", "@wang_xm"),
        ("Wang Xiaoming13800138000", "name", "Wang Xiaoming"),
        ("13800138000Wang Xiaoming", "name", "Wang Xiaoming"),
        ("Wang Xiaoming1,2 and Zoë O'Neill3", "name", "Wang Xiaoming"),
        ("Zoë O'Neill´s", "name", "Zoë O'Neill"),
        ("[email=wang.xm@example.com]me[/email]", "email", "wang.xm@example.com"),
        ("[url=https://weibo.com/u/12345678]me[/url]", "url", "https://weibo.com/u/12345678"),
        ("[b]13800138000[/b]", "phone", "13800138000"),
        ("**13800138000**", "phone", "13800138000"),
        ("Name**13800138000**", "phone", "13800138000"),
        ("Name[b]13800138000[/b]", "phone", "13800138000"),
        ("<span>Name</span><span>13800138000</span>", "phone", "13800138000"),
        ("IG@wang_xm", "handle", "@wang_xm"),
        ("QQ287654321", "handle", "287654321"),
        ("微信wx287654321，谢谢", "handle", "287654321"),
        ("+86 (0)571 88886666", "phone", "+86 (0)571 88886666"),
        ("见下\n1.13800138000", "phone", "13800138000"),
        ("3. 13800138000", "phone", "13800138000"),
        ("call 138 0013 8000 7 days a week", "phone", "138 0013 8000"),
        ("write('wang.xm' + '@' + 'example.com')", "email", "wang.xm' + '@' + 'example.com"),
    ],
)
def test_what_is_not_of_the_spelling_is_left_out(text, kind, place):
    assert (kind, place) in found(text, KNOWN_ABROAD)


def test_a_wall_of_backslashes_is_no_work_without_end():
    text = "\\" * 200_000 + " 13800138025"
    assert found(text, KNOWN) == [("phone", "13800138025")]
    raw = json.dumps({"text": text}).encode()
    assert [c.end for c in candidates(memoryview(raw), KNOWN, escaped=True)] == [len(raw) - 2]


def test_what_looks_like_a_tag_over_the_end_of_a_record_is_none():
    raw = b"".join(
        rb'{"text": "%s"}' % text + b"\n" for text in (rb"\u003cb", rb"13800138025\u003e")
    )
    assert [raw[c.start : c.end] for c in candidates(memoryview(raw), KNOWN, escaped=True)] == [
        b"13800138025"
    ]


@pytest.mark.parametrize(
    "written",
    [
        "García-López, María José",
        "GARCIA LOPEZ Maria Jose",
        "mj.garcia@example.es",
        "mj.garcia+news@example.es",
        "1.mj_garcia",
    ],
)
def test_double_surnames_labels_of_addresses_and_marks_of_lists_are_found(written):
    known = patterns(
        {
            "ref": "garcia",
            "names": ["María José García López"],
            "emails": ["mj.garcia+news@example.es"],
            "handles": ["mj_garcia"],
        }
    )
    assert [place for _kind, place in found(written, known)] == [written.removeprefix("1.")]


def test_a_mark_in_a_handle_may_be_a_backslash():
    known = patterns({"ref": "doe", "handles": ["corp\\jdoe"]})
    assert found("Ask corp\\jdoe.", known) == [("handle", "corp\\jdoe")]


MANY_PIECES = {
    "ref": "p",
    "names": ["a b c d e f g h i j k l m n o p q r s t"],
    "emails": ["a.b@x.example", "x_y.z@a.example", "l-w.x@a.b.example"],
    "handles": ["a.b.c.d.e.f.g"],
    "urls": ["https://x.io/a/b/c/d/e/f"],
}


def test_identifiers_of_many_short_pieces_are_found_by_few_literals():
    made = [
        sum(1 for spelling in spellings_of(identifier) for _literal in literals(spelling))
        for identifier in read_persons([json.dumps(MANY_PIECES)])
    ]
    assert max(made) < 100_000
    known = patterns(MANY_PIECES)
    texts = [*MANY_PIECES["emails"], *MANY_PIECES["names"], "a.b.c.d.e.f.g", "x.io/a/b/c/d/e/f"]
    assert [text for text in texts if text not in {place for _, place in found(text, known)}] == []
