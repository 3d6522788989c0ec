"""own_loop.py LIBRARY: a training loop in NumPy, float64, hands its arrays to a probe, plainly and by
DLPack, and gets the records that the library's trainer gives. Skipped where NumPy is missing."""
# SPDX-License-Identifier: MIT
import ctypes as c
import sys

import tap

try:
    import numpy
except ImportError:
    numpy = None

P, I32, I64, F64 = c.c_void_p, c.c_int32, c.c_int64, c.c_double
FLOAT64 = 2
KERNEL, BIAS, PREACTIVATION, ACTIVATION, INPUT, DELTA = 0, 1, 64, 65, 66, 320
GRADIENT, UPDATE = 256, 512  # of a kernel or a bias; beside PREACTIVATION: what is added to it
ACTIVATION_GRADIENT = 321
COUNT, L2 = 1, 5
MOMENTS = {"mean": 2, "std": 3, "mean_abs": 4, "l2": L2, "min": 6, "max": 7}
FIGURES = {"budget_loss": (DELTA, 60), "budget_weight": (DELTA, 61), "budget_alignment": (DELTA, 62),
           "budget_derivative": (DELTA, 63), "budget_correlation": (DELTA, 64),
           "coherence": (KERNEL + GRADIENT, 65), "noise_scale": (KERNEL + GRADIENT, 67),
           "saturation": (ACTIVATION, 43), "dead_share": (ACTIVATION, 42)}
KIND_DENSE, SIGMOID, TANH, SGD, BINARY_CROSSENTROPY = 1, 1, 2, 1, 3
MOMENTUM, BATCH_SIZE, SHUFFLE, MAX_STEPS = 2, 1, 2, 7
UNIFORM = 2  # vgrad_initializer
ROWS, BATCH, STEPS, RATE, INERTIA = 64, 16, 10, 0.2, 0.9
UNITS = (2, 6, 5, 1)
LAYERS = len(UNITS) - 1


class Tensor(c.Structure):  # vgrad_tensor, which never changes
    _fields_ = [("data", P), ("name", c.c_char_p), ("shape", I64 * 8), ("strides", I64 * 8),
                ("rank", I32), ("dtype", I32), ("device_type", I32), ("device_id", I32),
                ("layer", I32), ("role", I32)]


T = c.POINTER(Tensor)
PROTOTYPES = {
    "last_error": (c.c_char_p,),
    "tensor_view": (T, T, P, I32, I32, c.POINTER(I64), c.POINTER(I64)),
    "tensor_from_dlpack": (I32, T, P),
    "tensor_copy": (I32, T, P, I32, I64),
    "dataset_borrow": (I32, c.POINTER(P), I64, P, I32, I64, P, I32, I64, P),
    "dataset_destroy": (None, P),
    "network_create": (I32, c.POINTER(P), P),
    "network_destroy": (None, P),
    "network_set_dtype": (I32, P, I32),
    "network_set_initializer": (I32, P, I32, I32, F64, F64),
    "network_build": (I32, P, P),
    "network_layer": (P, P, I32),
    "layer_tensor": (T, P, I32),
    "input": (P, P, I64),
    "dense": (P, P, I64, I32),
    "optimizer_create": (I32, c.POINTER(P), P, I32, F64),
    "optimizer_set": (I32, P, I32, F64),
    "optimizer_destroy": (None, P),
    "trainer_create": (I32, c.POINTER(P), P, I32, P),
    "trainer_set": (I32, P, I32, F64),
    "trainer_fit": (I32, P, P, I64),
    "trainer_destroy": (None, P),
    "probe_create": (I32, c.POINTER(P), P),
    "probe_attach": (I32, P, P),
    "probe_declare": (I32, P, c.c_char_p, I32, I32, I64, I64, c.POINTER(I32)),
    "probe_begin": (I32, P, I64),
    "probe_observe": (I32, P, I32, I32, T),
    "probe_end": (I32, P, F64),
    "probe_history": (I64, P, I32, I32, I32, c.POINTER(I64), c.POINTER(F64), I64),
    "probe_destroy": (None, P),
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

    def make(self, kind, *arguments):
        handle = P()
        self.check(getattr(self, kind)(c.byref(handle), *arguments))
        return handle

    def history(self, probe, layer, role, quantity):
        values = (F64 * STEPS)()
        count = self.probe_history(probe, layer, role, quantity, None, values, STEPS)
        if not 0 <= count <= STEPS:
            raise RuntimeError("{} values: {}".format(count, self.last_error().decode()))
        return numpy.array(values[:count])


# ---- how an array becomes a tensor: the second of the pair must live as long as the first ----

def plainly(v, array):
    tensor = Tensor()
    shape = (I64 * array.ndim)(*array.shape)
    strides = (I64 * array.ndim)(*(s // array.itemsize for s in array.strides))
    if not v.tensor_view(tensor, array.ctypes.data, FLOAT64, array.ndim, shape, strides):
        raise RuntimeError(v.last_error().decode())
    return tensor, array


def by_dlpack(v, array):
    pointer = c.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = P, [c.py_object, c.c_char_p]
    tensor, capsule = Tensor(), array.__dlpack__()
    v.check(v.tensor_from_dlpack(tensor, pointer(capsule, b"dltensor")))
    return tensor, capsule


def by_dlpack_transposed(v, array):
    """As Fortran orders it, so that DLPack has strides to tell."""
    return by_dlpack(v, numpy.asfortranarray(array))


# ---- the two loops ----

def parameters(v, network):
    """The initial W and b of each layer."""
    found = []
    for i in range(LAYERS):
        layer = v.network_layer(network, i + 1)
        w, b = numpy.empty((UNITS[i], UNITS[i + 1])), numpy.empty(UNITS[i + 1])
        v.check(v.tensor_copy(v.layer_tensor(layer, KERNEL), w.ctypes.data, FLOAT64, w.size))
        v.check(v.tensor_copy(v.layer_tensor(layer, BIAS), b.ctypes.data, FLOAT64, b.size))
        found.append((w, b))
    return found


def built_in(v, x, y):
    """A probe that watched the library's trainer, and the parameters from before."""
    network = v.make("network_create", None)
    v.check(v.network_set_dtype(network, FLOAT64))
    v.check(v.network_set_initializer(network, BIAS, UNIFORM, -0.3, 0.3))
    h = v.input(network, UNITS[0])
    for i in range(LAYERS):
        h = v.dense(h, UNITS[i + 1], TANH if i + 1 < LAYERS else SIGMOID)
    v.check(v.network_build(network, h))
    initial = parameters(v, network)
    probe = v.make("probe_create", None)
    v.check(v.probe_attach(probe, network))
    sgd = v.make("optimizer_create", network, SGD, RATE)
    v.check(v.optimizer_set(sgd, MOMENTUM, INERTIA))
    run = v.make("trainer_create", network, BINARY_CROSSENTROPY, sgd)
    for option, value in ((BATCH_SIZE, BATCH), (SHUFFLE, 0), (MAX_STEPS, STEPS)):
        v.check(v.trainer_set(run, option, value))
    data = v.make("dataset_borrow", ROWS, x.ctypes.data, FLOAT64, 2, y.ctypes.data, FLOAT64, 1, None)
    v.check(v.trainer_fit(run, data, -1))
    for kind, handle in (("trainer", run), ("optimizer", sgd), ("dataset", data), ("network", network)):
        getattr(v, kind + "_destroy")(handle)
    return probe, initial


def passes(layers, x, y):
    """Loss, and of each layer what the pass forward and backward makes: {role: array}."""
    seen, given = [], x
    for i, (w, b) in enumerate(layers):
        z = given @ w + b
        a = numpy.tanh(z) if i + 1 < LAYERS else 1 / (1 + numpy.exp(-z))
        seen.append({KERNEL: w, BIAS: b, INPUT: given, PREACTIVATION: z, ACTIVATION: a})
        given = a
    loss = -numpy.mean(y * numpy.log(given) + (1 - y) * numpy.log(1 - given))
    delta = (given - y) / BATCH
    for i in reversed(range(LAYERS)):
        if i + 1 < LAYERS:
            da = delta @ layers[i + 1][0].T
            seen[i][ACTIVATION_GRADIENT] = da
            delta = (1 - seen[i][ACTIVATION] ** 2) * da
        seen[i].update({DELTA: delta, KERNEL + GRADIENT: seen[i][INPUT].T @ delta,
                        BIAS + GRADIENT: delta.sum(axis=0)})
    return loss, seen


def own_loop(v, x, y, initial, to_tensor):
    """A probe that was handed every array of a loop in NumPy."""
    probe = v.make("probe_create", None)
    for i in range(LAYERS):
        v.check(v.probe_declare(probe, b"layer %d" % i, KIND_DENSE, TANH if i + 1 < LAYERS else SIGMOID,
                                UNITS[i], UNITS[i + 1], None))
    layers = [(w.copy(), b.copy()) for w, b in initial]
    speeds = [[numpy.zeros_like(w), numpy.zeros_like(b)] for w, b in initial]
    for step in range(STEPS):
        first = step * BATCH % ROWS
        loss, seen = passes(layers, x[first:first + BATCH], y[first:first + BATCH])
        v.check(v.probe_begin(probe, step))
        for i, arrays in enumerate(seen):
            for role in (KERNEL, BIAS):
                speeds[i][role] = INERTIA * speeds[i][role] - RATE * arrays[role + GRADIENT]
                arrays[role + UPDATE] = speeds[i][role]
            for role, array in arrays.items():
                tensor, _keep = to_tensor(v, array)
                v.check(v.probe_observe(probe, i, role, tensor))
            layers[i] = (layers[i][0] + speeds[i][0], layers[i][1] + speeds[i][1])
        v.check(v.probe_end(probe, loss))
    return probe


# ---- what they have seen ----

def differences(what, got, want, unit):
    if len(got) != len(want):
        return ["{}: {} values, not {}".format(what, len(got), len(want))]
    with numpy.errstate(invalid="ignore"):
        off = numpy.where(got == want, 0, abs(got - want))  # Inf is Inf
    return ["{}: step {}: {!r}, not {!r}".format(what, n, got[n], want[n])
            for n in range(len(got)) if off[n] == numpy.inf or not off[n] <= 1e-12 * unit[n]]


def role_problems(v, mine, theirs, layer, role):
    """Against the root mean square. An attached probe sees parameters after the update: they are
    those of the next pass."""
    problems, later = [], role in (KERNEL, BIAS)
    size = v.history(theirs, layer + 1, role, COUNT)
    unit = v.history(theirs, layer + 1, role, L2) / numpy.sqrt(size)
    fused = role == ACTIVATION_GRADIENT and layer + 1 == LAYERS
    if len(unit) != (0 if fused else STEPS):
        problems.append("role {} of layer {}: {} steps".format(role, layer, len(unit)))
    for name, quantity in MOMENTS.items():
        got, want = v.history(mine, layer, role, quantity), v.history(theirs, layer + 1, role, quantity)
        if later:
            got, want = got[1:], want[:-1]
        problems += differences("layer {}, role {}, {}".format(layer, role, name), got, want, unit)
    return problems


def record_problems(v, mine, theirs):
    problems = []
    for layer in range(LAYERS):
        for role in (KERNEL, BIAS, INPUT, PREACTIVATION, ACTIVATION, DELTA, ACTIVATION_GRADIENT,
                     KERNEL + GRADIENT, BIAS + GRADIENT, KERNEL + UPDATE, BIAS + UPDATE):
            problems += role_problems(v, mine, theirs, layer, role)
        for name, (role, quantity) in FIGURES.items():
            want = v.history(theirs, layer + 1, role, quantity)
            if not len(want) and (role != DELTA or layer + 1 < LAYERS):
                problems.append("layer {}: no {}".format(layer, name))
            unit = numpy.maximum(1, abs(want))
            if name == "noise_scale":  # b t / (1 - t): an error of the norm test t, by 1 / (1 - t)
                unit = unit * (1 + want / BATCH)
            problems += differences("layer {}, {}".format(layer, name),
                                    v.history(mine, layer, role, quantity), want, unit)
    return problems


def main():
    (library,) = sys.argv[1:]
    points = tap.Tap()
    if not numpy:
        points.skip("own_loop", "there is no NumPy")
        return points.finish()
    v = Library(library)
    x = numpy.random.RandomState(3).uniform(-1, 1, (ROWS, 2))
    y = ((x ** 2).sum(axis=1, keepdims=True) < 0.6).astype(float)
    theirs, initial = built_in(v, x, y)
    for to_tensor in (plainly, by_dlpack, by_dlpack_transposed):
        name = "a NumPy loop, its arrays " + to_tensor.__name__.replace("_", " ")
        if to_tensor != plainly and not hasattr(x, "__dlpack__"):
            points.skip(name, "this NumPy has no DLPack")
            continue
        mine = own_loop(v, x, y, initial, to_tensor)
        points.check(name, record_problems(v, mine, theirs))
        v.probe_destroy(mine)
    v.probe_destroy(theirs)
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
