"""What is nearly an identifier is none: a number in a longer number, an address in a longer one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.corpus.support import found, hits, patterns
from workflows.corpus.columns import Column
from workflows.corpus.match.scan import findings

KNOWN = patterns(
    {
        "ref": "p",
        "names": ["王小明", "Joe O'Neill", "何然"],
        "emails": ["wang.xm@example.com"],
        "phones": [
            "+8613800138000",
            "+8657188886666",
            "+85291234567",
            "+12125550147",
            "+493012345678",
        ],
        "ids": ["11010519491231002X", "E12345678", "A123456(3)"],
        "handles": ["wang_xm", "287654321"],
        "urls": [
            "https://weibo.com/u/12345678",
            "https://wangxm.me",
            "https://www.linkedin.com/in/wang-xm-1a2b",
        ],
    }
)
NO_PHONE = """
213800138000
138001380001
013800138000
2 138 0013 80001
6222 1380 0138 0001 234
6222 1380 0138 000
0.13800138000
13800138000.5
20240513-13800138000
13800138000-001
978-138-0013-8000
IMG_13800138000_01
SN13800138000
a7f13800138000
13800138000ab
13,800,138,000
13.800.138.000
138 $0013 8000
138 0013 800
139 0013 8000
一一三八零零一三八零零零
&#50;13800138000
1<b>13800138000</b>
<i>1</i>13800138000
2\u200b13800138000
13.800138000
1380013800.0
30.12345678
0.3012345678
0,3012345678
+1 3012345678
+1 301-234-5678
+43 (0)30 12345678
+43 (0) 30 / 1234 5678
0043 030 12345678
+39 030 12345678
+1 380 013 8000
+1-380-013-8000
+1 (380) 013-8000
138.00.13.80:00
x = 1.2125550147
x = 49.3012345678
(138)(0013)(8000)2
(138)(0013)(8000)-22
91.23.45.67
212.55.50.147
91.234567
91234567元
91234567%
13800138000wxy
110105194912310021x801
１13800138000
3.13800138000
pi = 3.13800138000
138$0013@8000
139 then 0013 8000
phone 38 0013 8000
someone 38 0013 8000
two138OO1380OO
138oo138ooo2
0.l38OOl38OOO
2丨138丨0013丨8000
1 3 8 0 0 1 3 8 0 0 0 2
2-1-3-8-0-0-1-3-8-0-0-0
er yao san ba ling ling yao san ba ling ling ling
yao san ba ling ling yao san ba ling ling ling yi
one three eight double zero one three eight zero zero
double one three eight double zero one three eight triple zero
2=4013800138000
x=2013800138000
1[b]13800138000[/b]
[b]1[/b]13800138000
13800[12]138000
1380013800**0**5
57<i>88886666</i>
<b>3</b>138001/3/8000. Then
""".strip().splitlines()
NO_EMAIL = """
xwang.xm@example.com
li.wang.xm@example.com
li-wang.xm@example.com
a_wang.xm@example.com
a+wang.xm@example.com
wang.xm1@example.com
wang-xm@example.com
wang.xm@example.com.cn
wang.xm@example.co
wang.xm@example.community
wang.xm@example.com-x
wang.xm@my.example.com
wang.xm@myexample.com
wang.xm.example.com
wang.xm/example.com
Ask wang. xm@example.com
wang.xm at example dot com dot cn
wang.xm at example. Com
wang.xm at example, com
wang.xm at example com
see 1.wang.xm@example.com
q=40wang.xm@example.com
q=20wang.xm@example.com
li=2Ewang.xm@example.com
wang.xm=40example.com.cn
wang.xm在example.community
wang.xm和example.com
wang.xm@exam-plexy.com
li dot wang dot xm at example dot com
li (dot) wang.xm@example.com
li[.]wang[.]xm[@]example[.]com
li(.)wang.xm@example.com
li点wang点xm艾特example点com
""".strip().splitlines()
NO_NAME = """
小明
王小
王，小明
swang xiaoming
wang xiaomings
wang xiaomin
wangxiaoming@example.org
https://example.org/wangxiaoming
so he ran away
Joey O'Neill
Wang Xiaoming2a
a2Wang Xiaoming
wangxiaoming2
王、小明
王小、明
小王（小明）
Wang (the) Xiaoming
Wang). (Xiaoming
W a n g X i a o m i n
W a n g X-i-a o m i n g
wang2 xiao3 min2
wang2xiao3ming23
=E7=8E=8B=E5=B0=8F=E6=98
xu738bu5c0fu660e
""".strip().splitlines()
NO_ID = """
1110105194912310022X
11010519491231002
110105194912310021
110105194912310020 X
1101051949123100
AE12345678
E123456789
E12345678A
A123456(3)4
A123456（3）4
A123456(3)-44
A123456(4)
ME12345678
PE12345678
110105491231002X0
11010519491231002Xx1
11010519491231002乘以2
211010519491231002叉
""".strip().splitlines()
NO_HANDLE = """
wang_xm2
xwang_xm
wang_xm_
wang_xm.li
x.wang_xm
wangxm
wang-xm
wang xm
wang_xm@mail.example
foo@wang_xm
tel@wang_xm.com
linewang_xm
w_ang_xm
id287654321
aqq287654321
qq2876543210
""".strip().splitlines()
NO_URL = """
https://weibo.com/u/123456789
https://weibo.com/u/12345678/photos
https://weibo.com/u/1234567
https://weibo.com/p/12345678
https://weibo.com.cn/u/12345678
https://xweibo.com/u/12345678
https://blog.weibo.com/u/12345678
https://de.weibo.com/u/12345678
https://blog[.]weibo[.]com/u/12345678
blog(.)weibo.com/u/12345678
blog dot weibo dot com/u/12345678
blog (dot) weibo (dot) com/u/12345678
https://xmobile.weibo.com/u/12345678
https://jobs.linkedin.com/in/wang-xm-1a2b
https://a.de.linkedin.com/in/wang-xm-1a2b
https://xde.linkedin.com/in/wang-xm-1a2b
xhk.linkedin.com/in/wang-xm-1a2b
https://weibo.com/u/12345678.html
https://weibo.com/u/12345678-2
a@wangxm.me
wangxm.met
xwangxm.me
weibo.com*u*12345678
https://weibo.com/u/1234~5678
""".strip().splitlines()
TRAPS = {
    "phone": NO_PHONE,
    "email": NO_EMAIL,
    "name": NO_NAME,
    "id": NO_ID,
    "handle": NO_HANDLE,
    "url": NO_URL,
}


# Hundreds of texts are few tests: each test costs more than the look at a text.
@pytest.mark.parametrize("kind", TRAPS)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("see ", " ok"), ("见", "。")])
def test_what_is_nearly_an_identifier_is_none(kind, before, after):
    taken_for_one = [
        text
        for text in TRAPS[kind]
        if kind in [what for what, _place in found(before + text + after, KNOWN)]
    ]
    assert taken_for_one == []


@given(st.from_regex(r"[0-9]{1,9}", fullmatch=True), st.from_regex(r"[0-9]{0,9}", fullmatch=True))
def test_a_phone_number_inside_any_longer_number_is_no_hit(before, after):
    number = f"{before}13800138000{after}"
    # 86 is the code of the country, 0086 what is dialled before it.
    if (before, after) in {("86", ""), ("0086", ""), ("086", "")}:
        assert found(number, KNOWN)
    else:
        assert found(f"No {number}.", KNOWN) == []


@pytest.mark.parametrize("text", ["138 0013 8000 9", "138 0013 8000 9，谢谢", "138 0013 8000 9\n"])
def test_a_single_digit_at_the_end_belongs_to_a_number_in_groups(text):
    assert found(text, KNOWN) == []


def test_a_phone_number_between_others_is_one():
    text = "138 0013 8000 139 0013 9000，13900139000 13800138000、13900139000"
    assert found(text, KNOWN) == [("phone", "138 0013 8000"), ("phone", "13800138000")]


def test_a_short_number_is_certain_only_with_its_country_code():
    (alone,) = hits("9123 4567", KNOWN)
    (complete,) = hits("+852 9123 4567", KNOWN)
    assert (alone.strength, complete.strength) == ("weak", "strong")


def test_the_number_of_an_area_is_certain_only_with_the_0_or_the_country_code_before_it():
    texts = ("(301) 234-5678", "030 12345678", "+49 30 12345678")
    strengths = [hit.strength for text in texts for hit in hits(text, KNOWN)]
    assert strengths == ["weak", "strong", "strong"]


@pytest.mark.parametrize("text", ["+1 13800138000", "up +20 13800138000", "0049 30.12345678"])
def test_a_number_that_is_none_of_the_country_before_it_is_ones_own(text):
    assert "phone" in {kind for kind, _ in found(text, KNOWN)}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("(138)0013-8000", "(138)0013-8000"),
        ("(13800138000)", "13800138000"),
        ("138(00138000)", "138(00138000)"),
        ("138（00138000） ok", "138（00138000）"),
        ("(+86 13800138000)", "+86 13800138000"),
        ("((86)13800138000)", "(86)13800138000"),
        ("<b>138</b>00138000", "<b>138</b>00138000"),
        ("<p><b>13800138000</b>", "13800138000"),
        ("1\ufe0f\u20e33800138000\ufe0f\u20e3", "1\ufe0f\u20e33800138000\ufe0f\u20e3"),
    ],
)
def test_a_span_takes_in_the_other_half_of_a_pair(text, place):
    assert found(text, KNOWN) == [("phone", place)]


@pytest.mark.parametrize("ending", ["", "\u200b", "\u200d\ufeff", "\u00ad"])
def test_a_short_name_at_the_end_of_a_record_is_found_whatever_the_next_begins_with(ending):
    known = patterns({"ref": "p", "names": ["Li Na"]})
    column = Column.of_texts("text", [f"by Li Na{ending}", f"{ending}Li Na", "carol"])
    assert [(row, place.start) for row, places in findings(column, known) for place in places] == [
        (0, 3),
        (1, len(ending)),
    ]


@pytest.mark.parametrize(
    ("text", "is_name"),
    [
        ("zhihu.com/people/683317611；（HeRan) more", True),
        ("zhihu.com/people/683317611；HeRan more", True),
        ("other@example.com，HeRan", True),
        ("https://a.example/b！HeRan", True),
        ("HeRan（other@example.com）", True),
        ("https://a.example/b/HeRan", False),
        ("https://a.example/b;HeRan", False),
        ("ｈｔｔｐｓ：／／ａ．ｅｘａｍｐｌｅ／ＨｅＲａｎ", False),
        ("HeRan@example.com", False),
    ],
)
def test_a_latin_name_in_an_address_is_none_but_the_wide_marks_of_chinese_end_an_address(
    text, is_name
):
    assert ("name" in {kind for kind, _ in found(text, KNOWN)}) is is_name


OTHERS = [
    "张三",
    "Bob",
    "a@b.cn",
    "13900000000",
    "110101199001011237",
    "@foo",
    "https://a.example/x",
]
OWN = [
    ("name", "Wang Xiaoming"),
    ("email", "wang.xm@example.com"),
    ("phone", "13800138000"),
    ("phone", "0571-88886666"),
    ("id", "11010519491231002X"),
    ("handle", "wang_xm"),
    ("handle", "@wang_xm"),
    ("url", "wangxm.me"),
    ("url", "https://weibo.com/u/12345678"),
]
SEPARATORS = ["\n", "\r\n", "\t", "<br>", "</td><td>", "，", " / ", " | ", "\\n", "\\t", "（", "——"]


@pytest.mark.parametrize(("kind", "own"), OWN)
def test_it_stands_alone_beside_whatever_else_a_list_holds(kind, own):
    texts = [
        text
        for separator in SEPARATORS
        for other in OTHERS
        for text in (
            f"{other}{separator}{own}",
            f"{own}{separator}{other}",
            f"{other}{separator}{own}{separator}{other}",
        )
    ]
    assert [text for text in texts if (kind, own) not in found(text, KNOWN)] == []


@pytest.mark.parametrize(
    "text",
    ["11010519491231002X_13800138000.jpg", "王小明-13800138000-11010519491231002X"],
)
def test_numbers_that_are_whole_by_themselves_may_be_joined(text):
    assert {"id", "phone"} <= {kind for kind, _ in found(text, KNOWN)}


def test_a_short_dash_joins_an_address_and_a_long_one_does_not():
    assert found("Bob—wang.xm@example.com—office", KNOWN) == [("email", "wang.xm@example.com")]
    assert found("Bob-wang.xm@example.com", KNOWN) == []
