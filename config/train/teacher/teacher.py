"""Fine-tunes a teacher, and labels text with its probabilities.

  python teacher.py train   --data DIR --onnx FILE --tokenizer FILE --run RUN
  python teacher.py predict --data DIR --tokenizer FILE --run RUN --out OUT

`train` tunes bge-small-en-v1.5 on the labelled sets, one head per set, and saves RUN/teacher.pt every
few minutes; the same command continues a stopped run. `predict` reads the same sets and unlabelled
text, and writes one TSV per source into OUT, with columns `negative`, `neutral` and `positive`. The
recipe config/train/en-chat.yaml reads those files. README.md beside this file has versions and scores.
"""

import argparse
import html
import math
import os
import random
import re
import time

import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

from bert import Teacher, load_onnx

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2
TASKS = {"movies": 3, "reviews": 3, "tweets": 3, "moods": 3, "reddit": 3, "chat": 3,
         "sarcasm": 2, "irony": 2}
FROZEN = 4  # layers that are not tuned, and the embeddings: a third cheaper
MAX_TOKENS = 96
BATCH_TOKENS = 4096  # padding included


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


def dialogues(data, name):
    """Each answer of the sarcasm set, after the message before it."""
    before, conversation = "", None
    for row in rows(data, name):
        if row["conversation"] != conversation:
            conversation, before = row["conversation"], ""
        text = normal(row["text"])
        if row["label"]:
            yield row["set"], before[-160:] + " [SEP] " + text, int(row["label"] == "sarcasm")
        before = text


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
    for _, text, label in dialogues(data, "sarcasm/train.tsv"):
        yield "sarcasm", text, label, None
    yield from simple(data, "irony/train.tsv", "irony", {"0": 0, "1": 1})


def dev(data):
    yield "sst2", list(simple(data, "sst2/glue_dev.tsv", "movies", PAIR, classes=BOTH))
    yield "tweets", list(simple(data, "semeval-twitter/tweeteval_val_clean.tsv", "tweets", THREE))
    yield "moods", list(simple(data, "figure-eight-tweets/dev.tsv", "moods", NAMES))
    yield "reddit", list(simple(data, "goemotions/dev.tsv", "reddit", NAMES, column="sentiment"))
    yield "irony", list(simple(data, "irony/dev.tsv", "irony", {"0": 0, "1": 1}))
    answers = list(dialogues(data, "sarcasm/dev.tsv"))
    for part in ("reddit", "twitter"):
        chosen = [("sarcasm", text, label, None) for s, text, label in answers if s == part]
        yield "sarcasm-" + part, chosen


class Batches:
    """Texts as token ids, in batches of similar length."""

    def __init__(self, tokenizer, examples):
        self.ids = []
        for at in range(0, len(examples), 4096):
            encoded = tokenizer.encode_batch([e[1] for e in examples[at:at + 4096]])
            self.ids += [e.ids for e in encoded]
        self.examples = examples

    def order(self, shuffle):
        at = list(range(len(self.ids)))
        if shuffle is not None:
            shuffle.shuffle(at)
        pools = [at[i:i + 8192] for i in range(0, len(at), 8192)]
        batches = []
        for pool in pools:
            pool.sort(key=lambda i: len(self.ids[i]))
            batch = []
            for i in pool:
                if batch and (len(batch) + 1) * len(self.ids[i]) > BATCH_TOKENS:
                    batches.append(batch)
                    batch = []
                batch.append(i)
            batches.append(batch)
        if shuffle is not None:
            shuffle.shuffle(batches)
        return batches

    def tensors(self, batch):
        lengths = torch.tensor([len(self.ids[i]) for i in batch])
        ids = torch.zeros(len(batch), int(lengths.max()), dtype=torch.long)
        for row, i in enumerate(batch):
            ids[row, :len(self.ids[i])] = torch.tensor(self.ids[i])
        return ids, lengths


def loss_of(teacher, batches, batch):
    with torch.autocast("cpu", torch.bfloat16):
        features = teacher.features(*batches.tensors(batch), 0.0)
    features = F.dropout(features.float(), 0.1, teacher.training)
    total = 0
    for task in sorted({batches.examples[i][0] for i in batch}):
        at = [r for r, i in enumerate(batch) if batches.examples[i][0] == task]
        logits = teacher.heads[task](features[at])
        for r, row in enumerate(at):
            classes = batches.examples[batch[row]][3]
            if classes is not None:
                absent = [k for k in range(3) if k not in classes]
                logits = logits.index_put(
                    (torch.tensor([r]), torch.tensor(absent)), torch.tensor(-1e4))
        labels = torch.tensor([batches.examples[batch[r]][2] for r in at])
        total = total + F.cross_entropy(logits, labels, reduction="sum")
    return total / len(batch)


@torch.no_grad()
def probabilities(teacher, tokenizer, examples):
    """(N) lists of class probabilities, one for the task of each example."""
    teacher.eval()
    batches = Batches(tokenizer, examples)
    result = [None] * len(examples)
    for batch in batches.order(None):
        with torch.autocast("cpu", torch.bfloat16):
            features = teacher.features(*batches.tensors(batch), 0.0)
        features = features.float()
        for row, i in enumerate(batch):
            task, _, _, classes = examples[i]
            logits = teacher.heads[task](features[row])
            if classes is not None:
                logits[[k for k in range(3) if k not in classes]] = -1e4
            result[i] = logits.softmax(0).tolist()
    teacher.train()
    return result


def auroc(scores, labels):
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    positives = sum(labels)
    ranks = sum(r for r, i in enumerate(order, 1) if labels[i])
    return (ranks - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))


def evaluate(teacher, tokenizer, data):
    for name, examples in dev(data):
        p = probabilities(teacher, tokenizer, examples)
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
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def train(args):
    torch.manual_seed(args.seed)
    tokenizer = open_tokenizer(args.tokenizer)
    teacher = Teacher(TASKS)
    load_onnx(teacher, args.onnx)
    for part in (teacher.words, teacher.positions, teacher.kinds, teacher.norm,
                 *teacher.layers[:FROZEN]):
        part.requires_grad_(False)
    tuned = [p for p in teacher.parameters() if p.requires_grad]
    heads = {id(p) for p in teacher.heads.parameters()}
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in tuned if id(p) not in heads], "lr": args.lr},
         {"params": list(teacher.heads.parameters()), "lr": 10 * args.lr}],
        weight_decay=0.01, fused=True)
    batches = Batches(tokenizer, list(training(args.data)))
    order = []
    for epoch in range(math.ceil(args.epochs)):
        read = batches.order(random.Random(args.seed * 31 + epoch))
        order += read[:round(min(1, args.epochs - epoch) * len(read))]
    total = len(order)
    warmup = total // 20
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warmup, max(0.01, (total - s) / (total - warmup))))
    path = os.path.join(args.run, "teacher.pt")
    os.makedirs(args.run, exist_ok=True)
    step = 0
    if os.path.exists(path):
        saved = torch.load(path, weights_only=True)
        teacher.load_state_dict(saved["teacher"])
        optimizer.load_state_dict(saved["optimizer"])
        schedule.load_state_dict(saved["schedule"])
        step = saved["step"]

    def save():
        torch.save({"teacher": teacher.state_dict(), "optimizer": optimizer.state_dict(),
                    "schedule": schedule.state_dict(), "step": step}, path + ".tmp")
        os.replace(path + ".tmp", path)

    print(f"{len(batches.examples)} examples, {total} steps, from step {step}", flush=True)
    teacher.train()
    started = saved_at = time.time()
    first, mean = step, math.nan
    while step < total:
        loss = loss_of(teacher, batches, order[step])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tuned, 1.0)
        optimizer.step()
        schedule.step()
        step += 1
        value = loss.item()
        mean = value if math.isnan(mean) else 0.99 * mean + 0.01 * value
        if step % 50 == 0:
            left = (time.time() - started) / (step - first) * (total - step) / 60
            print(f"step {step}/{total} loss {mean:.4f}, {left:.0f} min left", flush=True)
        if step % (total // 4) == 0:
            evaluate(teacher, tokenizer, args.data)
        if time.time() - saved_at > 300:
            save()
            saved_at = time.time()
    save()
    evaluate(teacher, tokenizer, args.data)


GENERAL = ("tweets", "moods", "reddit")  # their mean labels text of no labelled set


def sentences(review):
    """The sentences of a review of 4 to 40 words."""
    text = re.sub(r"<[^>]*>", " ", review)
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        if 4 <= len(sentence.split()) <= 40:
            yield sentence.strip()


def reviews(data, count, seed=1):
    """One sentence of each of `count` unlabelled reviews."""
    with open(os.path.join(data, "imdb/unsup.txt"), encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    chosen = random.Random(seed)
    chosen.shuffle(lines)
    found = []
    for at in range(count):
        candidates = list(sentences(lines[at % len(lines)]))
        if candidates:
            found.append({"text": chosen.choice(candidates).replace("\t", " ")})
    return found


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
                made.append({"text": " ".join(part)})
    chosen.shuffle(made)
    return made


def sources(data):
    """(name, rows, heads): what is labelled, the most useful first."""
    yield "sst2", list(rows(data, "sst2/glue_train.tsv")), ("movies",)
    yield "sst-sentences", list(rows(data, "sst2/fine_train.tsv")), ("movies",)
    yield "reviews", list(rows(data, "cr/custrev.tsv")), ("reviews",)
    yield "tweets", list(rows(data, "semeval-twitter/train_2013-2016.tsv")), ("tweets",)
    yield "goemotions", list(rows(data, "goemotions/train.tsv")), ("reddit",)
    yield "moods", list(rows(data, "figure-eight-tweets/train.tsv")), ("moods",)
    yield "sst-varied", varied(list(rows(data, "sst2/fine_train.tsv")), 4, 1), ("movies",)
    yield "tweets-varied", varied(list(rows(data, "semeval-twitter/train_2013-2016.tsv")), 1, 2), (
        "tweets",)
    answers = [row for row in rows(data, "sarcasm/train.tsv") if row["set"] == "twitter"]
    yield "sarcasm", answers, GENERAL  # those on Reddit could not be learnt
    yield "irony", list(rows(data, "irony/train.tsv")), GENERAL
    yield "customer-care", list(rows(data, "customer-care/unlabelled.tsv")), GENERAL
    yield "assistant", list(rows(data, "assistant-dialogues/train.tsv"))[:10000], GENERAL
    yield "imdb-sentences", reviews(data, 15000), ("movies",)
    yield "goemotions-varied", varied(list(rows(data, "goemotions/train.tsv")), 1, 3), ("reddit",)


def adjusted(name, row, p):
    """What is known beside the teacher's opinion: (negative, neutral, positive).

    Sarcastic answers and ironic tweets mean the opposite of praise, which the heads for sentiment do
    not know. People and services that arrange something are polite, not happy.
    """
    if name == "sarcasm" and row["label"] == "sarcasm":
        return blend(p, (1.0, 0.0, 0.0), 0.75)
    if name == "irony" and row["label"] == "1":
        return blend(p, (1.0, 0.0, 0.0), 0.6)
    if name == "assistant":
        return blend(p, (0.0, 1.0, 0.0), 0.9 if row["speaker"] == "system" else 0.6)
    return p


def blend(p, q, share):
    return [(1 - share) * a + share * b for a, b in zip(p, q)]


@torch.no_grad()
def mixture(teacher, tokenizer, texts, heads, progress):
    """(N, 3) the mean of the heads' probabilities."""
    batches = Batches(tokenizer, [(None, text, None, None) for text in texts])
    result = [None] * len(texts)
    order = batches.order(None)
    started = time.time()
    for count, batch in enumerate(order, 1):
        with torch.autocast("cpu", torch.bfloat16):
            features = teacher.features(*batches.tensors(batch), 0.0)
        features = features.float()
        p = torch.stack([teacher.heads[h](features).softmax(1) for h in heads]).mean(0)
        for i, values in zip(batch, p.tolist()):
            result[i] = values
        if count % 50 == 0:
            left = (time.time() - started) / count * (len(order) - count) / 60
            print(f"{progress}: {count}/{len(order)} batches, {left:.0f} min left", flush=True)
    return result


def predict(args):
    teacher = load(args.run)
    teacher.eval()
    tokenizer = open_tokenizer(args.tokenizer)
    os.makedirs(args.out, exist_ok=True)
    for name, table, heads in sources(args.data):
        path = os.path.join(args.out, name + ".tsv")
        if os.path.exists(path):
            continue  # of an earlier run that was stopped
        p = mixture(teacher, tokenizer, [normal(row["text"]) for row in table], heads, name)
        with open(path + ".tmp", "w", encoding="utf-8", newline="\n") as file:
            columns = list(table[0])
            print(*columns, "p_negative", "p_neutral", "p_positive", sep="\t", file=file)
            for row, values in zip(table, p):
                values = adjusted(name, row, values)
                print(*(row[c] for c in columns), *(f"{v:.4f}" for v in values), sep="\t",
                      file=file)
        os.replace(path + ".tmp", path)
        print(f"{path}: {len(table)} rows", flush=True)


def load(run):
    teacher = Teacher(TASKS)
    saved = torch.load(os.path.join(run, "teacher.pt"), weights_only=True)
    teacher.load_state_dict(saved["teacher"])
    return teacher


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["train", "evaluate", "predict"])
    parser.add_argument("--data", required=True, help="the folder of data sets")
    parser.add_argument("--onnx", help="bge-small-en-v1.5.onnx, for train")
    parser.add_argument("--tokenizer", required=True, help="bge-small-en-v1.5-tokenizer.json")
    parser.add_argument("--run", required=True, help="the folder of the tuned teacher")
    parser.add_argument("--out", help="the folder that predict writes")
    parser.add_argument("--epochs", type=float, default=0.6)
    parser.add_argument("--lr", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.command == "train":
        train(args)
    elif args.command == "predict":
        predict(args)
    else:
        evaluate(load(args.run), open_tokenizer(args.tokenizer), args.data)


if __name__ == "__main__":
    main()
