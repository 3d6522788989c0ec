"""keras_circles.c without its pictures, over bare ctypes: every definition that it needs, no more.

VGRAD_LIBRARY names the library in a build tree; without it, the installed libvgrad.so.0 is used.
"""
# SPDX-License-Identifier: MIT
import ctypes as c
import os

P, I32, I64, F64 = c.c_void_p, c.c_int32, c.c_int64, c.c_double
KERNEL, KERNEL_GRADIENT = 0, 256            # vgrad_role
MEAN, STD = 2, 3                            # vgrad_quantity
SIGMOID, TANH, RELU = 1, 2, 3               # vgrad_activation
NORMAL, RMSPROP, BINARY_CROSSENTROPY = 3, 2, 3
TRAIN_BEGIN, EPOCH_END = 1, 8               # events
OK = 0                                      # vgrad_status


class Event(c.Structure):
    _fields_ = ([("struct_size", c.c_size_t), ("trainer", P), ("network", P), ("finding", P)]
                + [(n, I64) for n in "kind flags epoch epochs batch batches step samples".split()]
                + [(n, F64) for n in ("loss accuracy validation_loss validation_accuracy "
                                      "learning_rate gradient_norm clipped_norm").split()])


class Tensor(c.Structure):                  # vgrad_tensor, which never changes
    _fields_ = [("data", P), ("name", c.c_char_p), ("shape", I64 * 8), ("strides", I64 * 8),
                ("rank", I32), ("dtype", I32), ("device_type", I32), ("device_id", I32),
                ("layer", I32), ("role", I32)]


T = c.POINTER(Tensor)
CALLBACK = c.CFUNCTYPE(I32, c.POINTER(Event), P)
PROTOTYPES = {
    "last_error": (c.c_char_p,),
    "activation_name": (c.c_char_p, I32),
    "dataset_circles": (I32, c.POINTER(P), I64, F64, F64, c.c_uint64, P),
    "dataset_destroy": (None, P),
    "network_create": (I32, c.POINTER(P), P),
    "network_destroy": (None, P),
    "network_set_seed": (I32, P, c.c_uint64),
    "network_set_initializer": (I32, P, I32, I32, F64, F64),
    "network_build": (I32, P, P),
    "network_tensor": (T, P, I32, I32),     # a null one is false
    "tensor_stat": (F64, T, I32),
    "input": (P, P, I64),
    "dense": (P, P, I64, I32),
    "optimizer_create": (I32, c.POINTER(P), P, I32, F64),
    "optimizer_destroy": (None, P),
    "trainer_create": (I32, c.POINTER(P), P, I32, P),
    "trainer_destroy": (None, P),
    "trainer_on": (I32, P, c.c_uint32, I64, CALLBACK, P),
    "trainer_fit": (I32, P, P, I64),
    "trainer_evaluate": (I32, P, P, c.POINTER(F64), c.POINTER(F64)),
    "trainer_next": (I32, P, P, I64, c.POINTER(T), c.POINTER(T)),
    "trainer_forward": (I32, P, T),
    "trainer_loss": (I32, P, T, c.POINTER(F64)),
    "trainer_backward": (I32, P),
    "trainer_step": (I32, P),
    "trainer_batch": (I64, P),
}


class Library:
    def __init__(self, path):
        lib = c.CDLL(path)
        for name, (result, *arguments) in PROTOTYPES.items():
            function = getattr(lib, "vgrad_" + name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)

    def check(self, status):
        if status < 0:
            raise RuntimeError(self.last_error().decode())
        return status

    def make(self, kind, *arguments):
        handle = P()
        self.check(getattr(self, kind)(c.byref(handle), *arguments))
        return handle


def record(v, network, role, rows):
    row, i = [], 0
    while tensor := v.network_tensor(network, role, i):
        row.append((tensor.contents.name.decode(), v.tensor_stat(tensor, MEAN),
                    v.tensor_stat(tensor, STD)))
        i += 1
    rows.append(row)


def make_mlp(v, activation):
    network = v.make("network_create", None)
    v.network_set_seed(network, 1)
    v.network_set_initializer(network, KERNEL, NORMAL, 0.0, 1.0)
    h = v.input(network, 2)
    for _ in range(4):
        h = v.dense(h, 5, activation)
    v.check(v.network_build(network, v.dense(h, 1, SIGMOID)))
    return network


def train_by_hand(v, run, data, network, rows):
    x, y, loss = T(), T(), F64()
    while v.check(v.trainer_next(run, data, 100, c.byref(x), c.byref(y))) == OK:
        v.trainer_forward(run, x)
        v.trainer_loss(run, y, c.byref(loss))
        v.trainer_backward(run)
        if v.trainer_batch(run) == 0:
            record(v, network, KERNEL_GRADIENT, rows)
        v.trainer_step(run)


def experiment(v, data, activation, by_hand):
    network, rows, failure = make_mlp(v, activation), [], []
    rmsprop = v.make("optimizer_create", network, RMSPROP, 0.001)
    run = v.make("trainer_create", network, BINARY_CROSSENTROPY, rmsprop)
    if by_hand:
        train_by_hand(v, run, data, network, rows)
    else:
        @CALLBACK
        def capture(event, _user):          # an exception must not cross into C
            try:
                record(v, event.contents.network, KERNEL, rows)
                return 0
            except BaseException as error:
                failure.append(error)
                return -1
        v.check(v.trainer_on(run, TRAIN_BEGIN | EPOCH_END, 1, capture, None))
        status = v.trainer_fit(run, data, 100)
        if failure:
            raise failure[0]
        v.check(status)
    loss, accuracy = F64(), F64()
    v.check(v.trainer_evaluate(run, data, c.byref(loss), c.byref(accuracy)))
    word = v.activation_name(activation).decode()
    (first, _, first_std), *_, (last, _, last_std) = rows[0]
    print(f"{word} {'gradients' if by_hand else 'weights'}: "
          f"loss {loss.value:.4f}, accuracy {accuracy.value:.3f}; "
          f"at the start the s.d. of {last} is {last_std / first_std:.3g} times that of {first}")
    v.trainer_destroy(run)
    v.optimizer_destroy(rmsprop)
    v.network_destroy(network)


def main():
    v = Library(os.environ.get("VGRAD_LIBRARY", "libvgrad.so.0"))
    data = v.make("dataset_circles", 1000, 0.5, 0.1, 42, None)
    for activation in (SIGMOID, TANH, RELU):
        for by_hand in (False, True):
            experiment(v, data, activation, by_hand)
    v.dataset_destroy(data)


if __name__ == "__main__":
    main()
