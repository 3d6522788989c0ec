"""What a user writes in Python with nothing but ctypes. VGRAD_LIBRARY: where the library is."""
# SPDX-License-Identifier: MIT
import ctypes as c
import math
import os
import sys

P, I32, I64, F64 = c.c_void_p, c.c_int32, c.c_int64, c.c_double
KERNEL_GRADIENT, KERNEL_EPOCH_GRADIENT, L2 = 256, 1024, 5
EPOCH_END, GRADIENTS_READY, KEEP_EPOCH_GRADIENT = 8, 64, 32
SIGMOID, TANH, SGD, BINARY_CROSSENTROPY = 1, 2, 1, 3


class Event(c.Structure):
    _fields_ = ([("struct_size", c.c_size_t), ("trainer", P), ("network", P), ("finding", P)]
                + [(n, I64) for n in "kind flags epoch epochs batch batches step samples".split()]
                + [(n, F64) for n in ("loss accuracy validation_loss validation_accuracy "
                                      "learning_rate gradient_norm clipped_norm").split()])


CALLBACK = c.CFUNCTYPE(I32, c.POINTER(Event), P)
PROTOTYPES = {
    "last_error": (c.c_char_p,),
    "dataset_circles": (I32, c.POINTER(P), I64, F64, F64, c.c_uint64, P),
    "dataset_destroy": (None, P),
    "network_create": (I32, c.POINTER(P), P),
    "network_destroy": (None, P),
    "network_keep": (I32, P, c.c_uint32),
    "network_build": (I32, P, P),
    "network_tensor": (P, P, I32, I32),
    "tensor_stat": (F64, P, I32),
    "input": (P, P, I64),
    "dense": (P, P, I64, I32),
    "optimizer_create": (I32, c.POINTER(P), P, I32, F64),
    "optimizer_destroy": (None, P),
    "trainer_create": (I32, c.POINTER(P), P, I32, P),
    "trainer_destroy": (None, P),
    "trainer_on": (I32, P, c.c_uint32, I64, CALLBACK, P),
    "trainer_fit": (I32, P, P, I64),
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


def norms(v, event):
    role = KERNEL_GRADIENT if event.kind == GRADIENTS_READY else KERNEL_EPOCH_GRADIENT
    found = []
    while tensor := v.network_tensor(event.network, role, len(found)):
        found.append(v.tensor_stat(tensor, L2))
    return found


def main():
    v = Library(os.environ.get("VGRAD_LIBRARY", "libvgrad.so.0"))
    data = v.make("dataset_circles", 100, 0.5, 0.1, 42, None)
    network = v.make("network_create", None)
    v.check(v.network_keep(network, KEEP_EPOCH_GRADIENT))
    hidden = v.dense(v.input(network, 2), 5, TANH)
    v.check(v.network_build(network, v.dense(hidden, 1, SIGMOID)))
    sgd = v.make("optimizer_create", network, SGD, 0.1)
    run = v.make("trainer_create", network, BINARY_CROSSENTROPY, sgd)
    seen, failure = {GRADIENTS_READY: [], EPOCH_END: []}, []

    @CALLBACK
    def on_event(event, _user):
        try:
            assert event.contents.struct_size == c.sizeof(Event)
            seen[event.contents.kind].append(norms(v, event.contents))
            return 0
        except BaseException as error:  # must not cross into C
            failure.append(error)
            return -1

    v.check(v.trainer_on(run, GRADIENTS_READY | EPOCH_END, 1, on_event, None))
    status = v.trainer_fit(run, data, 3)
    if failure:
        raise failure[0]
    v.check(status)
    v.trainer_destroy(run)
    v.optimizer_destroy(sgd)
    v.network_destroy(network)
    v.dataset_destroy(data)
    assert (len(seen[GRADIENTS_READY]), len(seen[EPOCH_END])) == (12, 3)
    for row in seen[GRADIENTS_READY] + seen[EPOCH_END]:
        assert len(row) == 2 and all(math.isfinite(n) and n > 0 for n in row), row


if __name__ == "__main__":
    sys.exit(main())
