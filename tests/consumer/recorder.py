"""recorder.py LIBRARY FOLDER: TensorBoard's own reader finds in our event files what the CSV and JSON
Lines of the same run hold and what the probe remembers, value by value; and a reader of the framing that
shares no line with it. FOLDER: where packages are put that are not there; skipped if they cannot be had."""
# SPDX-License-Identifier: MIT
import collections
import csv
import ctypes as c
import json
import math
import os
import re
import struct
import sys
import tempfile

import packages
import tap

P, I32, I64, F64, U64, TEXT = c.c_void_p, c.c_int32, c.c_int64, c.c_double, c.c_uint64, c.c_char_p
SIGMOID, RMSPROP, BINARY_CROSSENTROPY = 1, 2, 3
HISTOGRAM_EVERY, WINDOW = 2, 5
MAX_BYTES = 2
CSV, JSONL, TENSORBOARD = 1, 2, 3
HIDDEN, EPOCHS, SEED = 6, 4, 2 ** 64 - 3
ROLES = [0, 1, 64, 65, 66, 256, 257, 320, 321, 512, 513]  # those that a probe watches
QUANTITIES = range(1, 80)
FLOAT32_MAX = 2.0 ** 128 - 2.0 ** 104
RUN = 'sigmoid, "deep"/1'
NAMES = [b"plain", b'a "b", c', b"l\xc3\xa4yer/2", b"torn\xff\x01"]  # one comma, one slash, no UTF-8
PROTOTYPES = {
    "last_error": (TEXT,),
    "role_name": (TEXT, I32),
    "quantity_name": (TEXT, I32),
    "dataset_circles": (I32, P, I64, F64, F64, U64, P),
    "dataset_destroy": (None, P),
    "network_create": (I32, P, P),
    "network_set_seed": (I32, P, U64),
    "network_build": (I32, P, P),
    "network_destroy": (None, P),
    "input": (P, P, I64),
    "dense": (P, P, I64, I32),
    "layer_set_name": (I32, P, TEXT),
    "optimizer_create": (I32, P, P, I32, F64),
    "optimizer_destroy": (None, P),
    "trainer_create": (I32, P, P, I32, P),
    "trainer_set_seed": (I32, P, U64),
    "trainer_fit": (I32, P, P, I64),
    "trainer_destroy": (None, P),
    "probe_create": (I32, P, P),
    "probe_set": (I32, P, I32, F64),
    "probe_attach": (I32, P, P),
    "probe_layer_count": (I32, P),
    "probe_layer_name": (TEXT, P, I32),
    "probe_history": (I64, P, I32, I32, I32, P, P, I64),
    "probe_destroy": (None, P),
    "recorder_create": (I32, P, TEXT, P),
    "recorder_set": (I32, P, I32, F64),
    "recorder_add": (I32, P, I32, TEXT),
    "recorder_probe": (I32, P, P),
    "recorder_trainer": (I32, P, P),
    "recorder_scalar": (I32, P, I64, TEXT, F64),
    "recorder_flush": (I32, P),
    "recorder_destroy": (None, P),
}


class Library:
    def __init__(self, path):
        library = c.CDLL(path)
        for name, (result, *arguments) in PROTOTYPES.items():
            function = getattr(library, "vgrad_" + name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)

    def check(self, status):
        if status < 0:
            raise RuntimeError(self.last_error().decode(errors="replace"))

    def make(self, create, *arguments):
        handle = P()
        self.check(create(c.byref(handle), *arguments))
        return handle


class Run:
    """A network whose gradient vanishes, trained and recorded in every form below `place`."""

    def __init__(self, v, place, most_bytes=0):
        self.v, self.place = v, place
        self.data = v.make(v.dataset_circles, 200, 0.5, 0.1, 42, None)
        self.network = v.make(v.network_create, None)
        v.check(v.network_set_seed(self.network, 1))
        h = v.input(self.network, 2)
        for i in range(HIDDEN):
            h = v.dense(h, 5, SIGMOID)
            if i < len(NAMES):
                v.check(v.layer_set_name(h, NAMES[i]))
        v.check(v.network_build(self.network, v.dense(h, 1, SIGMOID)))
        self.optimizer = v.make(v.optimizer_create, self.network, RMSPROP, 0.001)
        self.trainer = v.make(v.trainer_create, self.network, BINARY_CROSSENTROPY, self.optimizer)
        v.check(v.trainer_set_seed(self.trainer, SEED))
        self.probe = v.make(v.probe_create, None)
        v.check(v.probe_set(self.probe, HISTOGRAM_EVERY, 5))
        v.check(v.probe_set(self.probe, WINDOW, 10))
        v.check(v.probe_attach(self.probe, self.network))
        self.recorder = v.make(v.recorder_create, RUN.encode(), None)
        v.check(v.recorder_set(self.recorder, MAX_BYTES, most_bytes))
        self.csv, self.jsonl = os.path.join(place, "a.csv"), os.path.join(place, "a.jsonl")
        self.logs = os.path.join(place, "logs")
        for sink, path in ((CSV, self.csv), (JSONL, self.jsonl), (TENSORBOARD, self.logs)):
            v.check(v.recorder_add(self.recorder, sink, os.fsencode(path)))
        v.check(v.recorder_probe(self.recorder, self.probe))
        v.check(v.recorder_trainer(self.recorder, self.trainer))
        self.folder = os.path.join(self.logs, RUN)

    def train(self, epochs):
        self.v.check(self.v.trainer_fit(self.trainer, self.data, epochs))

    def close(self):
        v = self.v
        v.recorder_destroy(self.recorder)
        v.probe_destroy(self.probe)
        v.trainer_destroy(self.trainer)
        v.optimizer_destroy(self.optimizer)
        v.network_destroy(self.network)
        v.dataset_destroy(self.data)

    def history(self, layer, role, quantity):
        steps, values = (I64 * 1000)(), (F64 * 1000)()
        count = self.v.probe_history(self.probe, layer, role, quantity, steps, values, 1000)
        return list(zip(steps[:count], values[:count])) if count > 0 else []


# ---- readers ----

def number_of(value):
    return float(value)  # JSON's strings "nan", "inf" and "-inf", too


def read_csv(path):
    """[(step, epoch, layer, role, quantity, value)]"""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["run"] == RUN for row in rows)
    return [(int(r["step"]), int(r["epoch"] or -1), r["layer"], r["role"], r["quantity"],
             float(r["value"])) for r in rows]


def refuse(constant):
    raise ValueError("no JSON: " + constant)


def read_jsonl(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line, parse_constant=refuse) for line in file]


def crc32c_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc32c_table()


def masked_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def read_records(path):
    """The bytes of every record of a file; both sums of each are right, and it ends with the last."""
    with open(path, "rb") as file:
        data = file.read()
    records = []
    while data:
        (length,), (sum_of_length,) = struct.unpack("<Q", data[:8]), struct.unpack("<I", data[8:12])
        assert sum_of_length == masked_crc32c(data[:8])
        record, (sum_of_data,) = data[12:12 + length], struct.unpack("<I", data[12 + length:16 + length])
        assert sum_of_data == masked_crc32c(record)
        records.append(record)
        data = data[16 + length:]
    return records


def event_files(folder):
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def accumulate(folder):
    found = event_accumulator.EventAccumulator(folder, size_guidance={"tensors": 0})
    found.Reload()
    return found


# ---- what must be the same ----

def same(a, b, relative=0.0):
    return a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= relative * abs(b)


def clean(tag):
    """As the tag is written: every byte that is not legal becomes _."""
    tag = tag.encode("utf-8")
    return re.sub(rb"[^A-Za-z0-9_.\-/]", b"_", re.sub(rb"^/", b"_", tag)).decode()


def tag_of(role, quantity, layer):
    return clean((role + "." if role else "") + quantity + ("/" + layer if layer else ""))


def shown(layer):
    """A layer's name as tags have it: our files of text have U+FFFD, three bytes, for a bad one."""
    return layer.replace("\ufffd", "_")


def check_texts(points, rows, lines):
    """CSV and JSON Lines hold the same figures."""
    figures = [(x["step"], x.get("epoch", -1), x.get("layer", ""), x.get("role", ""), x["quantity"],
                number_of(x["value"])) for x in lines if x["what"] == "figure"]
    found = [row for row in rows if row[3] != "finding"]
    points.expect(len(figures) == len(found) > 10000 and
                  all(a[:5] == b[:5] and same(a[5], b[5]) for a, b in zip(figures, found)),
                  "CSV and JSON Lines have the same {} figures".format(len(found)))
    findings = [(x["step"], x.get("layer", ""), x["code"], x["severity"]) for x in lines
                if x["what"] == "finding"]
    points.expect(findings == [(r[0], r[2], r[4], r[5]) for r in rows if r[3] == "finding"] and
                  "vanishing" in [x[2] for x in findings], "and the same findings", findings)


def check_history(points, run, rows):
    by_name = collections.defaultdict(list)
    for step, _, layer, role, quantity, value in rows:
        by_name[layer, role, quantity].append((step, value))
    problems, compared = [], 0
    for layer in range(run.v.probe_layer_count(run.probe)):
        name = run.v.probe_layer_name(run.probe, layer).decode("utf-8", "replace")
        for role in ROLES:
            for quantity in QUANTITIES:
                history = run.history(layer, role, quantity)
                key = name, run.v.role_name(role).decode(), run.v.quantity_name(quantity).decode()
                if not history or key not in by_name:
                    continue
                found = by_name[key]
                compared += len(found)
                if [s for s, _ in found] != [s for s, _ in history] or not all(
                        same(a[1], b[1], 1e-8) for a, b in zip(found, history)):
                    problems.append("{}: {} and {}".format(key, found[:3], history[:3]))
    points.expect(not problems and compared > 10000,
                  "{} of them are what the probe remembers".format(compared), "\n".join(problems[:5]))


def check_scalars(points, accumulator, rows):
    expected = collections.defaultdict(list)
    for step, _, layer, role, quantity, value in rows:
        if role == "finding":
            continue
        narrow = math.copysign(math.inf, value) if abs(value) > FLOAT32_MAX else value
        expected[tag_of(role, quantity, shown(layer))].append((step, narrow))
        if quantity == "l2" and value > 0:
            expected[tag_of(role, "log10_l2", shown(layer))].append((step, math.log10(value)))
    problems = []
    for tag, wanted in expected.items():
        found = [(event.step, float(tensor_util.make_ndarray(event.tensor_proto)))
                 for event in accumulator.Tensors(tag)]
        if [s for s, _ in found] != [s for s, _ in wanted] or not all(
                same(a[1], b[1], 2e-7) for a, b in zip(found, wanted)):
            problems.append("{}: {} and {}".format(tag, found[:3], wanted[:3]))
        if accumulator.SummaryMetadata(tag).plugin_data.plugin_name != "scalars":
            problems.append(tag + " is no scalar")
    points.expect(not problems, "TensorBoard reads {} series of scalars, {} values".format(
        len(expected), sum(map(len, expected.values()))), "\n".join(problems[:5]))
    return set(expected)


def buckets_of(bins, logarithms):
    """{right edge as an exponent and sign: count}, by the bins of JSON Lines; only those with any."""
    found = collections.Counter()
    for index, count in bins:
        exponent = index % 256
        if exponent < 255:
            found[exponent if logarithms or index < 256 else -exponent] += count
    return found


def check_histograms(points, accumulator, lines):
    expected, problems, tags = collections.defaultdict(list), [], set()
    extremes = {(x["step"], x["layer"], x["role"], x["quantity"]): number_of(x["value"])
                for x in lines if x["what"] == "figure" and "layer" in x and "role" in x}
    for line in lines:
        if line["what"] == "histogram":
            expected[line["role"], line["layer"]].append(line)
    for (role, layer), wanted in expected.items():
        tag = tag_of(role, "histogram", shown(layer))
        tags.add(tag)
        events = accumulator.Tensors(tag)
        if [e.step for e in events] != [x["step"] for x in wanted]:
            problems.append(tag + ": other steps")
            continue
        for event, line in zip(events, wanted):
            table = tensor_util.make_ndarray(event.tensor_proto)
            counts = buckets_of(line["bins"], False)
            key = line["step"], layer, role
            if not (table.shape[1] == 3 and table[0, 2] > 0 and table[-1, 2] > 0 and
                    (table[1:, 0] == table[:-1, 1]).all() and
                    sorted(table[table[:, 2] > 0, 2]) == sorted(counts.values()) and
                    same(table[0, 0], extremes[key + ("min",)], 1e-8) and
                    same(table[-1, 1], extremes[key + ("max",)], 1e-8)):
                problems.append("{} at {}: {}".format(tag, line["step"], table))
    for tag in [t for t in accumulator.Tags()["tensors"] if "log10_histogram" in t]:
        tags.add(tag)
        for event in accumulator.Tensors(tag):
            table = tensor_util.make_ndarray(event.tensor_proto)
            edges = table[:, :2] * math.log2(10)
            if not (table[0, 2] > 0 and table[-1, 2] > 0 and (abs(edges - edges.round()) < 1e-9).all()):
                problems.append("{}: {}".format(tag, table))
    points.expect(not problems and len(tags) > 30,
                  "TensorBoard reads {} series of histograms".format(len(tags)),
                  "\n".join(problems[:3]))
    return tags


def check_rest(points, accumulator, lines, network_names):
    """Graph, settings, charts and findings; returns their tags."""
    nodes = {node.name: list(node.input) for node in accumulator.Graph().node}
    names = [clean(name.decode("latin1").encode("latin1").decode("utf-8", "replace")
                   .replace("\ufffd", "_")) for name in network_names]
    points.expect(list(nodes) == names and
                  list(nodes.values()) == [[]] + [[name] for name in names[:-1]],
                  "the graph has a node for each layer", nodes)
    session = "_hparams_/session_start_info"
    content = accumulator.SummaryMetadata(session).plugin_data.content
    start = hparams_pb2.HParamsPluginData.FromString(content).session_start_info
    settings = [x for x in lines if x["what"] == "run"][0]
    found = {key: value.string_value or value.number_value for key, value in start.hparams.items()}
    wanted = {key: value for key, value in settings.items() if key not in ("what", "run")}
    points.expect(settings["seed"] == SEED and found == {**wanted, "seed": str(SEED)},
                  "the settings are those of JSON Lines", found)
    layout = layout_pb2.Layout.FromString(
        tensor_util.make_ndarray(accumulator.Tensors("custom_scalars__config__")[0].tensor_proto)
        .item())
    tags = accumulator.Tags()["tensors"]
    patterns = [tag for chart in layout.category[0].chart for tag in chart.multiline.tag]
    drawn = [sum(bool(re.match(pattern, tag)) for tag in tags) for pattern in patterns]
    points.expect(len(drawn) == 5 and drawn[0] == HIDDEN + 1 and min(drawn[:4]) >= HIDDEN,
                  "charts of all layers match tags", drawn)
    findings = [x for x in lines if x["what"] == "finding"]
    problems = []
    for code in {x["code"] for x in findings}:
        texts = [tensor_util.make_ndarray(e.tensor_proto).item().decode("utf-8", "replace")
                 for e in accumulator.Tensors("finding/" + code)]
        wanted = [x["message"] for x in findings if x["code"] == code]
        if len(texts) != len(wanted) or not all(w.split("\ufffd")[0] in t
                                                for t, w in zip(texts, wanted)):
            problems.append("{}: {} and {}".format(code, texts, wanted))
    points.check("findings are there as text", problems)
    return {session, "custom_scalars__config__"} | {"finding/" + x["code"] for x in findings}


def check_run(points, v, place, most_bytes):
    run = Run(v, place, most_bytes)
    try:
        run.train(2)
        v.check(v.recorder_flush(run.recorder))
        early = [read_records(path) for path in event_files(run.folder)]
        run.train(EPOCHS)
        v.check(v.recorder_scalar(run.recorder, 7, b"my own/figure", 1e300))
        v.check(v.recorder_flush(run.recorder))
        files = event_files(run.folder)
        records = [read_records(path) for path in files]
        points.expect(early and all(late[:len(soon)] == soon for soon, late in zip(early, records)),
                      "a file that grows is whole after each flush")
        points.expect(all(b"brain.Event:2" in of_file[0] for of_file in records) and
                      (len(files) > 3 if most_bytes else len(files) == 1),
                      "every file begins with its version", len(files))
        if most_bytes:
            sizes = [os.path.getsize(path) for path in files]
            points.expect(all(size >= most_bytes for size in sizes[:-1]), "each was full", sizes)
            rows = [row for path in sorted(
                (p for p in os.listdir(place) if p.endswith(".csv")),
                key=lambda p: int((p.split(".") + ["0"])[1]) if p.count(".") > 1 else 0)
                for row in read_csv(os.path.join(place, path))]
            lines = [line for path in sorted(
                (p for p in os.listdir(place) if p.endswith(".jsonl")),
                key=lambda p: int(p.split(".")[1]) if p.count(".") > 1 else 0)
                for line in read_jsonl(os.path.join(place, path))]
        else:
            rows, lines = read_csv(run.csv), read_jsonl(run.jsonl)
        check_texts(points, rows, lines)
        check_history(points, run, rows)
        accumulator = accumulate(run.folder)
        known = check_scalars(points, accumulator, rows)
        known |= check_histograms(points, accumulator, lines)
        names = [v.probe_layer_name(run.probe, i) for i in range(v.probe_layer_count(run.probe))]
        known |= check_rest(points, accumulator, lines, names)
        tags = accumulator.Tags()
        others = set(tags.pop("tensors")) ^ known
        points.expect(not others and tags.pop("graph") and
                      not any(value for key, value in tags.items() if key != "run_metadata"),
                      "there is nothing else", others)
    finally:
        run.close()


def main():
    library, folder = sys.argv[1:]
    points = tap.Tap()
    problem = packages.need(folder, "numpy", "tensorboard")
    if problem:
        points.skip("event files", problem)
        return points.finish()
    global event_accumulator, tensor_util, hparams_pb2, layout_pb2
    from tensorboard.backend.event_processing import event_accumulator
    from tensorboard.plugins.custom_scalar import layout_pb2
    from tensorboard.plugins.hparams import plugin_data_pb2 as hparams_pb2
    from tensorboard.util import tensor_util
    v = Library(library)
    for most_bytes in (0, 200000):
        with tempfile.TemporaryDirectory() as place:
            check_run(points, v, place, most_bytes)
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
