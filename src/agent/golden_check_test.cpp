#include "agent/golden_check.h"

#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

namespace vedette::agent {
namespace {

using inference::DataType;
using inference::Tensor;
using release::GoldenPair;

// Answers as told, and keeps what it was asked.
class OneReplica final : public inference::serving::Replica {
 public:
  [[nodiscard]] const inference::ModelMetadata& metadata() const override { return metadata_; }
  Result<std::vector<Tensor>> infer(std::span<const inference::TensorView> inputs,
                                    std::chrono::microseconds deadline) override {
    ++calls;
    patience = deadline;
    asked.clear();
    for (const auto& input : inputs)
      asked.push_back(inference::to_tensor(input));
    return answer;
  }
  [[nodiscard]] bool alive() override { return true; }
  void kill() override {}

  Result<std::vector<Tensor>> answer;
  std::vector<Tensor> asked;
  std::chrono::microseconds patience{0};
  int calls = 0;

 private:
  inference::ModelMetadata metadata_;
};

template <class T>
Bytes octets(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

class GoldenCheck : public ::testing::Test {
 protected:
  GoldenCheck() { answer({0.5F, -1}); }

  void answer(const std::vector<float>& values, std::vector<std::int64_t> shape = {1, 2}) {
    replica_.answer = std::vector<Tensor>{
        {.name = "other", .type = DataType::int8, .shape = {}, .data = {7}},
        {.name = "y", .type = DataType::fp32, .shape = std::move(shape), .data = octets(values)}};
  }
  std::string check() {
    const auto checked = check_golden(replica_, std::vector{pair_}, std::chrono::seconds(3));
    return checked ? "" : checked.error().code;
  }

  OneReplica replica_;
  GoldenPair pair_{
      .tolerance = 0.125,
      .inputs = {{.name = "x", .datatype = "INT16", .shape = {2}, .values = {-2, 300}}},
      .outputs = {{.name = "y", .datatype = "FP32", .shape = {1, 2}, .values = {0.5, -1}}}};
};

TEST_F(GoldenCheck, AnAnswerBeyondTheToleranceIsRefused) {
  for (const float off : {0.126F, -0.126F, std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::infinity()}) {
    answer({0.5F, -1 + off});
    EXPECT_EQ(check(), "AGT-CONTRACT-GOLDEN") << off;
    answer({0.5F + off, -1});
    EXPECT_EQ(check(), "AGT-CONTRACT-GOLDEN") << off;
  }
  for (const float off : {0.125F, -0.125F}) {
    answer({0.5F, -1 + off});
    EXPECT_EQ(check(), "") << off;
  }
  pair_.tolerance = 0;
  EXPECT_EQ(check(), "AGT-CONTRACT-GOLDEN");
  answer({0.5F, -1});
  EXPECT_EQ(check(), "") << "equal";
}

TEST_F(GoldenCheck, ADecimalMeansTheElementThatIsNearestToIt) {
  pair_.tolerance = 0;
  pair_.outputs.front().values = {0.1, 0};
  answer({0.1F, 0});
  EXPECT_EQ(check(), "");
  answer({0.1F, -0.0F});
  EXPECT_EQ(check(), "") << "equal, though not the same bits";
  for (const float towards : {0.0F, 1.0F}) {
    answer({std::nextafter(0.1F, towards), 0});
    EXPECT_EQ(check(), "AGT-CONTRACT-GOLDEN") << towards;
  }
}

TEST_F(GoldenCheck, AnotherShapeTypeOrNoSuchOutputIsRefused) {
  answer({0.5F, -1}, {2, 1});
  EXPECT_EQ(check(), "AGT-CONTRACT-GOLDEN");
  answer({0.5F}, {1, 2});
  EXPECT_EQ(check(), "AGT-CONTRACT-GOLDEN") << "fewer octets than it says";
  answer({0.5F, -1});
  replica_.answer->back().type = DataType::int32;
  EXPECT_EQ(check(), "AGT-CONTRACT-GOLDEN");
  replica_.answer->pop_back();
  EXPECT_EQ(check(), "AGT-CONTRACT-GOLDEN");
}

TEST_F(GoldenCheck, ARefusedCallIsAndADeathIsToldAsItIs) {
  replica_.answer = refuse("INF-SHAPE", "no");
  EXPECT_EQ(check(), "AGT-CONTRACT-GOLDEN");
  for (const char* code : {"SBX-SYSCALL-DENIED", "SBX-DEADLINE", "SBX-MEMORY"}) {
    replica_.answer = refuse(code, "dead");
    EXPECT_EQ(check(), code);
  }
}

TEST_F(GoldenCheck, EveryPairIsTriedWithItsOwnValues) {
  EXPECT_EQ(check(), "");
  ASSERT_EQ(replica_.asked.size(), 1U);
  EXPECT_EQ(replica_.asked.front(), (Tensor{.name = "x",
                                            .type = DataType::int16,
                                            .shape = {2},
                                            .data = octets<std::int16_t>({-2, 300})}));
  EXPECT_EQ(replica_.patience, std::chrono::seconds(3));
  GoldenPair wrong = pair_;
  wrong.outputs.front().values = {9, 9};
  EXPECT_EQ(check_golden(replica_, std::vector{pair_, wrong}, std::chrono::seconds(3)).error().code,
            "AGT-CONTRACT-GOLDEN");
  EXPECT_EQ(replica_.calls, 3);
  EXPECT_TRUE(check_golden(replica_, {}, std::chrono::seconds(3)).has_value());
}

TEST_F(GoldenCheck, ValuesOfEachTypeAreWrittenAsThatType) {
  const auto asked = [&](const char* datatype, double value) {
    pair_.inputs = {{.name = "x", .datatype = datatype, .shape = {}, .values = {value}}};
    EXPECT_EQ(check(), "");
    return replica_.asked.front().data;
  };
  EXPECT_EQ(asked("BOOL", 1), (Bytes{1}));
  EXPECT_EQ(asked("INT8", -128), (Bytes{0x80}));
  EXPECT_EQ(asked("UINT8", 255), (Bytes{0xff}));
  EXPECT_EQ(asked("UINT16", 65'535), octets<std::uint16_t>({65'535}));
  EXPECT_EQ(asked("INT32", -2'147'483'648.), octets<std::int32_t>({INT32_MIN}));
  EXPECT_EQ(asked("UINT32", 4'294'967'295), octets<std::uint32_t>({UINT32_MAX}));
  EXPECT_EQ(asked("INT64", -9'007'199'254'740'992), octets<std::int64_t>({-(1LL << 53)}));
  EXPECT_EQ(asked("UINT64", 9'007'199'254'740'992), octets<std::uint64_t>({1ULL << 53U}));
  EXPECT_EQ(asked("FP32", 0.1), octets<float>({0.1F}));
  EXPECT_EQ(asked("FP64", 0.1), octets<double>({0.1}));
}

}  // namespace
}  // namespace vedette::agent
