r"""The bytes of an ONNX file, checked before anything is allocated for them.

A protocol buffer is a sequence of fields, a key (number and wire type) and a value.
The parser that builds objects of them takes far more memory than the file where many
fields are small (an empty node is two bytes and becomes an object of about a hundred),
so this module walks over the bytes first, by the schema of ONNX and without building
anything. It refuses, by name: what is cut off or malformed, too many fields, too many
numbers in the compressed form (a byte becomes eight), names of more than 4096 bytes,
and what geomadv does not read at all: graphs within nodes (If, Loop, Scan), functions,
training graphs, sparse tensors, values that are no tensors.
"""

from collections.abc import Mapping

_MOST_FIELDS = 1_000_000
_MOST_PACKED = 2**26
_LONGEST_NAME = 4096

# Message: field number -> what it holds. A message by its name; "name" a short string;
# "packed" numbers of variable length; anything after "!" is refused, and said.
_SCHEMA: Mapping[str, Mapping[int, str]] = {
    "model": {
        7: "graph",
        8: "opset",
        14: "pair",
        20: "!training graphs are not read",
        25: "!functions are not read",
    },
    "graph": {
        1: "node",
        2: "name",
        5: "tensor",
        11: "value",
        12: "value",
        13: "value",
        14: "pair",
        15: "!sparse tensors are not read",
        16: "pair",
    },
    "node": {
        1: "name",
        2: "name",
        3: "name",
        4: "name",
        5: "attribute",
        7: "name",
        8: "name",
        9: "pair",
        10: "pair",
    },
    "attribute": {
        1: "name",
        5: "tensor",
        6: "!graph",
        8: "packed",
        10: "tensor",
        11: "!graph",
        14: "type",
        15: "type",
        21: "name",
        22: "!sparse tensors are not read",
        23: "!sparse tensors are not read",
    },
    "tensor": {
        1: "packed",
        3: "!tensors in segments are not read",
        5: "packed",
        7: "packed",
        8: "name",
        11: "packed",
        13: "pair",
        16: "pair",
    },
    "value": {1: "name", 2: "type", 4: "pair"},
    "type": {
        1: "tensor type",
        4: "!values must be tensors, got a sequence",
        5: "!values must be tensors, got a map",
        7: "!values must be tensors, got an opaque type",
        8: "!values must be tensors, got a sparse one",
        9: "!values must be tensors, got an optional one",
    },
    "tensor type": {2: "shape"},
    "shape": {1: "dimension"},
    "dimension": {2: "name", 3: "name"},
    "opset": {1: "name"},
    "pair": {},
}


class ModelFileError(ValueError):
    """A file that is no network that geomadv reads; the message says why."""


class _Walk:
    """One pass over the bytes, with its counters."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.fields = 0
        self.packed = 0
        self.op = ""

    def varint(self, at: int, end: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            if at >= end or shift > 63:
                raise ModelFileError(f"it is cut off or no ONNX file (at byte {at})")
            byte = self.data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
            shift += 7

    def message(self, kind: str, at: int, end: int) -> None:
        schema = _SCHEMA[kind]
        while at < end:
            key, at = self.varint(at, end)
            number, wire = key >> 3, key & 7
            self.fields += 1
            if self.fields > _MOST_FIELDS:
                raise ModelFileError(f"it holds more than {_MOST_FIELDS} fields")
            if number == 0:
                raise ModelFileError(f"it is no ONNX file (at byte {at})")
            if wire == 2:
                length, at = self.varint(at, end)
                if length > end - at:
                    raise ModelFileError(f"it is cut off (at byte {at})")
                self.inner(kind, number, schema.get(number, ""), at, at + length)
                at += length
            elif wire == 0:
                _, at = self.varint(at, end)
            elif wire in (1, 5):
                at += 8 if wire == 1 else 4
                if at > end:
                    raise ModelFileError(f"it is cut off (at byte {end})")
            else:
                raise ModelFileError(f"it is no ONNX file (at byte {at})")

    def inner(self, kind: str, number: int, holds: str, at: int, end: int) -> None:
        if holds == "!graph":
            op = f" {self.op!r}" if self.op else ""
            raise ModelFileError(
                f"the operator{op} holds a graph of its own (as If, Loop and Scan do), "
                "which is not read"
            )
        if holds.startswith("!"):
            raise ModelFileError(holds[1:])
        if holds == "packed":
            self.packed += end - at
            if self.packed > _MOST_PACKED:
                raise ModelFileError(
                    f"it holds more than {_MOST_PACKED} bytes of packed numbers; "
                    "large tensors must be stored as raw data"
                )
        elif holds == "name":
            if end - at > _LONGEST_NAME:
                raise ModelFileError(f"a name is longer than {_LONGEST_NAME} bytes")
            try:
                name = self.data[at:end].decode()
            except UnicodeDecodeError:
                raise ModelFileError(f"a name is no text (at byte {at})") from None
            if kind == "node" and number == 4:
                self.op = name[:40]
        elif holds:
            if holds == "node":
                self.op = ""
            self.message(holds, at, end)


def check_wire(data: bytes) -> None:
    """Raise ModelFileError unless the bytes can be parsed in bounded memory."""
    if not data:
        raise ModelFileError("it is empty")
    _Walk(data).message("model", 0, len(data))
