"""Fine-tunes teachers, and labels text with the mean of their probabilities.

  python teacher.py train    --data DIR --tokenizer FILE --onnx FILE --fold 0 --run RUN
  python teacher.py evaluate --data DIR --tokenizer FILE --run RUN...
  python teacher.py predict  --data DIR --tokenizer FILE --run RUN... --out OUT

`train` tunes an encoder on the labelled sets, one head per set, and saves RUN/teacher.pt every few
minutes; the same command continues a stopped run. It leaves out one fold of four of the texts.
`predict` reads the same sets and unlabelled text, and writes one TSV per source into OUT, with columns
`p_negative`, `p_neutral` and `p_positive`. A text that teachers learnt from is labelled by those that
did not: the others know its label by heart. The recipe config/train/en-chat.yaml reads those files.
README.md beside this file has versions and scores.
"""

import argparse
import html
import os
import random
import re
import time
import zlib

import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

import bert

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2
TASKS = {"movies": 3, "reviews": 3, "tweets": 3, "moods": 3, "reddit": 3, "chat": 3,
         "sarcasm": 2, "irony": 2}
FOLDS = 4
MAX_TOKENS = 128
CONTEXT = 400  # characters of a conversation before an answer
BATCH_TOKENS = 4096  # padding included
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def normal(text):
    """Entities, masks and the spacing of tokenised sets, as bge's own training text has them."""
    text = html.unescape(html.unescape(text)).replace("`", "'").replace("\\'", "'")
    text = re.sub(r"https?://\S+|www\.\S+", "http", text)
    text = re.sub(r"@\w+", "@user", text)
    text = text.replace("-lrb-", "(").replace("-rrb-", ")")
    text = re.sub(r" (n't|'s|'re|'ve|'ll|'m|'d)\b", r"\1", text)
    text = re.sub(r" ([,.!?;:)])", r"\1", text)
    return re.sub(r"\s+", " ", text).strip()


def rows(data, name):
    """The rows of a TSV file as dictionaries; other line ends than LF are blanks."""
    with open(os.path.join(data, name), encoding="utf-8", newline="\n") as file:
        columns = file.readline().rstrip("\n").split("\t")
        for line in file:
            yield dict(zip(columns, line.rstrip("\n").replace("\r", " ").split("\t")))


PAIR = {"0": NEGATIVE, "1": POSITIVE}
THREE = {"0": NEGATIVE, "1": NEUTRAL, "2": POSITIVE}
NAMES = {"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE}
FINE = {"0": 0, "1": 0, "2": 1, "3": 2, "4": 2}
CHAT = {"angry": NEGATIVE, "sad": NEGATIVE, "happy": POSITIVE}
BOTH = (NEGATIVE, POSITIVE)  # the classes of sets without neutral ones


def simple(data, name, task, labels, column="label", classes=None):
    for row in rows(data, name):
        if row[column] in labels:
            yield task, normal(row["text"]), labels[row[column]], classes


def with_context(table):
    """Each row of a set of conversations, and its text after those before it."""
    before, conversation = "", None
    for row in table:
        if row["conversation"] != conversation:
            conversation, before = row["conversation"], ""
        text = normal(row["text"])
        yield row, (before[-CONTEXT:] + " [SEP] " + text if before else text)
        before = (before + " " + text).strip()


def answers(data, name):
    """Each answer of the sarcasm set, after its conversation."""
    for row, text in with_context(rows(data, name)):
        if row["label"]:
            yield row["set"], text, int(row["label"] == "sarcasm")


def training(data):
    yield from simple(data, "sst2/glue_train.tsv", "movies", PAIR, classes=BOTH)
    yield from simple(data, "sst2/fine_train.tsv", "movies", FINE)
    yield from simple(data, "cr/custrev.tsv", "reviews", PAIR, classes=BOTH)
    yield from simple(data, "semeval-twitter/train_2013-2016.tsv", "tweets", THREE)
    yield from simple(data, "figure-eight-tweets/train.tsv", "moods", NAMES)
    yield from simple(data, "goemotions/train.tsv", "reddit", NAMES, column="sentiment")
    for row in rows(data, "emocontext/train.tsv"):
        if row["label"] in CHAT:
            turns = " [SEP] ".join(normal(row[f"turn{i}"]) for i in (1, 2, 3))
            yield "chat", turns, CHAT[row["label"]], BOTH
    for _, text, label in answers(data, "sarcasm/train.tsv"):
        yield "sarcasm", text, label, None
    yield from simple(data, "irony/train.tsv", "irony", {"0": 0, "1": 1})


def dev(data):
    yield "sst2", list(simple(data, "sst2/glue_dev.tsv", "movies", PAIR, classes=BOTH))
    yield "tweets", list(simple(data, "semeval-twitter/tweeteval_val_clean.tsv", "tweets", THREE))
    yield "moods", list(simple(data, "figure-eight-tweets/dev.tsv", "moods", NAMES))
    yield "reddit", list(simple(data, "goemotions/dev.tsv", "reddit", NAMES, column="sentiment"))
    yield "irony", list(simple(data, "irony/dev.tsv", "irony", {"0": 0, "1": 1}))
    answered = list(answers(data, "sarcasm/dev.tsv"))
    for part in ("reddit", "twitter"):
        chosen = [("sarcasm", text, label, None) for s, text, label in answered if s == part]
        yield "sarcasm-" + part, chosen


def fold_of(text):
    """The fold of a text; texts that differ only in case are the same for an uncased encoder."""
    return zlib.crc32(text.lower().encode()) % FOLDS


class Batches:
    """Texts as token ids, in batches of similar length."""

    def __init__(self, tokenizer, texts):
        self.ids = []
        for at in range(0, len(texts), 4096):
            self.ids += [e.ids for e in tokenizer.encode_batch(texts[at:at + 4096])]

    def order(self, shuffle=None, limit=BATCH_TOKENS):
        at = list(range(len(self.ids)))
        if shuffle is not None:
            shuffle.shuffle(at)
        pools = [at[i:i + 8192] for i in range(0, len(at), 8192)]
        batches = []
        for pool in pools:
            pool.sort(key=lambda i: len(self.ids[i]))
            batch = []
            for i in pool:
                if batch and (len(batch) + 1) * len(self.ids[i]) > limit:
                    batches.append(batch)
                    batch = []
                batch.append(i)
            batches.append(batch)
        if shuffle is not None:
            shuffle.shuffle(batches)
        return batches

    def tensors(self, batch):
        """(N, T) ids and (N) lengths."""
        lengths = torch.tensor([len(self.ids[i]) for i in batch])
        ids = torch.zeros(len(batch), int(lengths.max()), dtype=torch.long)
        for row, i in enumerate(batch):
            ids[row, :len(self.ids[i])] = torch.tensor(self.ids[i])
        return ids.to(DEVICE), lengths.to(DEVICE)


def features(teacher, tensors, dropout=0.0):
    with torch.autocast(DEVICE, torch.bfloat16):
        return teacher.features(*tensors, dropout).float()


def without_absent(logits, classes):
    """(N, 3) logits without the classes that a set does not have."""
    absent = torch.tensor([[c is not None and k not in c for k in range(logits.shape[1])]
                           for c in classes], device=logits.device)
    return logits.masked_fill(absent, -1e4)


def loss_of(teacher, batches, examples, batch):
    read = features(teacher, batches.tensors(batch), 0.1)
    total = 0
    for task in sorted({examples[i][0] for i in batch}):
        at = [r for r, i in enumerate(batch) if examples[i][0] == task]
        chosen = [examples[batch[r]] for r in at]
        logits = without_absent(teacher.heads[task](read[at]), [e[3] for e in chosen])
        labels = torch.tensor([e[2] for e in chosen], device=DEVICE)
        total = total + F.cross_entropy(logits, labels, reduction="sum")
    return total / len(batch)


def auroc(scores, labels):
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    positives = sum(labels)
    ranks = sum(r for r, i in enumerate(order, 1) if labels[i])
    return (ranks - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))


def evaluate(teachers, tokenizer, data):
    """Prints the scores of the mean of all `teachers`, (fold, teacher); none learnt a dev set."""
    for _, teacher in teachers:
        teacher.eval()
    for name, examples in dev(data):
        task, _, _, classes = examples[0]  # the same for all of a set
        p = mixture(teachers, tokenizer, [e[1] for e in examples], [None] * len(examples), (task,),
                    classes, name)
        labels = [e[2] for e in examples]
        guesses = [max(range(len(x)), key=x.__getitem__) for x in p]
        accuracy = sum(g == y for g, y in zip(guesses, labels)) / len(labels)
        recalls, f1s = [], []
        for k in sorted(set(labels)):
            hits = sum(g == y == k for g, y in zip(guesses, labels))
            recalls.append(hits / labels.count(k))
            f1s.append(2 * hits / (labels.count(k) + guesses.count(k)))
        extra = f" auroc {100 * auroc([x[1] for x in p], labels):.1f}" if len(p[0]) == 2 else ""
        print(f"  {name:16} accuracy {100 * accuracy:.2f} macro recall "
              f"{100 * sum(recalls) / len(recalls):.2f} macro F1 {100 * sum(f1s) / len(f1s):.2f}"
              + extra, flush=True)


def open_tokenizer(path):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS, direction="left")  # an answer is the end of its text
    return tokenizer


def train(args):
    torch.manual_seed(args.seed)
    tokenizer = open_tokenizer(args.tokenizer)
    weights = bert.read_onnx(args.onnx)
    layers = bert.layers_of(weights)
    teacher = bert.Teacher(TASKS, layers)
    bert.load(teacher, weights)
    teacher.to(DEVICE)
    settings = {"fold": args.fold, "seed": args.seed, "epochs": args.epochs, "lr": args.lr}
    heads = {id(p) for p in teacher.heads.parameters()}
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in teacher.parameters() if id(p) not in heads], "lr": args.lr},
         {"params": list(teacher.heads.parameters()), "lr": 10 * args.lr}],
        weight_decay=0.01, fused=True)
    examples = [e for e in training(args.data) if fold_of(e[1]) != args.fold]
    batches = Batches(tokenizer, [e[1] for e in examples])
    order = []
    for epoch in range(args.epochs):
        order += batches.order(random.Random(args.seed * 31 + epoch))
    total = len(order)
    warmup = max(1, total // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warmup, max(0.01, (total - s) / (total - warmup))))
    path = os.path.join(args.run, "teacher.pt")
    os.makedirs(args.run, exist_ok=True)
    step = 0
    if os.path.exists(path):
        saved = torch.load(path, weights_only=True, map_location=DEVICE)
        if saved["settings"] != settings:
            raise SystemExit(f"{path} was trained with {saved['settings']}, found {settings}: "
                             "name another --run")
        teacher.load_state_dict(saved["teacher"])
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        step = saved["step"]

    def save():
        if not all(p.isfinite().all() for p in teacher.parameters()):
            raise SystemExit(f"a weight is not a number at step {step}: delete {args.run} and use "
                             "a lower --lr")
        torch.save({"teacher": teacher.state_dict(), "optimizer": optimizer.state_dict(),
                    "schedule": schedule.state_dict(), "step": step, "total": total,
                    "layers": layers, "settings": settings}, path + ".tmp")
        os.replace(path + ".tmp", path)

    print(f"{len(examples)} examples, {total} steps, from step {step}, on {DEVICE}", flush=True)
    teacher.train()
    started = saved_at = time.time()
    first, losses = step, []
    while step < total:
        loss = loss_of(teacher, batches, examples, order[step])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        step += 1
        losses.append(loss.detach())
        if step % 100 == 0:
            left = (time.time() - started) / (step - first) * (total - step) / 60
            print(f"step {step}/{total} loss {torch.stack(losses).mean().item():.4f}, "
                  f"{left:.1f} min left", flush=True)
            losses = []
        if time.time() - saved_at > 300:
            save()
            saved_at = time.time()
    save()
    evaluate([(args.fold, teacher)], tokenizer, args.data)


GENERAL = ("tweets", "moods", "reddit")  # their mean labels text of no labelled set


def sentences(review):
    """The sentences of a review of 4 to 40 words."""
    text = re.sub(r"<[^>]*>", " ", review)
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        if 4 <= len(sentence.split()) <= 40:
            yield sentence.strip()


def reviews(data, count, seed=1):
    """Sentences of unlabelled reviews, about as many of each; none twice."""
    with open(os.path.join(data, "imdb/unsup.txt"), encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    chosen = random.Random(seed)
    chosen.shuffle(lines)
    found = {}
    left = [list(sentences(line)) for line in lines]
    while len(found) < count and any(left):
        for candidates in left:
            if candidates:
                found[candidates.pop(chosen.randrange(len(candidates))).replace("\t", " ")] = True
    return [{"text": text} for text in list(found)[:count]]


WHOLE = "whole"  # not written: the text that a fragment is a part of


def varied(table, copies, seed):
    """Rows with a part of a text: half of its words or more in a row, a tenth of them left out."""
    chosen = random.Random(seed)
    made = []
    for row in table:
        words = row["text"].split()
        for _ in range(copies if len(words) >= 6 else 0):
            length = chosen.randint((len(words) + 1) // 2, len(words))
            start = chosen.randint(0, len(words) - length)
            part = [w for w in words[start:start + length] if chosen.random() >= 0.1]
            if len(part) >= 3:
                made.append({"text": " ".join(part), WHOLE: row["text"]})
    chosen.shuffle(made)
    return made


def sources(data):
    """(name, rows, heads): what is labelled."""
    tweets = list(rows(data, "semeval-twitter/train_2013-2016.tsv"))
    comments = list(rows(data, "goemotions/train.tsv"))
    yield "sst2", list(rows(data, "sst2/glue_train.tsv")), ("movies",)
    yield "sst-sentences", list(rows(data, "sst2/fine_train.tsv")), ("movies",)
    yield "sst-varied", varied(list(rows(data, "sst2/fine_train.tsv")), 4, 1), ("movies",)
    yield "reviews", list(rows(data, "cr/custrev.tsv")), ("reviews",)
    yield "tweets", tweets, ("tweets",)
    yield "tweets-varied", varied(tweets, 1, 2), ("tweets",)
    yield "goemotions", comments, ("reddit",)
    yield "goemotions-varied", varied(comments, 1, 3), ("reddit",)
    yield "moods", list(rows(data, "figure-eight-tweets/train.tsv")), ("moods",)
    yield "sarcasm", list(rows(data, "sarcasm/train.tsv")), GENERAL
    yield "irony", list(rows(data, "irony/train.tsv")), GENERAL
    yield "customer-care", list(rows(data, "customer-care/unlabelled.tsv")), GENERAL
    yield "topical-chat", list(rows(data, "topical-chat/valid_freq.tsv")), GENERAL
    yield "assistant", list(rows(data, "assistant-dialogues/train.tsv"))[:10000], GENERAL
    yield "imdb-sentences", reviews(data, 200000), ("movies",)


CLASSES = {"reviews": BOTH}  # of the sets that lack one; the head's other output is not trained


def sarcasm_texts(name, table):
    """What the heads for sarcasm and irony read of a source, or None."""
    if name == "sarcasm":
        return [("sarcasm", text) for _, text in with_context(table)]
    if name == "irony":
        return [("irony", normal(row["text"])) for row in table]
    return None


def adjusted(name, row, p, sarcasm):
    """What is known beside the teachers' opinion: (negative, neutral, positive).

    Sarcastic answers and ironic tweets mean the opposite of praise, which the heads for sentiment do
    not know. Half of it is the label, half the opinion of the teachers that did not learn from it.
    People and services that arrange something are polite, not happy.
    """
    if sarcasm is not None and row["label"]:
        labelled = row["label"] in ("sarcasm", "1")
        return blend(p, (1.0, 0.0, 0.0), 0.75 * (0.5 * labelled + 0.5 * sarcasm))
    if name == "assistant":
        return blend(p, (0.0, 1.0, 0.0), 0.9 if row["speaker"] == "system" else 0.6)
    return p


def blend(p, q, share):
    return [(1 - share) * a + share * b for a, b in zip(p, q)]


@torch.no_grad()
def mixture(teachers, tokenizer, texts, folds, heads, classes, progress):
    """(N) lists: the mean of the heads' probabilities over the teachers that left a text's fold out.

    `folds` has None for texts that no teacher learnt from; every teacher is asked for those.
    """
    batches = Batches(tokenizer, texts)
    result = [None] * len(texts)
    order = batches.order(limit=16 * BATCH_TOKENS if DEVICE == "cuda" else BATCH_TOKENS)
    started = time.time()
    for count, batch in enumerate(order, 1):
        sums, answers = [0] * len(batch), [0] * len(batch)
        for fold, teacher in teachers:
            at = [r for r, i in enumerate(batch) if folds[i] in (None, fold)]
            if at:
                read = features(teacher, batches.tensors([batch[r] for r in at]))
                p = torch.stack([without_absent(teacher.heads[h](read), [classes] * len(at))
                                 .softmax(1) for h in heads]).mean(0).cpu()
                for r, values in zip(at, p):
                    sums[r], answers[r] = sums[r] + values, answers[r] + 1
        for r, i in enumerate(batch):
            result[i] = (sums[r] / answers[r]).tolist()
        if count % 50 == 0:
            left = (time.time() - started) / count * (len(order) - count) / 60
            print(f"{progress}: {count}/{len(order)} batches, {left:.1f} min left", flush=True)
    return result


def predict(args):
    teachers = load_all(args.run)
    missing = set(range(FOLDS)) - {fold for fold, _ in teachers}
    if missing:
        raise SystemExit(f"no teacher leaves out fold {sorted(missing)}: train one with --fold")
    tokenizer = open_tokenizer(args.tokenizer)
    os.makedirs(args.out, exist_ok=True)
    learnt = {text for _, text, _, _ in training(args.data)}

    def folds(texts):
        return [fold_of(text) if text in learnt else None for text in texts]

    for name, table, heads in sources(args.data):
        path = os.path.join(args.out, name + ".tsv")
        if os.path.exists(path):
            print(f"kept {path}: delete it to label it again", flush=True)
            continue
        read = sarcasm_texts(name, table)
        whole = [normal(row.get(WHOLE, row["text"])) for row in table]
        known = folds(whole if read is None else [text for _, text in read])
        p = mixture(teachers, tokenizer, [normal(row["text"]) for row in table], known, heads,
                    CLASSES.get(name), name)
        sarcasm = [None] * len(table)
        if read is not None:
            answers = mixture(teachers, tokenizer, [text for _, text in read], known,
                              (read[0][0],), None, name)
            sarcasm = [values[1] for values in answers]
        with open(path + ".tmp", "w", encoding="utf-8", newline="\n") as file:
            columns = [column for column in table[0] if column != WHOLE]
            print(*columns, "p_negative", "p_neutral", "p_positive", sep="\t", file=file)
            for row, values, s in zip(table, p, sarcasm):
                values = adjusted(name, row, values, s)
                print(*(row[c] for c in columns), *(f"{v:.4f}" for v in values), sep="\t",
                      file=file)
        os.replace(path + ".tmp", path)
        print(f"{path}: {len(table)} rows", flush=True)


def load_all(runs):
    """(fold, teacher) of each run's folder."""
    teachers = []
    for run in runs:
        saved = torch.load(os.path.join(run, "teacher.pt"), weights_only=True, map_location=DEVICE)
        if saved["step"] < saved["total"]:
            raise SystemExit(f"{run} is not finished: start its train command again")
        teacher = bert.Teacher(TASKS, saved["layers"])
        teacher.load_state_dict(saved["teacher"])
        teachers.append((saved["settings"]["fold"], teacher.to(DEVICE).eval()))
    return teachers


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["train", "evaluate", "predict"])
    parser.add_argument("--data", required=True, help="the folder of data sets")
    parser.add_argument("--tokenizer", required=True, help="tokenizer.json of the encoder")
    parser.add_argument("--run", required=True, nargs="+",
                        help="folders of tuned teachers; one for train")
    parser.add_argument("--onnx", help="the encoder's ONNX file, for train")
    parser.add_argument("--fold", type=int, choices=range(FOLDS),
                        help="the fold that train leaves out")
    parser.add_argument("--out", help="the folder that predict writes")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.command == "train":
        if args.onnx is None or args.fold is None or len(args.run) != 1:
            parser.error("train needs --onnx, --fold and one --run")
        args.run = args.run[0]
        train(args)
    elif args.command == "predict":
        if args.out is None:
            parser.error("predict needs --out")
        predict(args)
    else:
        evaluate(load_all(args.run), open_tokenizer(args.tokenizer), args.data)


if __name__ == "__main__":
    main()
