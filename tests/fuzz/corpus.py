"""FOLDER: writes what fuzzing begins with, FOLDER/TARGET/NAME: files well formed and not, each
after three characters of options ('@@@': the plainest, see world.c). What fuzzing has found comes
here too."""
# SPDX-License-Identifier: MIT
import gzip
import json
import os
import pathlib
import struct
import sys


def options(pipe=0, piece=0, zipped=0, limit=0, members=0, choice=0, call=0, memory=0):
    """As fuzz_input_begin() reads them."""
    way = pipe | piece << 1 | zipped << 3 | limit << 4 | members << 6
    return bytes(option ^ ord("@") for option in (way, choice, call | memory << 5))


PLAIN = options()
# The same file by other ways: they go with one well-formed file of each format.
WAYS = {
    "by a pipe": options(pipe=1),
    "byte by byte": options(pipe=1, piece=1),
    "in gzip": options(zipped=1),
    "in two members by threes": options(zipped=1, members=1, piece=2),
    "over the limit": options(pipe=1, limit=3),
    "its open fails": options(call=1),
    "its second read fails": options(call=4),
    "no memory for it": options(call=1, memory=1),
    "no memory for rows": options(call=2, memory=1),
    "no memory to inflate": options(zipped=1, call=3, memory=1),
}


def by_all_ways(name, file):
    return {name + ", " + way: prefix + file for way, prefix in WAYS.items()}


def plain(files):
    return {name: PLAIN + file for name, file in files.items()}


# ---- IDX ----

def idx(number, shape, elements):
    return bytes((0, 0, number, len(shape))) + struct.pack(f">{len(shape)}I", *shape) + elements


BYTES = idx(8, (4, 2, 3), bytes(range(24)))
Y_IS_X, Y_IS_THE_OTHER_HALF = 1, 2


def idx_files():
    return {
        **plain({
            "bytes of rank 3": BYTES,
            "int8": idx(0x09, (3,), b"\x80\xff\x7f"),
            "int16": idx(0x0b, (3,), struct.pack(">3h", -32768, -1, 32767)),
            "int32": idx(0x0c, (2, 1), struct.pack(">2i", -2**31, 2**31 - 1)),
            "float32": idx(0x0d, (2,), struct.pack(">2f", 0.5, float("nan"))),
            "float64": idx(0x0e, (1, 2), struct.pack(">2d", 1e300, float("-inf"))),
            "rank 8": idx(8, (2,) + (1,) * 7, b"ab"),
            "rank 9": idx(8, (1,) * 9, b"a"),
            "rank 0": idx(8, (), b"a"),
            "no rows": idx(8, (0, 3), b""),
            "rows of nothing": idx(8, (3, 0), b""),
            "no such type": idx(0x0a, (1,), b"a"),
            "one byte short": BYTES[:-1],
            "one byte long": BYTES + b"\0",
            "the header ends early": BYTES[:9],
            "empty": b"",
            "sizes whose product is 2^64": idx(8, (2**31, 2**31, 4), b"a"),
            "sizes whose product is 2^63 bytes": idx(0x0e, (2**30, 2**30), b"a"),
            "more than a file can hold": idx(0x0e, (2**31,), b"a"),
            "gzip": gzip.compress(BYTES, mtime=0),
            "gzip of many zeros": gzip.compress(idx(8, (60000,), bytes(60000)), mtime=0),
            "gzip of more than the limit": gzip.compress(idx(8, (10**5,), bytes(10**5)), mtime=0),
            "gzip that says more than it is": gzip.compress(idx(8, (60000,), b"a"), mtime=0),
        }),
        **by_all_ways("bytes of rank 3", BYTES),
        "x and y in one file": options(choice=Y_IS_X) + BYTES,
        "x and y in halves": options(choice=Y_IS_THE_OTHER_HALF) + 2 * idx(9, (3,), b"abc"),
        "more rows in y": options(choice=Y_IS_THE_OTHER_HALF) +
                          idx(9, (2, 2), b"abcd") + idx(9, (8,), b"abcdefgh"),
        "y no file of its kind": options(choice=Y_IS_THE_OTHER_HALF) +
                                 idx(9, (4,), b"abcd") + 12 * b"y",
    }


# ---- NPY ----

def npy(text, elements, version=1):
    """With any text in the place of the header's; padded as the format wants."""
    width = 2 if version == 1 else 4
    begin = b"\x93NUMPY" + bytes((version, 0))
    text = text.encode("utf-8")
    text += b" " * (-(len(begin) + width + len(text) + 1) % 64) + b"\n"
    return begin + len(text).to_bytes(width, "little") + text + elements


def header(kind, shape, fortran=False):
    return "{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}".format(kind, fortran, shape)


DOUBLES = npy(header("<f8", "(3, 2)"), struct.pack("<6d", *range(6)))


def npy_files():
    of_each_type = {
        kind.replace("<", "little ").replace(">", "big ").replace("|", ""):
            npy(header(kind, "(2,)"), bytes(range(1, 1 + 2 * int(kind[2:]))))
        for kind in ("|b1", "|i1", "|u1", "<i2", ">u2", "<u4", ">i4", "<i8", ">u8", "<f2", ">f4",
                     ">f8", "<c8", "<f16", "<U1", "|O8")
    }
    return {
        **plain(of_each_type),
        **plain({
            "float64": DOUBLES,
            "version 2": npy(header("<f4", "(1, 1)"), bytes(4), version=2),
            "version 3": npy(header("<f4", "(1, 1)"), bytes(4), version=3),
            "version 4": npy(header("<f4", "(1, 1)"), bytes(4), version=4),
            "Fortran order": npy(header("|u1", "(2, 3, 2)", True), b"abcdefghijkl"),
            "rank 8": npy(header("|u1", "(2, 1, 1, 1, 1, 1, 1, 1)"), b"ab"),
            "rank 9": npy(header("|u1", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), b"a"),
            "rank 0": npy(header("|u1", "()"), b"a"),
            "no rows": npy(header("|u1", "(0, 3)"), b""),
            "a size below 0": npy(header("|u1", "(-1,)"), b"a"),
            "a size of many digits": npy(header("|u1", "(18446744073709551617,)"), b"a"),
            "sizes whose product is 2^64": npy(header("|u1", "(4294967296, 4294967296)"), b"a"),
            "more than a file can hold": npy(header("<f8", "(1000000000,)"), b"a"),
            "uint64 above int64": npy(header("<u8", "(1,)"), b"\xff" * 8),
            "a list of fields": npy("{'descr': [('a', '<f8')], 'fortran_order': False, "
                                    "'shape': (1,), }", bytes(8)),
            "keys in another order": npy("{'shape': (1,), 'fortran_order': False, "
                                         "'descr': '|u1'}", b"a"),
            "double quotes": npy('{"descr": "|u1", "fortran_order": False, "shape": (1,)}', b"a"),
            "a key twice": npy("{'descr': '|u1', 'descr': '|u1', 'shape': (1,)}", b"a"),
            "a key too many": npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), "
                                  "'more': 1}", b"a"),
            "no descr": npy("{'fortran_order': False, 'shape': (1,)}", b"a"),
            "a string without end": npy("{'descr': '|u1", b"a"),
            "no dict": npy("", b"a"),
            "a zero in the text": npy("{'descr': '|u\0001', 'shape': (1,)}", b"a"),
            "a header of 4 GiB": b"\x93NUMPY\2\0" + b"\xff" * 4 + b"{'descr': ",
            "only the magic": b"\x93NUMPY",
            "another magic": b"\x93NUMPX\1\0" + DOUBLES[8:],
            "one byte short": DOUBLES[:-1],
            "one byte long": DOUBLES + b"\0",
            "gzip": gzip.compress(DOUBLES, mtime=0),
        }),
        **by_all_ways("float64", DOUBLES),
        "x and y in one file": options(choice=Y_IS_X) + DOUBLES,
        "x and y in halves": options(choice=Y_IS_THE_OTHER_HALF) + 2 * DOUBLES,
    }


# ---- CSV ----

WITHOUT_LABEL, LAST, FIRST, NAMED, LAST_BUT_ONE, SECOND, QUOTED, TOO_FAR = range(8)  # csv.c
TABLE = "x,y,z\n1,2,3\n-4.5,+6e-1,.7\n8.,9E2,0\n"


def csv_files():
    texts = {
        "names": TABLE,
        "numbers only": "1,2\n3,4\n",
        "one number": "1",
        "no LF at the end": "1,2\n3,4",
        "CRLF": "a,b\r\n1,2\r\n3,4\r\n",
        "CR alone": "1,2\r3,4\r",
        "quotes": '"a,b","say ""hello""","two\nlines"\n"1","2","-3e4"\n',
        "a quote without end": '1,"2\n3,4\n',
        "a quote in a field": '1,2"3\n',
        "something after a quote": '"1"2,3\n',
        "spaces": " 1, 2 \n3,4\n",
        "a byte order mark": "\ufeff1,2\n3,4\n",
        "empty": "",
        "an empty line": "1,2\n\n3,4\n",
        "only an empty line": "\n",
        "empty fields": "1,,3\n4,5,6\n",
        "names and no rows": "a,b\n",
        "a record too short": "1,2\n3\n",
        "a record too long": "1,2\n3,4,5\n",
        "no number in a later record": "1,2\n3,four\n",
        "NaN": "1\nnan\n",
        "infinity": "1\n-inf\n",
        "hexadecimal": "1\n0x10\n",
        "a comma for a point": "1;2\n1,5;2,5\n",
        "too large": "1\n1e999\n",
        "too small": "1\n1e-999\n",
        "many digits": "0." + "1234567890" * 20 + "\n" + "9" * 300 + "\n",
        "half way between doubles": "9007199254740993\n2.2250738585072011e-308\n",
        "an exponent of many digits": "1e" + "0" * 100 + "1\n1e" + "9" * 100 + "\n",
        "signs": "+1\n-1\n",
        "two signs": "1\n+-1\n",
        "no digits": "1\n.\n",
        "no exponent": "1\n1e\n",
        "a zero byte": "1,2\n3\0,4\n",
        "not UTF-8": "\udcff\udcfe,b\n1,2\n",
    }
    labels = {"last": LAST, "first": FIRST, "by name": NAMED, "last but one": LAST_BUT_ONE,
              "by number": SECOND, "not there": TOO_FAR}
    return {
        **plain({name: text.encode("utf-8", "surrogateescape") for name, text in texts.items()}),
        **plain({"gzip": gzip.compress(TABLE.encode(), mtime=0)}),
        **by_all_ways("names", TABLE.encode()),
        **{"label " + name: options(choice=choice) + TABLE.encode()
           for name, choice in labels.items()},
        "label with a comma": options(choice=QUOTED) + b'x,"a,b"\n1,2\n',
        "no x but the label": options(choice=FIRST) + b"1\n2\n",
        "damaged gzip byte by byte": options(piece=1, choice=TOO_FAR) +
                                     gzip.compress(TABLE.encode(), mtime=0)[:-20],
        "a byte order mark over the limit": options(pipe=1, limit=3) + b"\xef\xbb\xbf" + 70 * b"1",
        "quotes byte by byte": options(piece=1) + b'"a""b","c\r\nd"\r\n"1",2\r\n',
    }


# ---- gzip ----

TEXT = b"To be compressed, to be compressed, to be compressed. "
ZIPPED = gzip.compress(TEXT, mtime=0)


def gzip_files():
    def with_header(flags, extra):
        return ZIPPED[:3] + bytes((flags,)) + ZIPPED[4:10] + extra + ZIPPED[10:]
    return {
        **plain({
            "no gzip": TEXT,
            "empty": b"",
            "one byte": b"\x1f",
            "only the magic": b"\x1f\x8b",
            "deflated": ZIPPED,
            "stored": gzip.compress(TEXT, compresslevel=0, mtime=0),
            "of nothing": gzip.compress(b"", mtime=0),
            "two members": 2 * ZIPPED,
            "padded with zeros": ZIPPED + bytes(20),
            "zeros between members": ZIPPED + bytes(3) + ZIPPED,
            "something else behind": ZIPPED + b"more",
            "half of a magic behind": ZIPPED + b"\x1f",
            "with a name": with_header(8, b"name\0"),
            "with more fields": with_header(0x16, b"\2\0ab" + b"comment\0" + b"\0\0"),
            "no deflate": ZIPPED[:2] + b"\7" + ZIPPED[3:],
            "a wrong checksum": ZIPPED[:-8] + b"\0" + ZIPPED[-7:],
            "a wrong length": ZIPPED[:-1] + b"\1",
            "the trailer ends early": ZIPPED[:-3],
            "the data ends early": ZIPPED[:-12],
            "damaged in the middle": ZIPPED[:20] + b"\xff\xff" + ZIPPED[22:],
            "many zeros": gzip.compress(bytes(60000), mtime=0),
            "more than the limit": gzip.compress(bytes(10**5), mtime=0),
            "gzip in gzip": gzip.compress(ZIPPED, mtime=0),
        }),
        **by_all_ways("deflated", ZIPPED),
        **by_all_ways("no gzip", TEXT),
        "two members byte by byte": options(pipe=1, piece=1, choice=1) + 2 * ZIPPED,
        "two members by sevens": options(piece=2, choice=2) + 2 * ZIPPED,
    }


# ---- safetensors ----

def tensor(kind, shape, begin, end):
    return {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}


def safetensors(members, elements, length=None, pad=b""):
    """With any members, or any text, in the place of the header's."""
    text = (members if isinstance(members, str) else json.dumps(members)).encode() + pad
    length = len(text) if length is None else length
    return length.to_bytes(8, "little") + text + elements


KERNEL, BIAS = tensor("F32", [2, 2], 0, 16), tensor("F32", [2], 16, 24)
WEIGHTS = {"a.kernel": KERNEL, "a.bias": BIAS}
NUMBERS = struct.pack("<6f", *range(6))
PYTORCH_NAMES, PYTORCH, PASS_OTHERS = 1, 3, 4
# As the library writes it: __metadata__ with sums of the header and of both tensors.
SUMMED = (
    '{"__metadata__":{"format":"x","crc32c":"942cb9e1","crc32c:w":"fb5a877d","crc32c:b":"c6233a7e"},'
    '"w":{"dtype":"F64","shape":[2,1],"data_offsets":[0,16]},'
    '"b":{"dtype":"F32","shape":[3],"data_offsets":[16,28]}}  ')


def safetensors_files():
    good = safetensors(WEIGHTS, NUMBERS, pad=b"   ")
    other = {"a.weight": KERNEL, "a.bias": BIAS, "a.num_batches_tracked": tensor("I64", [], 24, 32)}
    halves = {"a.kernel": tensor("F16", [2, 2], 0, 8), "a.bias": tensor("BF16", [2], 8, 12)}
    return {
        **plain({
            "empty": b"",
            "no tensors": safetensors({}, b""),
            "texts": safetensors({"__metadata__": {"format": "pt", "": ""}}, b""),
            "halves": safetensors(halves, bytes(range(12))),
            "doubles": safetensors({"a.kernel": tensor("F64", [2, 2], 0, 32),
                                    "a.bias": tensor("F64", [2], 32, 48)}, bytes(48)),
            "another shape": safetensors({**WEIGHTS, "a.bias": tensor("F32", [2, 1], 16, 24)}, NUMBERS),
            "another type": safetensors({**WEIGHTS, "a.bias": tensor("U32", [2], 16, 24)}, NUMBERS),
            "one is missing": safetensors({"a.kernel": KERNEL}, NUMBERS[:16]),
            "one too many": safetensors({**WEIGHTS, "b": tensor("F4", [4], 24, 26)}, NUMBERS + b"ab"),
            "sums": safetensors(SUMMED, struct.pack("<2d3f", 1, -2.5, 0.5, -0.25, 3)),
            "wrong sums": safetensors(SUMMED, bytes(28)),
            "a hole": safetensors({"a": tensor("U8", [1], 1, 2)}, b"ab"),
            "an overlap": safetensors({"a": tensor("U8", [2], 0, 2), "b": tensor("U8", [2], 1, 3)}, b"abc"),
            "twice the same": safetensors('{"a":{},"a":{}}', b""),
            "half a byte": safetensors({"a": tensor("F4", [3], 0, 2)}, b"ab"),
            "rank 9": safetensors({"a": tensor("U8", [1] * 9, 0, 1)}, b"a"),
            "no elements": safetensors({"a": tensor("U8", [0, 2**40, 2**40], 0, 0)}, b""),
            "a product of 2^64": safetensors({"a": tensor("U8", [2**32, 2**32], 0, 0)}, b""),
            "bits of 2^64": safetensors({"a": tensor("C64", [2**58], 0, 0)}, b""),
            "a header of 0": safetensors(WEIGHTS, NUMBERS, length=0),
            "a header of 8": safetensors(WEIGHTS, NUMBERS, length=8),
            "a header of 2^63": safetensors(WEIGHTS, NUMBERS, length=2**63),
            "a header of the whole file": safetensors(WEIGHTS, b""),
            "one byte short": good[:-1],
            "one byte long": good + b"\0",
            "deep": safetensors('{"a":' + "[" * 3000 + "]" * 3000 + "}", b""),
            "many": safetensors({str(i): tensor("U8", [1], i, i + 1) for i in range(300)}, bytes(300)),
            "like gzip": safetensors({}, b"", pad=b" " * (0x8b1f - 2)),
        }),
        **by_all_ways("weights", good),
        "names of PyTorch": options(choice=PYTORCH_NAMES) + safetensors(other, NUMBERS + bytes(8)),
        "all of PyTorch": options(choice=PYTORCH) + safetensors(other, NUMBERS + bytes(8)),
        "others passed over": options(choice=PASS_OTHERS) +
                              safetensors({**WEIGHTS, "b": tensor("U8", [1], 24, 25)}, NUMBERS + b"a"),
    }


# ---- checkpoints ----

# The description of checkpoint.c's run, as the library wrote it.
RUN = pathlib.Path(__file__).with_name("run.json").read_text(encoding="ascii").strip()


def another(part, other):
    """The same run with a part of its description replaced."""
    assert part in RUN, part
    return RUN.replace(part, other, 1).encode()


def checkpoint_files():
    inputs, units = '"inputs":[1]', '"units":3'
    return {
        **plain({
            "the run": RUN.encode(),
            "nothing": b"",
            "an array": b"[]",
            "half of it": RUN[:len(RUN) // 2].encode(),
            "a cycle": another(inputs, '"inputs":[2]'),
            "a layer to come": another(inputs, '"inputs":[4]'),
            "many inputs": another(inputs, '"inputs":[' + ",".join("1" * 100) + "]"),
            "a share": another(inputs, inputs + ',"shares":1'),
            "an unknown kind": another('"kind":"dense"', '"kind":"dance"'),
            "a kind of two lines": another('"kind":"dropout"', '"kind":"drop\\nout"'),
            "a kind of the user's": another('"kind":"dense"', '"kind":"user layer"'),
            "many units": another(units, '"units":2147483647'),
            "other units": another(units, '"units":4'),
            "negative units": another(units, '"units":-3'),
            "a broken number": another(units, '"units":3.5'),
            "outputs": another('"outputs":[4]', '"outputs":[4,3,2]'),
            "float64": another('"float32"', '"float64"'),
            "no span": another('"span":2', '"span":0'),
            "a long warm-up": another('"warmup":1', '"warmup":9223372036854775807'),
            "beyond the rows": another('"row":4,', '"row":7,'),
            "a stream": another('"rows":6,', '"rows":-1,'),
            "large batches": another('"batch_rows":2', '"batch_rows":1073741824'),
            "a group of none": another('"group":{"batches":0', '"group":{"batches":5'),
            "a far epoch": another('"epoch":1', '"epoch":9007199254740992'),
            "ended": another('"over":0', '"over":1'),
        }),
        **by_all_ways("the run", RUN.encode()),
    }


def main():
    (folder,) = sys.argv[1:]
    for target, files in (("idx", idx_files()), ("npy", npy_files()), ("csv", csv_files()),
                          ("gzip", gzip_files()), ("safetensors", safetensors_files()),
                          ("checkpoint", checkpoint_files())):
        os.makedirs(os.path.join(folder, target), exist_ok=True)
        for name, content in files.items():
            with open(os.path.join(folder, target, name.replace(" ", "-")), "wb") as file:
                file.write(content)


if __name__ == "__main__":
    main()
