//! Chinese names in pinyin 拼音姓名: what a Chinese password begins with more often than with any word.

/// The families that most people belong to.
const FAMILIES: &[&str] = &[
    "an", "bai", "bao", "bei", "bi", "bian", "cai", "cao", "cen", "chang", "chen", "cheng", "chu", "cui", "dai", "deng", "di", "ding",
    "dong", "dou", "du", "duan", "fan", "fang", "fei", "feng", "fu", "gao", "ge", "gong", "gu", "guan", "guo", "han", "hao", "he", "hou",
    "hu", "hua", "huang", "ji", "jia", "jiang", "jin", "kang", "kong", "lan", "lei", "li", "liang", "liao", "lin", "liu", "long", "lu",
    "luo", "lv", "ma", "mao", "mei", "meng", "miao", "mu", "ni", "ouyang", "pan", "pang", "peng", "pi", "qi", "qian", "qin", "qiu", "ren",
    "shao", "shen", "shi", "song", "su", "sun", "tan", "tang", "tao", "tian", "wan", "wang", "wei", "wen", "wu", "xia", "xiang", "xiao",
    "xie", "xiong", "xu", "xue", "yan", "yang", "yao", "ye", "yin", "you", "yu", "yuan", "yun", "zhang", "zhao", "zheng", "zhong", "zhou",
    "zhu", "zou",
];

/// What children are called.
const GIVEN: &[&str] = &[
    "bin", "bo", "chao", "chen", "cheng", "chun", "dan", "dong", "fang", "fei", "feng", "gang", "guo", "hai", "han", "hao", "hong", "hua",
    "hui", "jia", "jian", "jie", "jing", "juan", "jun", "kai", "ke", "kun", "lan", "lei", "li", "liang", "lin", "ling", "liu", "long",
    "lu", "mei", "meng", "min", "ming", "mo", "na", "nan", "ning", "peng", "ping", "qi", "qian", "qiang", "qin", "qing", "rong", "rui",
    "shan", "shuai", "song", "tao", "tian", "ting", "tong", "wei", "wen", "xia", "xiang", "xiao", "xin", "xing", "xuan", "xue", "ya",
    "yan", "yang", "yi", "yin", "ying", "yong", "yu", "yuan", "yue", "yun", "ze", "zhe", "zhen", "zhi", "zhong", "zi",
];

/// A family and a given name of one or two syllables, written together.
pub(super) fn is_name(letters: &str) -> bool {
    FAMILIES.iter().filter_map(|family| letters.strip_prefix(*family)).any(is_given)
}

fn is_given(letters: &str) -> bool {
    let second = || GIVEN.iter().filter_map(|first| letters.strip_prefix(*first)).any(|second| GIVEN.contains(&second));
    GIVEN.contains(&letters) || second()
}

/// Families with given names of one syllable.
#[cfg(test)]
pub(super) fn shortest() -> impl Iterator<Item = String> {
    FAMILIES.iter().flat_map(|family| GIVEN.iter().map(move |given| format!("{family}{given}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_what_only_begins_like_one() {
        for name in ["zhangwei", "liyang", "wangxiaoming", "ouyangfeng", "xiaoxiao"] {
            assert!(is_name(name), "{name}");
        }
        for other in ["", "wang", "xiaomin9", "wangxiaomingming", "weizhangq", "Zhangwei"] {
            assert!(!is_name(other), "{other}");
        }
    }
}
