// The binary tensor data extension: what lies behind the JSON of a body.
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "inference/api/open_inference.h"

namespace vedette::inference {
namespace {

struct Body {
  Bytes octets;
  std::size_t json_bytes = 0;
};

Body body_of(std::string_view json, const Bytes& binary) {
  Body body{to_bytes(json), json.size()};
  append(body.octets, binary);
  return body;
}
std::string input_of(std::string_view datatype, std::string_view shape,
                     std::string_view parameters) {
  return R"({"name":"x","datatype":")" + std::string(datatype) + R"(","shape":)" +
         std::string(shape) + R"(,"parameters":{)" + std::string(parameters) + "}}";
}
std::string request_of(const std::string& inputs) {
  return R"({"inputs":[)" + inputs + "]}";
}
std::string code_of(const Body& body) {
  const auto request = parse_infer_request(body.octets, body.json_bytes);
  return request ? "" : request.error().code;
}
std::string code_with(std::string_view datatype, std::string_view shape,
                      std::string_view parameters, std::size_t octets) {
  return code_of(body_of(request_of(input_of(datatype, shape, parameters)), Bytes(octets)));
}
std::string code_with_parameters(const std::string& parameters) {
  return code_of(
      body_of(R"({"parameters":{)" + parameters +
                  R"(},"inputs":[{"name":"x","datatype":"INT8","shape":[1],"data":[1]}]})",
              {}));
}

TEST(JsonLength, RefusesWhatIsNoPlainNumber) {
  for (const char* text : {"", " 1", "1 ", "+1", "-1", "0x10", "1,2", "99999999999999999999"})
    EXPECT_EQ(parse_json_length(text).error().code, "OIP-BINARY") << text;
  EXPECT_EQ(parse_json_length("170").value(), 170U);
}

TEST(BinaryInput, RefusesASizeThatIsNotTheShapes) {
  EXPECT_EQ(code_with("FP32", "[2]", R"("binary_data_size":7)", 7), "OIP-BINARY");
  EXPECT_EQ(code_with("FP32", "[2]", R"("binary_data_size":4)", 8), "OIP-BINARY");
  EXPECT_EQ(code_with("FP32", "[2]", R"("binary_data_size":12)", 12), "OIP-BINARY");
  EXPECT_EQ(code_with("FP32", "[2]", R"("binary_data_size":8)", 8), "");
}

TEST(BinaryInput, RefusesABodyThatIsTooShortOrTooLong) {
  EXPECT_EQ(code_with("FP32", "[2]", R"("binary_data_size":8)", 7), "OIP-BINARY");
  EXPECT_EQ(code_with("FP32", "[2]", R"("binary_data_size":8)", 9), "OIP-BINARY");
  EXPECT_EQ(code_with("FP32", "[2]", R"("binary_data_size":8)", 0), "OIP-BINARY");
  Body body = body_of(request_of(input_of("INT8", "[1]", R"("binary_data_size":1)")), {1});
  body.json_bytes = body.octets.size() + 1;
  EXPECT_EQ(code_of(body), "OIP-BINARY");
  body.json_bytes = 0;
  EXPECT_EQ(code_of(body), "JSON-SYNTAX");
}

TEST(BinaryInput, RefusesBinaryDataWithoutALength) {
  const Body body = body_of(request_of(input_of("INT8", "[1]", R"("binary_data_size":1)")), {});
  EXPECT_EQ(parse_infer_request(body.octets, std::nullopt).error().code, "OIP-BINARY");
}

TEST(BinaryInput, RefusesTwoSourcesOfDataAndNone) {
  EXPECT_EQ(code_of(body_of(R"({"inputs":[{"name":"x","datatype":"INT8","shape":[1],"data":[1],)"
                            R"("parameters":{"binary_data_size":1}}]})",
                            {1})),
            "OIP-BINARY");
  EXPECT_EQ(code_with("INT8", "[1]", "", 1), "OIP-REQUEST");
}

TEST(BinaryInput, RefusesSizesThatAreNoSizes) {
  for (const char* size : {"-1", "1.0", "\"1\"", "true", "null"})
    EXPECT_EQ(code_with("INT8", "[1]", R"("binary_data_size":)" + std::string(size), 1),
              "OIP-PARAMETER")
        << size;
  EXPECT_EQ(
      code_with("INT8", "[4611686018427387904,8]", R"("binary_data_size":9223372036854775807)", 1),
      "OIP-SHAPE");
}

TEST(BinaryInput, RefusesStringsAndBooleansThatAreNeither) {
  EXPECT_EQ(code_with("BYTES", "[1]", R"("binary_data_size":5)", 5), "OIP-DATATYPE");
  const auto input = input_of("BOOL", "[2]", R"("binary_data_size":2)");
  EXPECT_EQ(code_of(body_of(request_of(input), {1, 2})), "OIP-VALUE");
  EXPECT_EQ(code_of(body_of(request_of(input), {1, 0})), "");
}

TEST(BinaryInput, RefusesSharedMemoryAndSequencesAndClassification) {
  EXPECT_EQ(
      code_with("INT8", "[1]", R"("shared_memory_region":"r","shared_memory_byte_size":1)", 0),
      "OIP-PARAMETER");
  EXPECT_EQ(code_with_parameters(R"("sequence_id":1)"), "OIP-PARAMETER");
  EXPECT_EQ(code_with_parameters(R"("sequence_start":false)"), "OIP-PARAMETER");
  EXPECT_EQ(code_of(body_of(R"({"inputs":[{"name":"x","datatype":"INT8","shape":[1],"data":[1]}],)"
                            R"("outputs":[{"name":"y","parameters":{"classification":3}}]})",
                            {})),
            "OIP-PARAMETER");
}

TEST(BinaryInput, RefusesParametersOfAnotherKind) {
  for (const char* parameters :
       {R"("priority":-1)", R"("priority":"high")", R"("priority":4294967296)", R"("timeout":-1)",
        R"("timeout":1.5)", R"("binary_data_output":1)"})
    EXPECT_EQ(code_with_parameters(parameters), "OIP-PARAMETER") << parameters;
  EXPECT_EQ(code_with_parameters(R"("colour":"blue")"), "");
}

TEST(BinaryInput, LooksIntoTheBodyWhereItsOctetsLie) {
  const std::string half = R"({"name":"h","datatype":"FP16","shape":[2],)"
                           R"("parameters":{"binary_data_size":4}})";
  const std::string json = R"({"name":"j","datatype":"UINT8","shape":[2],"data":[7,8]})";
  const std::string wide = R"({"name":"w","datatype":"INT64","shape":[],)"
                           R"("parameters":{"binary_data_size":8}})";
  const std::string empty = R"({"name":"e","datatype":"FP64","shape":[0],)"
                            R"("parameters":{"binary_data_size":0}})";
  Bytes binary{1, 2, 3, 4};
  append(binary, Bytes{9, 0, 0, 0, 0, 0, 0, 0});
  const Body body = body_of(request_of(half + "," + json + "," + wide + "," + empty), binary);
  auto parsed = parse_infer_request(body.octets, body.json_bytes);
  ASSERT_TRUE(parsed.has_value()) << describe(parsed.error());
  const InferRequest request = std::move(*parsed);  // moving it moves no octet
  ASSERT_EQ(request.inputs.size(), 4U);
  EXPECT_EQ(request.inputs[0].data.data(), body.octets.data() + body.json_bytes);
  EXPECT_EQ(request.inputs[0].type, DataType::fp16);
  EXPECT_EQ(to_bytes(request.inputs[1].data), (Bytes{7, 8}));
  EXPECT_EQ(request.inputs[2].data.data(), body.octets.data() + body.json_bytes + 4);
  EXPECT_TRUE(request.inputs[3].data.empty());
}

TEST(Timeout, ShortensTheDeadlineAndNeverLengthensIt) {
  using std::chrono::microseconds;
  using std::chrono::milliseconds;
  InferRequest request;
  EXPECT_EQ(deadline_of(request, milliseconds(50)), milliseconds(50));
  request.timeout = microseconds(1);
  EXPECT_EQ(deadline_of(request, milliseconds(50)), milliseconds(1));
  request.timeout = microseconds(20'500);
  EXPECT_EQ(deadline_of(request, milliseconds(50)), milliseconds(21));
  request.timeout = microseconds(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(deadline_of(request, milliseconds(50)), milliseconds(50));
}

TEST(Timeout, IsReadInMicrosecondsAndZeroIsNone) {
  const auto read = [](std::string_view parameters) {
    const std::string json =
        R"({"parameters":{)" + std::string(parameters) +
        R"(},"inputs":[{"name":"x","datatype":"INT8","shape":[1],"data":[1]}]})";
    return parse_infer_request(as_bytes(json), std::nullopt).value();
  };
  EXPECT_EQ(read(R"("timeout":1500,"priority":2)").timeout, std::chrono::microseconds(1500));
  EXPECT_EQ(read(R"("timeout":1500,"priority":2)").priority, 2U);
  EXPECT_FALSE(read(R"("timeout":0)").timeout.has_value());
}

TEST(WantedForms, AnOutputsOwnWordGoesBeforeTheRequests) {
  const std::string json =
      R"({"parameters":{"binary_data_output":true},)"
      R"("inputs":[{"name":"x","datatype":"INT8","shape":[1],"data":[1]}],)"
      R"("outputs":[{"name":"a"},{"name":"b","parameters":{"binary_data":false}}]})";
  const auto request = parse_infer_request(as_bytes(json), std::nullopt).value();
  EXPECT_EQ(forms_of(request, 2), (std::vector{OutputForm::binary, OutputForm::json}));
  InferRequest all;
  all.default_form = OutputForm::binary;
  EXPECT_EQ(forms_of(all, 2), (std::vector{OutputForm::binary, OutputForm::binary}));
}

TEST(BinaryResponse, MixesJsonAndBinaryAsAsked) {
  const Tensor numbers{"a", DataType::int8, {2}, {1, 2}};
  const Tensor half{"h", DataType::fp16, {1}, {0, 0x7e}};  // a NaN
  const Tensor more{"b", DataType::uint8, {3}, {3, 4, 5}};
  const auto rendered =
      render_infer_response({"m",
                             "1",
                             "",
                             {half, numbers, more},
                             {OutputForm::binary, OutputForm::json, OutputForm::binary}});
  ASSERT_TRUE(rendered.has_value()) << describe(rendered.error());
  ASSERT_TRUE(rendered->json_bytes.has_value());
  const std::string_view text = as_text(rendered->body);
  EXPECT_EQ(text.substr(0, *rendered->json_bytes),
            R"({"model_name":"m","model_version":"1","outputs":[{"name":"h","datatype":"FP16",)"
            R"("shape":[1],"parameters":{"binary_data_size":2}},{"name":"a","datatype":"INT8",)"
            R"("shape":[2],"data":[1,2]},{"name":"b","datatype":"UINT8","shape":[3],)"
            R"("parameters":{"binary_data_size":3}}]})");
  EXPECT_EQ(to_bytes(text.substr(*rendered->json_bytes)), (Bytes{0, 0x7e, 3, 4, 5}));
}

TEST(BinaryResponse, WithoutABinaryOutputIsJsonAlone) {
  const auto rendered =
      render_infer_response({"m", "", "", {{"a", DataType::int8, {1}, {1}}}, {OutputForm::json}});
  ASSERT_TRUE(rendered.has_value());
  EXPECT_FALSE(rendered->json_bytes.has_value());
}

TEST(BinaryResponse, IsReadBackByTheRequestsRules) {
  const Tensor tensor{"x", DataType::fp32, {2}, {0, 0, 0x80, 0x7f, 1, 2, 3, 4}};  // infinity first
  const auto rendered =
      render_infer_response({"m", "", "", {tensor}, {OutputForm::binary}}).value();
  Bytes body = to_bytes(request_of(input_of("FP32", "[2]", R"("binary_data_size":8)")));
  const std::size_t json_bytes = body.size();
  append(body, ByteView(rendered.body).subspan(*rendered.json_bytes));
  const auto request = parse_infer_request(body, json_bytes).value();
  EXPECT_EQ(to_tensor(request.inputs[0]), tensor);
}

}  // namespace
}  // namespace vedette::inference
