"""The words and names of which invented people and texts are made."""

SURNAMES = dict(
    word.split(":")
    for word in (
        "王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 黄:huang 赵:zhao 吴:wu 周:zhou 徐:xu 孙:sun 马:ma "
        "朱:zhu 胡:hu 郭:guo 何:he 林:lin 高:gao 罗:luo 郑:zheng 梁:liang 谢:xie 宋:song 唐:tang 许:xu 韩:han "
        "冯:feng 邓:deng 曹:cao 彭:peng 曾:zeng 肖:xiao 田:tian 董:dong 潘:pan 袁:yuan 蔡:cai 蒋:jiang 余:yu "
        "叶:ye 程:cheng 苏:su 魏:wei 吕:lv 丁:ding 沈:shen 钟:zhong 姜:jiang 范:fan"
    ).split()
)
GIVEN = dict(
    word.split(":")
    for word in (
        "伟:wei 芳:fang 娜:na 敏:min 静:jing 丽:li 强:qiang 磊:lei 军:jun 洋:yang 勇:yong 艳:yan 杰:jie 娟:juan "
        "涛:tao 明:ming 超:chao 霞:xia 平:ping 刚:gang 桂:gui 英:ying 华:hua 玉:yu 萍:ping 红:hong 鹏:peng 飞:fei "
        "云:yun 龙:long 慧:hui 晓:xiao 小:xiao 宇:yu 晨:chen 嘉:jia 琪:qi 梓:zi 轩:xuan 欣:xin 怡:yi 浩:hao 然:ran "
        "雪:xue 梅:mei 倩:qian 思:si 雨:yu 俊:jun 凯:kai"
    ).split()
)
FIRST_NAMES = (
    "James Mary Zoë Olivia Noah Emma Liam José Chloé Anna Felix Søren Inés Oscar Hugo".split()
)
LAST_NAMES = (
    "Smith Müller García Lefèvre Johansson O'Neill Nguyen Brown Kowalski Schmidt Fernández".split()
)
HOSTS = [
    "weibo.com/u",
    "github.com",
    "zhihu.com/people",
    "example.org/~users",
    "space.bilibili.com",
]
DOMAINS = ["example.com", "mail.example.org", "qq.example", "163.example.cn", "example.co.uk"]

CHINESE = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好部其些主样理心她本前开但因只从想实日"
    "者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见"
)
ENGLISH = (
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
