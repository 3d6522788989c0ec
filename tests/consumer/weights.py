"""weights.py LIBRARY FOLDER: the safetensors package reads what vgrad_network_save() writes, value by
value, and writes what vgrad_network_load() takes; networks in PyTorch's layout give PyTorch's answers,
by formulas in NumPy. FOLDER: where packages are put that are not there; skipped if they cannot be had."""
# SPDX-License-Identifier: MIT
import ctypes as c
import json
import os
import sys
import tempfile

import packages
import tap

P, I32, I64, F64, U32 = c.c_void_p, c.c_int32, c.c_int64, c.c_double, c.c_uint32
FLOAT32, FLOAT64 = 1, 2
LINEAR, RELU = 0, 3
PYTORCH_NAMES, PYTORCH_AXES, PYTORCH, PASS_OTHERS = 1, 2, 3, 4
E_SHAPE, E_FORMAT, E_NOT_FOUND = -2, -8, -9
KERNEL, BIAS, GAMMA, BETA, MOVING_MEAN, MOVING_VARIANCE = 0, 1, 2, 3, 32, 33
ROLES = {"kernel": KERNEL, "bias": BIAS, "gamma": GAMMA, "beta": BETA, "moving_mean": MOVING_MEAN,
         "moving_variance": MOVING_VARIANCE}
PYTORCH_WORDS = {"kernel": "weight", "gamma": "weight", "bias": "bias", "beta": "bias",
                 "moving_mean": "running_mean", "moving_variance": "running_var"}
HEIGHT, WIDTH, CHANNELS, FILTERS, ROWS = 5, 4, 2, 3, 6
EPSILON = 1e-5


class Tensor(c.Structure):  # vgrad_tensor, which never changes
    _fields_ = [("data", P), ("name", c.c_char_p), ("shape", I64 * 8), ("strides", I64 * 8),
                ("rank", I32), ("dtype", I32), ("device_type", I32), ("device_id", I32),
                ("layer", I32), ("role", I32)]


T = c.POINTER(Tensor)
PROTOTYPES = {
    "last_error": (c.c_char_p,),
    "tensor_matrix": (T, T, P, I32, I64, I64),
    "tensor_copy": (I32, T, P, I32, I64),
    "network_create": (I32, c.POINTER(P), P),
    "network_destroy": (None, P),
    "network_set_dtype": (I32, P, I32),
    "network_set_seed": (I32, P, c.c_uint64),
    "network_build": (I32, P, P),
    "network_tensor": (T, P, I32, I32),
    "network_predict": (I32, P, T, P, I32, I64),
    "network_save": (I32, P, c.c_char_p),
    "network_load": (I32, P, c.c_char_p),
    "network_save_as": (I32, P, c.c_char_p, U32, P, P),
    "network_load_as": (I32, P, c.c_char_p, U32, P, P),
    "input_image": (P, P, I64, I64, I64),
    "conv2d": (P, P, I64, I64, I64, I32),
    "batch_norm": (P, P),
    "layer_norm": (P, P),
    "flatten": (P, P),
    "dense": (P, P, I64, I32),
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
            raise RuntimeError(self.last_error().decode())


class Network:
    """conv2d (relu), batch_norm; flatten, batch_norm_1, dense (relu), layer_norm, dense_1."""

    def __init__(self, v, dtype, seed=1):
        self.v, self.dtype, self.handle = v, dtype, P()
        v.check(v.network_create(c.byref(self.handle), None))
        v.check(v.network_set_dtype(self.handle, dtype))
        v.check(v.network_set_seed(self.handle, seed))
        h = v.conv2d(v.input_image(self.handle, HEIGHT, WIDTH, CHANNELS), FILTERS, 2, 3, RELU)
        h = v.dense(v.batch_norm(v.flatten(v.batch_norm(h))), 7, RELU)
        v.check(v.network_build(self.handle, v.dense(v.layer_norm(h), 4, LINEAR)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.v.network_destroy(self.handle)

    def weights(self):
        """{name: array} in the network's dtype."""
        found = {}
        for role in ROLES.values():
            i = 0
            while True:
                view = self.v.network_tensor(self.handle, role, i)
                if not view:
                    break
                shape = tuple(view.contents.shape[:view.contents.rank])
                array = numpy.empty(shape, numpy.float32 if self.dtype == FLOAT32 else numpy.float64)
                self.v.check(self.v.tensor_copy(view, array.ctypes.data, self.dtype, array.size))
                found[view.contents.name.decode()] = array
                i += 1
        return found

    def predict(self, images):
        """The answers to images (rows, height, width, channels)."""
        view, out = Tensor(), numpy.empty((len(images), 4))
        rows = numpy.ascontiguousarray(images, numpy.float64)
        self.v.tensor_matrix(c.byref(view), rows.ctypes.data, FLOAT64, len(rows), rows[0].size)
        self.v.check(self.v.network_predict(self.handle, c.byref(view), out.ctypes.data, FLOAT64,
                                            out.size))
        return out

    def save(self, path, form=0):
        self.v.check(self.v.network_save_as(self.handle, path.encode(), form, None, None))

    def load(self, path, form=0):
        """The status, and the text of a failure."""
        status = self.v.network_load_as(self.handle, path.encode(), form, None, None)
        return status, self.v.last_error().decode() if status < 0 else ""


def random_weights(like):
    random = numpy.random.RandomState(3)
    return {name: (random.rand(*array.shape) + (0.1 if "variance" in name else -0.5))
            .astype(array.dtype) for name, array in like.items()}


def differences(found, expected):
    """Names whose arrays are not the same, bit by bit, or are there on one side only."""
    return [name for name in sorted(set(found) | set(expected))
            if name not in found or name not in expected
            or found[name].dtype != expected[name].dtype
            or found[name].shape != expected[name].shape
            or found[name].tobytes() != expected[name].tobytes()]


# ---- PyTorch's layout ----

def to_pytorch(weights):
    """By names and axes; what comes after the flattened images has their channels first."""
    after = (HEIGHT - 1, WIDTH - 2, FILTERS)
    turned = {}
    for name, array in weights.items():
        layer, word = name.split(".")
        if name == "conv2d.kernel":
            array = array.transpose(3, 2, 0, 1)
        elif name == "dense.kernel":
            array = array.reshape(after + (7,)).transpose(3, 2, 0, 1).reshape(7, -1)
        elif word == "kernel":
            array = array.T
        elif layer == "batch_norm_1":
            array = array.reshape(after).transpose(2, 0, 1).ravel()
        turned[layer + "." + PYTORCH_WORDS[word]] = numpy.ascontiguousarray(array)
    return turned


def pytorch_answers(w, images):
    """What Conv2d, BatchNorm2d, Flatten, BatchNorm1d, Linear, LayerNorm and Linear make of images
    (rows, channels, height, width), by their definitions."""
    def normalized(x, name, shape):
        mean, variance, weight, bias = (w[name + "." + part].reshape(shape) for part in
                                        ("running_mean", "running_var", "weight", "bias"))
        return (x - mean) / numpy.sqrt(variance + EPSILON) * weight + bias
    h = numpy.zeros((len(images), FILTERS, HEIGHT - 1, WIDTH - 2))
    for i in range(2):
        for j in range(3):
            part = images[:, :, i:i + HEIGHT - 1, j:j + WIDTH - 2]
            h += numpy.einsum("nchw,fc->nfhw", part, w["conv2d.weight"][:, :, i, j])
    h = numpy.maximum(h + w["conv2d.bias"].reshape(1, -1, 1, 1), 0)
    h = normalized(h, "batch_norm", (1, -1, 1, 1)).reshape(len(images), -1)
    h = normalized(h, "batch_norm_1", (1, -1))
    h = numpy.maximum(h @ w["dense.weight"].T + w["dense.bias"], 0)
    h = (h - h.mean(1, keepdims=True)) / numpy.sqrt(h.var(1, keepdims=True) + EPSILON)
    h = h * w["layer_norm.weight"] + w["layer_norm.bias"]
    return h @ w["dense_1.weight"].T + w["dense_1.bias"]


# ---- the points ----

def check_written(points, v, path, dtype):
    with Network(v, dtype) as network:
        network.save(path)
        points.check("float{}: the package reads what was written".format(32 * dtype),
                     differences(numpy_safetensors.load_file(path), network.weights()))
        with safetensors.safe_open(path, framework="numpy") as file:
            points.expect(file.metadata() == {"format": "vgrad"}, "its metadata", file.metadata())
        network.save(path, PYTORCH)
        points.check("float{}: and in PyTorch's layout".format(32 * dtype),
                     differences(numpy_safetensors.load_file(path), to_pytorch(network.weights())))


def check_read(points, v, path, dtype):
    with Network(v, dtype) as network:
        wanted = random_weights(network.weights())
        numpy_safetensors.save_file(wanted, path, {"by": "the package"})
        status, text = network.load(path)
        points.expect(status == 0, "float{}: what the package wrote is loaded".format(32 * dtype), text)
        points.check("with its values", differences(network.weights(), wanted))


def write_bfloat16(path, halves):
    """Arrays of their bits, as a file; NumPy has no such type, so the package cannot write it."""
    header, end = {}, 0
    for name, array in halves.items():
        header[name] = {"dtype": "BF16", "shape": array.shape,
                        "data_offsets": [end, end + 2 * array.size]}
        end += 2 * array.size
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in halves.values():
            file.write(array.astype("<u2").tobytes())


def check_types(points, v, path):
    """Each type of number in the file; float64 is rounded once on its way to float32."""
    for dtype, kind in ((FLOAT32, numpy.float32), (FLOAT64, numpy.float64)):
        with Network(v, dtype) as network:
            exact = random_weights({n: a.astype("f8") for n, a in network.weights().items()})
            for word in ("f2", "f4", "f8"):
                stored = {name: array.astype(word) for name, array in exact.items()}
                numpy_safetensors.save_file(stored, path)
                status, text = network.load(path)
                points.check("{} into float{}".format(word, 32 * dtype), [text] if status else
                             differences(network.weights(),
                                         {n: a.astype(kind) for n, a in stored.items()}))
            halves = {n: a.astype("f4").view("u4") >> 16 for n, a in exact.items()}
            write_bfloat16(path, halves)
            status, text = network.load(path)
            points.check("bf16 into float{}".format(32 * dtype), [text] if status else
                         differences(network.weights(), {n: (a << 16).view("f4").astype(kind)
                                                         for n, a in halves.items()}))


def check_pytorch(points, v, path):
    images = numpy.random.RandomState(5).standard_normal((ROWS, HEIGHT, WIDTH, CHANNELS))
    with Network(v, FLOAT64) as network, Network(v, FLOAT64, 2) as plain:
        wanted = random_weights(network.weights())
        turned = to_pytorch(wanted)
        turned["batch_norm.num_batches_tracked"] = numpy.array(7)
        turned["batch_norm_1.num_batches_tracked"] = numpy.array(7)
        numpy_safetensors.save_file(turned, path)
        status, text = network.load(path, PYTORCH)
        points.expect(status == 0, "(out, in) weights of the package are loaded", text)
        points.check("each in its place", differences(network.weights(), wanted))
        answers = network.predict(images)
        expected = pytorch_answers(turned, images.transpose(0, 3, 1, 2))
        points.expect(abs(answers - expected).max() < 1e-12, "the answers are PyTorch's",
                      abs(answers - expected).max())
        numpy_safetensors.save_file(wanted, path)
        status, text = plain.load(path)
        points.expect(status == 0 and plain.predict(images).tobytes() == answers.tobytes(),
                      "(in, out) weights give the same answers, bit by bit", text)


def check_refused(points, v, path):
    """What another program may well write, and what is said of it."""
    def without(weights, name):
        return {n: a for n, a in weights.items() if n != name}
    with Network(v, FLOAT32) as network:
        before = network.weights()
        wanted = random_weights(before)
        for title, status, part, weights in (
                ("one is missing", E_NOT_FOUND, "dense.bias", without(wanted, "dense.bias")),
                ("one too many", E_FORMAT, "head.weight", {**wanted, "head.weight": numpy.ones(3)}),
                ("of integers", E_FORMAT, "I64", {**wanted, "dense.bias": numpy.arange(7)}),
                ("of another shape", E_SHAPE, "(7), got (7, 1)",
                 {**wanted, "dense.bias": numpy.ones((7, 1))}),
                ("turned round", E_SHAPE, "dense.kernel",
                 {**wanted, "dense.kernel": numpy.ascontiguousarray(wanted["dense.kernel"].T)})):
            numpy_safetensors.save_file(weights, path)
            found, text = network.load(path)
            points.expect(found == status and part in text and
                          not differences(network.weights(), before), "refused: " + title, text)
        numpy_safetensors.save_file({**wanted, "head.weight": numpy.ones(3)}, path)
        status, text = network.load(path, PASS_OTHERS)
        points.check("one too many is passed over, if asked", [text] if status else
                     differences(network.weights(), wanted))


def main():
    library, folder = sys.argv[1:]
    points = tap.Tap()
    problem = packages.need(folder, "numpy", "safetensors")
    if problem:
        points.skip("weights", problem)
        return points.finish()
    global numpy, safetensors, numpy_safetensors
    import numpy
    import safetensors
    import safetensors.numpy as numpy_safetensors
    v = Library(library)
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "w.safetensors")
        for dtype in (FLOAT32, FLOAT64):
            check_written(points, v, path, dtype)
            check_read(points, v, path, dtype)
        check_types(points, v, path)
        check_pytorch(points, v, path)
        check_refused(points, v, path)
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
