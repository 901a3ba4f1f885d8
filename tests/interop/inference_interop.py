"""Clients that others wrote before our inference API: tritonclient (HTTP) and curl.

usage: inference_interop.py INFERENCE_SERVER DEPS_FOLDER

tritonclient is looked for in this Python's path and in DEPS_FOLDER/venv (./dev setup tries to put it
there). A client that is absent is skipped with its reason; exit code 77 if both are.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import foreign

SERVER = None
try:
    import numpy
    import tritonclient.http as triton
    from tritonclient.utils import InferenceServerException
except ImportError:
    triton = None


class Served(unittest.TestCase):
    def serve(self, *words):
        process = subprocess.Popen([SERVER, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        return process.stdout.readline().strip()


class Tritonclient(Served):
    def setUp(self):
        if triton is None:
            self.skipTest("the Python package tritonclient[http] is neither here nor in .deps/venv")
        self.client = triton.InferenceServerClient(f"127.0.0.1:{self.serve()}", network_timeout=20)
        self.addCleanup(self.client.close)

    def input(self, array, datatype, binary, name="x"):
        tensor = triton.InferInput(name, list(array.shape), datatype)
        tensor.set_data_from_numpy(array, binary_data=binary)
        return tensor

    def refused(self, code, status, call, *words, **named):
        with self.assertRaises(InferenceServerException) as refusal:
            call(*words, **named)
        self.assertEqual(refusal.exception.status(), str(status))
        self.assertTrue(refusal.exception.message().startswith(code), refusal.exception.message())

    def test_is_told_what_is_refused_and_why(self):
        one = [self.input(numpy.zeros((1, 2), numpy.float32), "FP32", True)]
        self.refused("AGT-NO-MODEL", 404, self.client.infer, "none", one)
        self.refused("AGT-NO-VERSION", 404, self.client.infer, "echo", one, model_version="2")
        self.refused("OIP-OUTPUT", 400, self.client.infer, "echo", one,
                     outputs=[triton.InferRequestedOutput("none")])
        self.refused("SRV-QUEUE-FULL", 429, self.client.infer, "busy", one)
        self.refused("SBX-WORKER-DIED", 503, self.client.infer, "dead", one)
        self.refused("OIP-PARAMETER", 400, self.client.infer, "echo", one, sequence_id=7)
        self.refused("OIP-PATH", 404, self.client.get_model_config, "echo")
        self.refused("OIP-ENCODING", 415, self.client.infer, "echo", one,
                     request_compression_algorithm="gzip")
        text = numpy.array(["a"], dtype=numpy.object_)
        for binary in (True, False):
            self.refused("OIP-DATATYPE", 400, self.client.infer, "echo",
                         [self.input(text, "BYTES", binary)])
        nan = [self.input(numpy.array([numpy.nan], numpy.float32), "FP32", True)]
        self.refused("OIP-NOT-FINITE", 400, self.client.infer, "echo", nan,
                     outputs=[triton.InferRequestedOutput("x", binary_data=False)])

    def test_sees_health_metadata_and_models(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("echo"))
        self.assertTrue(self.client.is_model_ready("echo", "3"))
        self.assertFalse(self.client.is_model_ready("echo", "2"))
        self.assertFalse(self.client.is_model_ready("dead"))
        self.assertFalse(self.client.is_model_ready("none"))
        self.assertEqual(self.client.get_server_metadata()["extensions"], ["binary_tensor_data"])
        metadata = self.client.get_model_metadata("echo", "3")
        self.assertEqual(metadata["versions"], ["3"])
        self.assertEqual(metadata["inputs"][0], {"name": "x", "datatype": "FP32", "shape": [-1, 2]})
        index = {model["name"]: model["state"] for model in self.client.get_model_repository_index()}
        self.assertEqual(index, {"busy": "READY", "dead": "UNAVAILABLE", "echo": "READY"})

    def arrays(self):
        for name, kind in [("INT8", numpy.int8), ("INT16", numpy.int16), ("INT32", numpy.int32),
                           ("INT64", numpy.int64), ("UINT8", numpy.uint8), ("UINT16", numpy.uint16),
                           ("UINT32", numpy.uint32)]:
            limits = numpy.iinfo(kind)
            yield name, numpy.array([[limits.min, 0, limits.max]], kind)
        yield "UINT64", numpy.array([[0, 1, 2**63 - 1]], numpy.uint64)
        yield "FP32", numpy.array([[0.1, -1e-20, 3.4e38]], numpy.float32)
        yield "FP64", numpy.array([[0.1, -1e-300, 1.7e308]], numpy.float64)
        yield "BOOL", numpy.array([[True, False, True]])

    def test_gets_back_what_it_sent_in_every_form(self):
        for datatype, array in self.arrays():
            for sent, asked in [(True, True), (True, False), (False, True), (False, False)]:
                with self.subTest(datatype, sent=sent, asked=asked):
                    result = self.client.infer(
                        "echo", [self.input(array, datatype, sent)], model_version="3",
                        outputs=[triton.InferRequestedOutput("x", binary_data=asked)])
                    answer = result.as_numpy("x")
                    self.assertEqual(answer.dtype, array.dtype)
                    numpy.testing.assert_array_equal(answer, array)

    def test_gets_back_what_json_cannot_hold(self):
        arrays = {"half": ("FP16", numpy.array([numpy.nan, -numpy.inf, 0.5], numpy.float16)),
                  "nan": ("FP32", numpy.array([numpy.nan, numpy.inf], numpy.float32)),
                  "big": ("UINT64", numpy.array([2**64 - 1], numpy.uint64)),
                  "none": ("FP64", numpy.zeros((0, 3), numpy.float64))}
        inputs = [self.input(array, kind, True, name) for name, (kind, array) in arrays.items()]
        result = self.client.infer("echo", inputs)  # asks for everything as binary data
        for name, (_, array) in arrays.items():
            numpy.testing.assert_array_equal(result.as_numpy(name), array)

    def test_mixes_both_forms_in_one_request(self):
        left = numpy.arange(6, dtype=numpy.int32).reshape(2, 3)
        right = numpy.array([0.5], numpy.float32)
        result = self.client.infer(
            "echo",
            [self.input(left, "INT32", False, "left"), self.input(right, "FP32", True, "right")],
            outputs=[triton.InferRequestedOutput("right", binary_data=False),
                     triton.InferRequestedOutput("left", binary_data=True)],
            request_id="a-7", priority=1, timeout=1_500_000, parameters={"colour": "blue"})
        numpy.testing.assert_array_equal(result.as_numpy("left"), left)
        numpy.testing.assert_array_equal(result.as_numpy("right"), right)
        self.assertEqual(result.get_response()["id"], "a-7")
        self.assertEqual([one["name"] for one in result.get_response()["outputs"]], ["right", "left"])

    def test_carries_a_megabyte_each_way(self):
        array = numpy.random.default_rng(7).random((1, 512, 512), numpy.float32)
        result = self.client.infer("echo", [self.input(array, "FP32", True)])
        numpy.testing.assert_array_equal(result.as_numpy("x"), array)

    def test_asks_many_things_at_once(self):
        client = triton.InferenceServerClient(f"127.0.0.1:{self.serve()}", concurrency=8)
        self.addCleanup(client.close)
        arrays = [numpy.full((1, 64), i, numpy.int32) for i in range(64)]
        calls = [client.async_infer("echo", [self.input(array, "INT32", True)]) for array in arrays]
        for call, array in zip(calls, arrays):
            numpy.testing.assert_array_equal(call.get_result(timeout=20).as_numpy("x"), array)


class Curl(Served):
    def setUp(self):
        if shutil.which("curl") is None:
            self.skipTest("curl is not installed: run './dev setup'")
        folder = tempfile.mkdtemp(prefix="vedette-interop-")
        self.addCleanup(shutil.rmtree, folder)
        self.socket = folder + "/api.sock"
        self.serve(self.socket)

    def curl(self, path, *words):
        result = subprocess.run(["curl", "-s", "--unix-socket", self.socket, "http://localhost" + path,
                                 *words], capture_output=True, timeout=60, check=True)
        return json.loads(result.stdout)

    def test_is_told_what_is_refused_and_why(self):
        self.assertTrue(self.curl("/v2/models/none")["error"].startswith("AGT-NO-MODEL"))

    def test_asks_over_the_unix_socket(self):
        self.assertEqual(self.curl("/v2/models/echo")["name"], "echo")
        request = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [0.5, 2]}]}
        answer = self.curl("/v2/models/echo/infer", "-d", json.dumps(request))
        self.assertEqual(answer["outputs"][0]["data"], [0.5, 2])


def main():
    global SERVER
    SERVER, deps = foreign.paths(__doc__)
    if triton is None:
        foreign.prefer_venv(deps)
    return foreign.run()


if __name__ == "__main__":
    sys.exit(main())
