"""npy.py LIBRARY: what NumPy writes into .npy files, every type, order and version, comes out of
vgrad_dataset_npy() with its values; what is no number is refused. Skipped where NumPy is missing."""
# SPDX-License-Identifier: MIT
import ctypes as c
import itertools
import os
import sys
import tempfile

import tap

try:
    import numpy
except ImportError:
    numpy = None

P, I32, I64 = c.c_void_p, c.c_int32, c.c_int64
FLOAT64, INT64, FORMAT = 2, 7, -8
TYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]
SHAPES = [(1,), (7,), (5, 3), (4, 1), (3, 2, 4), (2, 1, 3, 1, 2), (2, 1, 2, 1, 2, 1, 2, 3)]
NUMBERLESS = ["c8", "c16", "O", "U5", "S5", "M8[s]", "m8[s]", "V8", "g", [("a", "f4"), ("b", "i4")]]
PROTOTYPES = {
    "last_error": (c.c_char_p,),
    "dataset_npy": (I32, c.POINTER(P), c.c_char_p, c.c_char_p, P),
    "dataset_destroy": (None, P),
    "dataset_rows": (I64, P),
    "dataset_x_shape": (I32, P, c.POINTER(I64)),
    "dataset_y_shape": (I32, P, c.POINTER(I64)),
    "dataset_read": (I32, P, I64, I64, P, P, I32),
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

    def read(self, path, dtype, number):
        """x and y of a dataset whose two files are this one, as the dtype with this number."""
        data, sizes = P(), (I64 * 8)()
        self.check(self.dataset_npy(c.byref(data), os.fsencode(path), os.fsencode(path), None))
        try:
            shape = tuple(sizes[:self.dataset_x_shape(data, sizes)])
            assert shape == tuple(sizes[:self.dataset_y_shape(data, sizes)])
            x, y = numpy.empty(shape, dtype), numpy.empty(shape, dtype)
            self.check(self.dataset_read(data, 0, self.dataset_rows(data), x.ctypes.data,
                                         y.ctypes.data, number))
            return x, y
        finally:
            self.dataset_destroy(data)


def values(dtype, shape):
    """Numbers of both signs, up to the ends of the type; of floats also those that are none."""
    random = numpy.random.RandomState(1)
    count = int(numpy.prod(shape))
    if dtype.kind == "b":
        flat = random.rand(count) < 0.5
    elif dtype.kind == "f":
        flat = random.standard_normal(count).astype(dtype)
        ends = numpy.finfo(dtype)
        special = [ends.max, ends.min, ends.tiny, -0.0, numpy.inf, -numpy.inf, numpy.nan]
        flat[:len(special)] = special[:count]
    else:
        ends = numpy.iinfo(dtype)
        most = min(int(ends.max), 2 ** 63 - 1)  # what int64 holds
        flat = random.bytes(count * dtype.itemsize)
        flat = numpy.frombuffer(flat, dtype.newbyteorder("=")) & most
        flat[:2] = [ends.min, most][:count]
    return flat.astype(dtype).reshape(shape)


def same(found, expected):
    return found.shape == expected.shape and numpy.array_equal(
        found, expected.astype(found.dtype), equal_nan=found.dtype.kind == "f")


def write(path, array, version):
    with open(path, "wb") as file:
        numpy.lib.format.write_array(file, array, version)


def check_type(v, path, name):
    """What does not come out as it went in."""
    problems = []
    for order, shape, fortran, version in itertools.product(
            "<>=", SHAPES, (False, True), ((1, 0), (2, 0), (3, 0))):
        array = values(numpy.dtype(order + name), shape)
        array = numpy.asfortranarray(array) if fortran else array
        write(path, array, version)
        dtype, number = ("f8", FLOAT64) if array.dtype.kind == "f" else ("i8", INT64)
        for found in v.read(path, dtype, number):
            if not same(found, array):
                problems.append("{} {} fortran={} {}".format(array.dtype, shape, fortran, version))
    return problems


def check_refused(v, path, kind):
    """What is wrong with how an array of this type is refused."""
    data = P(1)
    array = numpy.zeros((3, 2), kind)
    with open(path, "wb") as file:
        numpy.lib.format.write_array(file, array, allow_pickle=True)
    status = v.dataset_npy(c.byref(data), os.fsencode(path), None, None)
    text = v.last_error().decode()
    descr = str(numpy.lib.format.dtype_to_descr(array.dtype))
    good = status == FORMAT and data.value is None and descr in text and path[-20:] in text
    return [] if good else ["{}: {}".format(status, text)]


def check_sizes(v, path):
    """uint64 above int64, no rows, no axis: none becomes a dataset."""
    problems = []
    for array in (numpy.array([1, 2 ** 63], "u8"), numpy.zeros((0, 3)), numpy.zeros(()),
                  numpy.zeros((1,) * 9)):
        numpy.save(path, array)
        data = P(1)
        status = v.dataset_npy(c.byref(data), os.fsencode(path), None, None)
        if status != FORMAT or data.value is not None:
            problems.append("{}: status {}".format(array.shape, status))
    return problems


def main():
    (library,) = sys.argv[1:]
    points = tap.Tap()
    if not numpy:
        points.skip("npy", "there is no NumPy")
        return points.finish()
    v = Library(library)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "array.npy")
        for name in TYPES:
            points.check("type " + name, check_type(v, path, name))
        for kind in NUMBERLESS:
            points.check("refused: {}".format(kind), check_refused(v, path, kind))
        points.check("refused: sizes", check_sizes(v, path))
    return points.finish()


if __name__ == "__main__":
    sys.exit(main())
