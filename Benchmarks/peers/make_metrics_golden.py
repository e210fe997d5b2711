"""Writes the golden values that the tests of BLEU, chrF and the bootstrap compare with.

    python make_metrics_golden.py [FILE]      default: Tests/ModelsTests/Golden/metrics.json of this checkout

All of them come from sacreBLEU 2.6.0 (`pip install sacrebleu==2.6.0 regex`).
"""

import json
import random
import sys
from pathlib import Path

import numpy
import sacrebleu
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.metrics.bleu import _get_tokenizer
from sacrebleu.significance import _compute_p_value, estimate_ci

# A hypothesis and its references, one to three of them.
SENTENCES = [
    ("The cat sat on the mat.", ["The cat sat on the mat."]),
    ("the cat sat on mat", ["The cat sat on the mat.", "There is a cat on the mat."]),
    ("the the the the the the the", ["The cat is on the mat.", "There is a cat on the mat", "the the"]),
    ("", ["Something should be here."]),
    ("Something that nobody asked for.", [""]),
    ("", [""]),
    ("Good morning to you.", ["", "Good morning."]),
    ("Yes", ["Yes"]),
    ("Yes", ["No", "yes", "Yes."]),
    ("No.", ["Yes!"]),
    ("two words", ["two words", "words two"]),
    ("one two three", ["one two three four", "one two"]),
    ("It costs $1,234.56, i.e. 3.5% more than in 1990-95.", ["It costs $1,234.56: that's 3.5 % more than in 1990-95."]),
    ("Version 2.0.1 of 3,000 units, at 5. And .5 or ,7", ["Version 2.0.1 of 3000 units, at 5. And 0.5 or ,7"]),
    ('He said: "I don\'t know," and left...', ["He said, 'I don't know', and left …", "\"I don't know,\" he said; then he left."]),
    ("She said &quot;R&amp;D&quot; &lt;b&gt; &amp;lt; &apos;x&apos;", ["She said \"R&D\" <b> < 'x'"]),
    ("well-known mother-in-law - a 3-4 win--really", ["well known mother-in-law — a 3 - 4 win, really"]),
    ("a@b.com/c?d=e&f#g_h~i|j{k}[l]\\m^n`o*p+q", ["a@b.com /c?d=e&f #g_h ~i|j {k} [l] \\m^n`o * p + q"]),
    ("Hello <skipped>world ...", ["Hello world....", "Hello, world. . ."]),
    ("broken-\nline and\nanother one-\n", ["broken line and another one-", "brokenline and another one"]),
    ("  many   spaces\tand\ttabs  ", ["many spaces and tabs"]),
    ("Ça m'a l'air d'être un bon plan\u00a0!", ["Ça m’a l’air d’être un bon plan !", "Cela semble être un bon plan\u202f!"]),
    ("« Où est-il ? » demanda-t-elle.", ["«\u00a0Où est‑il\u202f?\u00a0» demanda-t-elle.", "Elle demanda\u00a0: où est-il\u00a0?"]),
    ("Cafe\u0301 au lait", ["Café au lait"]),
    ("Ich weiß nicht, ob GROSSE STRASSEN größer sind.", ["Ich weiß nicht, ob große Straßen GRÖSSER sind.", "ICH WEISS NICHT"]),
    ("ΟΔΟΣ ΤΟΥ ΑΝΘΡΩΠΟΣ, Σ. ΣΑΣ' Α", ["οδος του ανθρωπος, σ. σας' α", "Οδός του Ανθρώπου"]),
    ("İstanbul ve Iğdır", ["i̇stanbul ve ığdır", "İSTANBUL VE IĞDIR"]),
    ("我喜欢吃苹果。", ["我很喜欢吃苹果。", "我爱吃苹果！"]),
    ("今日は、とても天気がいいですね。", ["今日はとてもいい天気ですね。"]),
    ("東京タワー の 高さ は 333 メートル", ["東京タワーの高さは３３３メートルです"]),
    ("저는 학생입니다.", ["나는 학생이다.", "저는 학생이에요."]),
    ("Привет, как дела?", ["Привет! Как у тебя дела?"]),
    ("مرحبا، كيف حالك؟", ["مرحبًا، كيف الحال؟"]),
    ("मैं घर जा रहा हूँ।", ["मैं घर जाता हूँ।"]),
    ("I love it 😀👍🏽 ❤️", ["I love it 😀 👍🏽", "I ❤️ it 😀👍🏽"]),
    ("½ of €5 is £2.50 ± 1° ≈ x²", ["½ of 5€ is 2.50£ ± 1 ° ≈ x²", "Half of €5"]),
    ("(hi) 'quoted' \"double\" (both), ends! !starts - a", ["(hi) “quoted” double both, ends starts a", "( hi ) ' quoted ' \" double \""]),
    ("zero\u200bwidth and\u2028separator and\u001funit", ["zerowidth and separator and unit"]),
    ("of of of of the of the of of", ["of the of the of", "the of of of the the"]),
    ("The quick brown fox jumps over the lazy dog near the bank of the river.", ["A quick brown fox jumped over the lazy dog by the river bank.", "The quick brown fox jumps over a lazy dog near the river."]),
    ("It is a guide to action which ensures that the military always obeys the commands of the party .", ["It is a guide to action that ensures that the military will forever heed Party commands .", "It is the guiding principle which guarantees the military forces always being under the command of the Party .", "It is the practical guide for the army always to heed the directions of the party ."]),
    ("It is to insure the troops forever hearing the activity guidebook that party direct .", ["It is a guide to action that ensures that the military will forever heed Party commands .", "It is the practical guide for the army always to heed the directions of the party ."]),
    ("Tom asked Mary whether she knew John's address.", ["Tom asked Mary if she knew John's address.", "Tom asked Mary whether or not she knew where John lived."]),
    ("completely different text", ["nothing shared here at all"]),
]  # fmt: skip

ALL = list(range(len(SENTENCES)))
# Which sentences, and at most how many of their references.
CORPORA = {
    "all": (ALL, 3),
    "first reference": (ALL, 1),
    "two references": ([i for i in ALL if len(SENTENCES[i][1]) >= 2], 2),
    "short": ([i for i in ALL if len(SENTENCES[i][0].split()) <= 2], 3),
    "no more than pairs": ([7, 8, 9, 10], 3),
    "too long": ([2, 4, 38], 1),
    "nothing right": ([3, 9, 43], 1),
    "no words": ([3, 5], 1),
}

SMOOTHINGS = [("none", None), ("exp", None), ("floor", None), ("floor", 0.5), ("add-k", None), ("add-k", 0.3)]
SETTINGS = [
    dict(tokenize=tokenize, smooth_method=method, smooth_value=value, lowercase=False, effective_order=False)
    for tokenize in ("13a", "intl", "char", "none")
    for method, value in SMOOTHINGS
]
SETTINGS += [
    SETTINGS[1] | dict(lowercase=True),
    SETTINGS[1] | dict(effective_order=True),
    SETTINGS[4] | dict(effective_order=True, lowercase=True),
]
SETTINGS += [SETTINGS[1] | dict(max_ngram_order=order) for order in (1, 2, 3, 5)]
CHRF_SETTINGS = [
    dict(),
    dict(word_order=2),
    dict(word_order=1, lowercase=True),
    dict(whitespace=True),
    dict(char_order=3, beta=1),
    dict(char_order=0, word_order=2, beta=3),
]


def corpus(name):
    """The hypotheses, and references as sacreBLEU wants them: None where a sentence has no more."""
    chosen, most = CORPORA[name]
    hypotheses = [SENTENCES[i][0] for i in chosen]
    references = [SENTENCES[i][1][:most] for i in chosen]
    rows = max(map(len, references))
    return hypotheses, [[r[row] if row < len(r) else None for r in references] for row in range(rows)]


def signature(metric):
    return "|".join(part for part in str(metric.get_signature()).split("|") if not part.startswith("version"))


def bleu_case(settings):
    metric, corpora = BLEU(**settings), {}
    for name in CORPORA:
        score = metric.corpus_score(*corpus(name))
        corpora[name] = dict(
            score=score.score, precisions=score.precisions, bp=score.bp, ratio=score.ratio,
            text=str(score), signature=signature(metric),
        )  # fmt: skip
    by_sentence = BLEU(**settings | dict(effective_order=True))
    sentences = [by_sentence.sentence_score(h, refs).score for h, refs in SENTENCES]
    return dict(settings=settings, corpora=corpora, sentences=sentences)


def chrf_case(settings):
    metric, corpora = CHRF(**settings), {}
    for name in CORPORA:
        score = metric.corpus_score(*corpus(name))
        corpora[name] = dict(score=score.score, name=score.name, signature=signature(metric))
    sentences = [metric.sentence_score(h, refs).score for h, refs in SENTENCES]
    return dict(settings=settings, corpora=corpora, sentences=sentences)


def bootstrap_case(metric, resamples=60):
    """Two systems on the same resamples, as `sacrebleu --paired-bs` computes them, with the draws."""
    generator = random.Random(601479)
    first, references = corpus("all")
    # The second system lacks some words of the references that the first has, and has some that it lacks.
    second = []
    for hypothesis, refs in SENTENCES:
        words = (hypothesis if generator.random() < 0.9 else refs[0]).split()
        second.append(" ".join(word for word in words if generator.random() < 0.9))
    draws = numpy.random.default_rng(601480).choice(len(first), size=(resamples, len(first)))
    stats = [numpy.array(metric._extract_corpus_statistics(s, references)) for s in (first, second)]
    whole = [metric._compute_score_from_stats(s.sum(0)).score for s in stats]
    scores = [numpy.array([metric._compute_score_from_stats(s[d].sum(0)).score for d in draws]) for s in stats]
    differences = numpy.abs(scores[1] - scores[0])
    estimates = [dict(zip(("mean", "ci"), map(float, estimate_ci(s)))) for s in scores]
    return dict(
        second=second, draws=draws.tolist(), scores=[float(w) for w in whole], estimates=estimates,
        p=_compute_p_value(differences - differences.mean(), abs(whole[1] - whole[0])),
    )  # fmt: skip


def rounded(value):
    """All numbers in it to ten places; the tests leave room for 10⁻⁹."""
    if isinstance(value, dict):
        return {key: rounded(of) for key, of in value.items()}
    if isinstance(value, list):
        return [rounded(of) for of in value]
    return round(value, 10) if isinstance(value, float) else value


def main():
    assert sacrebleu.__version__ == "2.6.0", sacrebleu.__version__
    here = Path(__file__).resolve().parents[2] / "Tests" / "ModelsTests" / "Golden" / "metrics.json"
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else here
    file.parent.mkdir(parents=True, exist_ok=True)
    texts = [text for hypothesis, references in SENTENCES for text in [hypothesis, *references]]
    golden = dict(
        about=f"sacrebleu {sacrebleu.__version__}",
        sentences=[dict(hypothesis=h, references=r) for h, r in SENTENCES],
        corpora={name: dict(sentences=s, references=most) for name, (s, most) in CORPORA.items()},
        tokens={
            name: [_get_tokenizer(name)()(text.rstrip()).split() for text in texts]
            for name in ("13a", "intl")
        },
        bleu=[bleu_case(settings) for settings in SETTINGS],
        chrf=[chrf_case(settings) for settings in CHRF_SETTINGS],
        bootstrap=dict(bleu=bootstrap_case(BLEU()), chrf=bootstrap_case(CHRF(word_order=2))),
    )
    # One case a line, so that a change can be read.
    text = json.dumps(rounded(golden), ensure_ascii=False, separators=(",", ":"))
    for opening in ('{"settings"', '{"hypothesis"', '"tokens"', '"bleu"', '"chrf"', '"bootstrap"'):
        text = text.replace(opening, "\n" + opening)
    file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
