#include <cstring>

#include <gtest/gtest.h>

#include "inference/api/open_inference.h"

namespace vedette::inference {
namespace {

std::string request(const std::string& datatype, const std::string& shape,
                    const std::string& data) {
  return R"({"inputs":[{"name":"x","datatype":")" + datatype + R"(","shape":)" + shape +
         R"(,"data":)" + data + "}]}";
}

std::string code(const std::string& body) {
  const auto parsed = parse_infer_request(body);
  return parsed ? "" : parsed.error().code;
}

TEST(InferRequest, RefusesShapesThatDisagreeWithTheData) {
  for (const char* shape : {"[3]", "[2,2]", "[0]", "[]"})
    EXPECT_EQ(code(request("FP32", shape, "[1,2]")), "OIP-SHAPE") << shape;
  EXPECT_EQ(code(request("FP32", "[-1]", "[1]")), "OIP-SHAPE");
  EXPECT_EQ(code(request("FP32", "[1.5]", "[1]")), "OIP-SHAPE");
  EXPECT_EQ(code(request("FP32", "[4611686018427387904,4]", "[1]")), "OIP-SHAPE");
  EXPECT_EQ(code(request("FP32", "[1,1,1,1,1,1,1,1,1]", "[1]")), "OIP-SHAPE");
}

TEST(InferRequest, RefusesNestingThatIsNotTheShapes) {
  EXPECT_EQ(code(request("FP32", "[2,2]", "[[1,2],[3]]")), "OIP-SHAPE");
  EXPECT_EQ(code(request("FP32", "[2,2]", "[[1,2],3]")), "OIP-SHAPE");
  EXPECT_EQ(code(request("FP32", "[4]", "[[1,2],[3,4]]")), "OIP-SHAPE");
}

TEST(InferRequest, RefusesValuesThatTheTypeCannotHold) {
  EXPECT_EQ(code(request("INT8", "[1]", "[128]")), "OIP-VALUE");
  EXPECT_EQ(code(request("UINT8", "[1]", "[-1]")), "OIP-VALUE");
  EXPECT_EQ(code(request("INT32", "[1]", "[1.0]")), "OIP-VALUE");
  EXPECT_EQ(code(request("FP32", "[1]", "[1e39]")), "OIP-VALUE");
  EXPECT_EQ(code(request("FP32", "[1]", "[\"1\"]")), "OIP-VALUE");
  EXPECT_EQ(code(request("FP32", "[1]", "[null]")), "OIP-VALUE");
  EXPECT_EQ(code(request("BOOL", "[1]", "[1]")), "OIP-VALUE");
}

TEST(InferRequest, RefusesTypesWithoutAJsonForm) {
  for (const char* type : {"FP16", "BYTES", "fp32", "FP128", ""})
    EXPECT_EQ(code(request(type, "[1]", "[1]")), "OIP-DATATYPE") << type;
}

TEST(InferRequest, RefusesWhatIsNoRequest) {
  EXPECT_EQ(code("{}"), "OIP-REQUEST");
  EXPECT_EQ(code(R"({"inputs":[]})"), "OIP-REQUEST");
  EXPECT_EQ(code(R"({"inputs":{}})"), "OIP-REQUEST");
  EXPECT_EQ(code(R"({"inputs":[1]})"), "OIP-REQUEST");
  EXPECT_EQ(code(R"({"inputs":[{"name":"x"}],"extra":1})"), "OIP-REQUEST");
  EXPECT_EQ(code("[]"), "OIP-REQUEST");
  EXPECT_EQ(code("{"), "JSON-SYNTAX");
  const std::string one = R"({"name":"x","datatype":"FP32","shape":[1],"data":[1]})";
  EXPECT_EQ(code(R"({"inputs":[)" + one + "," + one + "]}"), "OIP-REQUEST");
  EXPECT_EQ(code(R"({"id":")" + std::string(129, 'a') + R"(","inputs":[)" + one + "]}"),
            "OIP-REQUEST");
}

TEST(InferRequest, ReadsFlatAndNestedDataAlike) {
  const auto flat = parse_infer_request(request("FP32", "[2,2]", "[1,2.5,3,4]"));
  const auto nested = parse_infer_request(request("FP32", "[2,2]", "[[1,2.5],[3,4]]"));
  ASSERT_TRUE(flat.has_value() && nested.has_value());
  EXPECT_EQ(flat->inputs, nested->inputs);
  float second = 0;
  std::memcpy(&second, flat->inputs[0].data.data() + sizeof second, sizeof second);
  EXPECT_EQ(second, 2.5F);
}

TEST(InferRequest, ReadsAScalarAndTheWantedOutputs) {
  const auto parsed = parse_infer_request(
      R"({"id":"7","parameters":{"any":1},"inputs":[{"name":"sr","datatype":"INT64","shape":[],)"
      R"("data":[16000]}],"outputs":[{"name":"b"},{"name":"a"}]})");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->id, "7");
  EXPECT_TRUE(parsed->inputs[0].shape.empty());
  EXPECT_EQ(parsed->outputs, (std::vector<std::string>{"b", "a"}));
}

}  // namespace
}  // namespace vedette::inference
