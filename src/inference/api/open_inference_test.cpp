#include "inference/api/open_inference.h"

#include <cstring>

#include <gtest/gtest.h>

#include "codec/json.h"

namespace vedette::inference {
namespace {

std::string request_of(std::string_view input) {
  return R"({"inputs":[)" + std::string(input) + "]}";
}
std::string input_of(std::string_view datatype, std::string_view shape, std::string_view data) {
  return R"({"name":"x","datatype":")" + std::string(datatype) + R"(","shape":)" +
         std::string(shape) + R"(,"data":)" + std::string(data) + "}";
}
std::string code_of(std::string_view body) {
  const auto request = parse_infer_request(as_bytes(body), std::nullopt);
  return request ? "" : request.error().code;
}
std::string code_for(std::string_view datatype, std::string_view shape, std::string_view data) {
  return code_of(request_of(input_of(datatype, shape, data)));
}
template <class T>
T first_value(const TensorView& tensor) {
  T value;
  std::memcpy(&value, tensor.data.data(), sizeof value);
  return value;
}

TEST(InferRequest, RefusesWhatIsNoRequest) {
  EXPECT_EQ(code_of(""), "JSON-SYNTAX");
  EXPECT_EQ(code_of("[]"), "OIP-REQUEST");
  EXPECT_EQ(code_of("{}"), "OIP-REQUEST");
  EXPECT_EQ(code_of(R"({"inputs":[]})"), "OIP-REQUEST");
  EXPECT_EQ(code_of(R"({"inputs":{}})"), "OIP-REQUEST");
  EXPECT_EQ(code_of(R"({"inputs":[1]})"), "OIP-REQUEST");
  EXPECT_EQ(code_of(R"({"inputs":[{}]})"), "OIP-REQUEST");
  EXPECT_EQ(code_of(R"({"input":[]})"), "OIP-REQUEST");
}

TEST(InferRequest, RefusesForeignMembers) {
  EXPECT_EQ(
      code_of(R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1],"file":"/"}]})"),
      "OIP-REQUEST");
  EXPECT_EQ(code_of(R"({"parameters":1,"inputs":[]})"), "OIP-REQUEST");
}

TEST(InferRequest, RefusesDatatypesThatDoNotCross) {
  EXPECT_EQ(code_for("BYTES", "[1]", R"(["a"])"), "OIP-DATATYPE");
  EXPECT_EQ(code_for("FP16", "[1]", "[1]"), "OIP-DATATYPE");
  EXPECT_EQ(code_for("float", "[1]", "[1]"), "OIP-DATATYPE");
}

TEST(InferRequest, RefusesDataThatDoNotHaveTheShape) {
  EXPECT_EQ(code_for("FP32", "[2]", "[1]"), "OIP-SHAPE");
  EXPECT_EQ(code_for("FP32", "[2]", "[1,2,3]"), "OIP-SHAPE");
  EXPECT_EQ(code_for("FP32", "[2,2]", "[[1,2],[3]]"), "OIP-SHAPE");
  EXPECT_EQ(code_for("FP32", "[2,2]", "[[1,2],3]"), "OIP-SHAPE");
  EXPECT_EQ(code_for("FP32", "[4]", "[[1,2],[3,4]]"), "OIP-SHAPE");
  EXPECT_EQ(code_for("FP32", "[2,2]", "[[1,2,3,4]]"), "OIP-SHAPE");
  EXPECT_EQ(code_for("FP32", "[]", "[]"), "OIP-SHAPE");
}

TEST(InferRequest, RefusesAbsurdShapes) {
  EXPECT_EQ(code_for("FP32", "[-1]", "[]"), "OIP-SHAPE");
  EXPECT_EQ(code_for("FP32", "[4611686018427387904]", "[]"), "OIP-SHAPE");
  EXPECT_EQ(code_for("UINT8", "[4294967296,4294967296]", "[]"), "OIP-SHAPE");
  EXPECT_EQ(code_for("FP32", "[1.0]", "[1]"), "OIP-REQUEST");
  EXPECT_EQ(code_for("FP32", "[1,1,1,1,1,1,1,1,1]", "[1]"), "OIP-REQUEST");
}

TEST(InferRequest, RefusesValuesThatTheTypeCannotHold) {
  EXPECT_EQ(code_for("INT8", "[1]", "[128]"), "OIP-VALUE");
  EXPECT_EQ(code_for("UINT8", "[1]", "[-1]"), "OIP-VALUE");
  EXPECT_EQ(code_for("UINT64", "[1]", "[-1]"), "OIP-VALUE");
  EXPECT_EQ(code_for("UINT32", "[1]", "[4294967296]"), "OIP-VALUE");
  EXPECT_EQ(code_for("INT32", "[1]", "[1.0]"), "OIP-VALUE");
  EXPECT_EQ(code_for("FP32", "[1]", "[1e39]"), "OIP-VALUE");
  EXPECT_EQ(code_for("FP32", "[1]", R"(["1"])"), "OIP-VALUE");
  EXPECT_EQ(code_for("BOOL", "[1]", "[1]"), "OIP-VALUE");
  EXPECT_EQ(code_for("INT64", "[1]", "[true]"), "OIP-VALUE");
  EXPECT_EQ(code_for("FP32", "[1]", "[null]"), "OIP-VALUE");
}

TEST(InferRequest, RefusesRepeatedAndMalformedNames) {
  const std::string input = input_of("FP32", "[1]", "[1]");
  EXPECT_EQ(code_of(request_of(input + "," + input)), "OIP-REQUEST");
  EXPECT_EQ(code_of(request_of(R"({"name":"","datatype":"FP32","shape":[1],"data":[1]})")),
            "OIP-REQUEST");
  EXPECT_EQ(code_of(R"({"inputs":[)" + input + R"(],"outputs":[{"name":"y"},{"name":"y"}]})"),
            "OIP-REQUEST");
}

TEST(InferRequest, RefusesBodiesBeyondItsLimits) {
  const std::string body = request_of(input_of("FP32", "[4]", "[1,2,3,4]"));
  const auto parse = [&](const InferLimits& limits) {
    return parse_infer_request(as_bytes(body), std::nullopt, limits);
  };
  EXPECT_EQ(parse({.max_json_bytes = 20}).error().code, "JSON-SIZE");
  EXPECT_FALSE(parse({.max_values = 8}).has_value());
  EXPECT_TRUE(parse({}).has_value());
}

TEST(InferRequest, ReadsFlatNestedAndScalarData) {
  const std::string flat_body = request_of(input_of("INT16", "[2,2]", "[1,2,3,-4]"));
  const std::string nested_body = request_of(input_of("INT16", "[2,2]", "[[1,2],[3,-4]]"));
  const auto flat = parse_infer_request(as_bytes(flat_body), std::nullopt);
  const auto nested = parse_infer_request(as_bytes(nested_body), std::nullopt);
  ASSERT_TRUE(flat.has_value());
  ASSERT_TRUE(nested.has_value());
  EXPECT_EQ(to_tensor(flat->inputs[0]), to_tensor(nested->inputs[0]));
  EXPECT_EQ(flat->inputs[0].data.size(), 8U);
  const std::string scalar_body = request_of(input_of("INT64", "[]", "[16000]"));
  const auto scalar = parse_infer_request(as_bytes(scalar_body), std::nullopt);
  ASSERT_TRUE(scalar.has_value());
  EXPECT_EQ(first_value<std::int64_t>(scalar->inputs[0]), 16000);
  EXPECT_EQ(code_for("FP64", "[0,3]", "[]"), "");
}

TEST(InferRequest, ReadsIdParametersAndWantedOutputs) {
  const auto request = parse_infer_request(
      as_bytes(R"({"id":"42","parameters":{"a":1},"inputs":[{"name":"x","datatype":"BOOL",)"
               R"("shape":[2],"parameters":{},"data":[true,false]}],)"
               R"("outputs":[{"name":"y","parameters":{}}]})"),
      std::nullopt);
  ASSERT_TRUE(request.has_value()) << describe(request.error());
  EXPECT_EQ(request->id, "42");
  EXPECT_EQ(to_bytes(request->inputs[0].data), (Bytes{1, 0}));
  ASSERT_EQ(request->outputs.size(), 1U);
  EXPECT_EQ(request->outputs[0].name, "y");
  EXPECT_EQ(request->outputs[0].form, OutputForm::json);
}

std::vector<WantedOutput> wanted(std::string name) {
  return {{std::move(name), OutputForm::json}};
}

TEST(SelectOutputs, RefusesAnOutputThatIsNotThere) {
  const std::vector<Tensor> outputs = {{"a", DataType::int8, {1}, {1}},
                                       {"b", DataType::int8, {1}, {2}}};
  EXPECT_EQ(select_outputs(outputs, wanted("c")).error().code, "OIP-OUTPUT");
  EXPECT_EQ(select_outputs(outputs, wanted("b")).value(), std::vector<Tensor>{outputs[1]});
  EXPECT_EQ(select_outputs(outputs, {}).value(), outputs);
}

std::string text_of(const InferResponse& response) {
  const auto rendered = render_infer_response(response);
  return rendered ? std::string(as_text(rendered->body)) : rendered.error().code;
}

Tensor of_float(float value) {
  Tensor tensor{"y", DataType::fp32, {1}, Bytes(4)};
  std::memcpy(tensor.data.data(), &value, 4);
  return tensor;
}

TEST(InferResponse, RefusesWhatJsonCannotHold) {
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    EXPECT_EQ(text_of({"m", "", "", {of_float(value)}, {}}), "OIP-NOT-FINITE");
  EXPECT_EQ(text_of({"m", "", "", {{"y", DataType::fp16, {1}, Bytes(2)}}, {}}), "OIP-DATATYPE");
}

TEST(InferResponse, WritesShortestNumbersAndLeavesOutWhatIsEmpty) {
  EXPECT_EQ(
      text_of({"m", "", "", {of_float(0.1F)}, {}}),
      R"({"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[1],"data":[0.1]}]})");
  const Tensor large{"u", DataType::uint64, {}, Bytes(8, 0xFF)};
  const Tensor flags{"b", DataType::boolean, {2}, {1, 0}};
  EXPECT_EQ(text_of({"m", "3", "q\"", {large, flags}, {}}),
            R"({"model_name":"m","model_version":"3","id":"q\"","outputs":[{"name":"u","datatype":)"
            R"("UINT64","shape":[],"data":[18446744073709551615]},{"name":"b","datatype":"BOOL",)"
            R"("shape":[2],"data":[true,false]}]})");
}

TEST(InferResponse, ReadsBackAsJson) {
  const Tensor tensor{"y\n", DataType::int8, {3}, {0, 127, 128}};
  const std::string text = text_of({"m", "1", "id", {tensor, of_float(-1e-20F)}, {}});
  EXPECT_TRUE(codec::parse_json(text).has_value()) << text;
  EXPECT_NE(text.find("[0,127,-128]"), std::string::npos);
}

TEST(Metadata, ListsModelsByState) {
  const std::vector<IndexEntry> entries = {{"m", "2", true, ""}, {"n", "1", false, "it died"}};
  EXPECT_EQ(render_repository_index(entries),
            R"([{"name":"m","version":"2","state":"READY","reason":""},)"
            R"({"name":"n","version":"1","state":"UNAVAILABLE","reason":"it died"}])");
  EXPECT_EQ(render_repository_index({}), "[]");
}

TEST(Metadata, SaysWhatTheProtocolAsks) {
  const ModelMetadata metadata{{{"x", DataType::fp32, {-1, 2}}}, {{"y", DataType::boolean, {}}}};
  EXPECT_EQ(
      render_model_metadata("m", {"1", "2"}, "onnxruntime_onnx", metadata),
      R"({"name":"m","versions":["1","2"],"platform":"onnxruntime_onnx","inputs":[{"name":"x",)"
      R"("datatype":"FP32","shape":[-1,2]}],"outputs":[{"name":"y","datatype":"BOOL",)"
      R"("shape":[]}]})");
  EXPECT_EQ(render_server_metadata("vedette", "0.1.0", {}),
            R"({"name":"vedette","version":"0.1.0","extensions":[]})");
  EXPECT_EQ(render_error({"A-B", "it \"broke\"", "", ""}), R"({"error":"A-B: it \"broke\""})");
}

}  // namespace
}  // namespace vedette::inference
