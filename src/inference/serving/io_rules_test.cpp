#include "inference/serving/io_rules.h"

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

namespace vedette::inference::serving {
namespace {

std::string code_of(const Result<void>& result) {
  return result ? "admitted" : result.error().code;
}

Bytes floats(const std::vector<float>& values) {
  Bytes bytes(values.size() * sizeof(float));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

class IoRulesCheck : public ::testing::Test {
 protected:
  std::string request() const {
    std::vector<TensorView> views;
    for (const Tensor& tensor : inputs_)
      views.push_back({tensor.name, tensor.type, tensor.shape, tensor.data});
    return code_of(check_request(rules_, views));
  }
  std::string answer() const { return code_of(check_answer(rules_, outputs_)); }

  IoRules rules_{
      .inputs = {{.name = "x",
                  .type = DataType::fp32,
                  .shape = {-1, 2},
                  .minimum = -1,
                  .maximum = 1,
                  .finite_only = true},
                 {.name = "flag", .type = DataType::boolean, .shape = {1}, .required = false}},
      .outputs = {
          {.name = "y", .type = DataType::fp32, .shape = {-1}, .minimum = 0, .maximum = 1},
          {.name = "embedding", .type = DataType::fp32, .shape = {2}, .finite_only = true}}};
  std::vector<Tensor> inputs_{{"x", DataType::fp32, {1, 2}, floats({0.5F, -1})}};
  std::vector<Tensor> outputs_{{"embedding", DataType::fp32, {2}, floats({7, 8})},
                               {"y", DataType::fp32, {1}, floats({0.25F})}};
};

TEST_F(IoRulesCheck, RefusesAMissingInput) {
  inputs_.clear();
  EXPECT_EQ(request(), "IO-MISSING");
  inputs_ = {{"flag", DataType::boolean, {1}, {1}}};
  EXPECT_EQ(request(), "IO-MISSING");
}

TEST_F(IoRulesCheck, RefusesAnInputThatTheContractDoesNotKnow) {
  inputs_.push_back({"z", DataType::fp32, {1}, floats({0})});
  EXPECT_EQ(request(), "IO-UNKNOWN");
}

TEST_F(IoRulesCheck, RefusesAnInputGivenTwice) {
  inputs_.push_back(inputs_.front());
  EXPECT_EQ(request(), "IO-UNKNOWN");
}

TEST_F(IoRulesCheck, RefusesAnotherType) {
  inputs_[0].type = DataType::int32;
  EXPECT_EQ(request(), "IO-TYPE");
}

TEST_F(IoRulesCheck, RefusesAnotherShape) {
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{}, {2}, {2, 1}, {1, 2, 1}, {-1, 2}, {0, 2}, {2, 2}}) {
    inputs_[0].shape = shape;
    EXPECT_EQ(request(), "IO-SHAPE") << describe(DataType::fp32, shape);
  }
}

TEST_F(IoRulesCheck, RefusesBytesThatDoNotFitTheShape) {
  inputs_[0].data.pop_back();
  EXPECT_EQ(request(), "IO-SHAPE");
}

TEST_F(IoRulesCheck, RefusesAValueOutOfRange) {
  inputs_[0].data = floats({0, 1.5F});
  EXPECT_EQ(request(), "IO-RANGE");
  inputs_[0].data = floats({-1.5F, 0});
  EXPECT_EQ(request(), "IO-RANGE");
}

TEST_F(IoRulesCheck, RefusesANanWithOrWithoutTheRuleForFiniteValues) {
  inputs_[0].data = floats({0, std::nanf("")});
  EXPECT_EQ(request(), "IO-NOT-FINITE");
  rules_.inputs[0].finite_only = false;
  EXPECT_EQ(request(), "IO-RANGE");
  rules_.inputs[0].maximum.reset();
  EXPECT_EQ(request(), "IO-RANGE");
  rules_.inputs[0].minimum.reset();
  EXPECT_EQ(request(), "admitted");
}

TEST_F(IoRulesCheck, RefusesABooleanOfTwo) {
  inputs_.push_back({"flag", DataType::boolean, {1}, {2}});
  EXPECT_EQ(request(), "IO-RANGE");
}

TEST_F(IoRulesCheck, AdmitsWhatKeepsTheRules) {
  EXPECT_EQ(request(), "admitted");
  inputs_.push_back({"flag", DataType::boolean, {1}, {1}});
  EXPECT_EQ(request(), "admitted");
  inputs_[0] = {"x", DataType::fp32, {3, 2}, floats({0, 0, 0, 0, 0, 1})};
  EXPECT_EQ(request(), "admitted");
}

TEST_F(IoRulesCheck, RefusesAnAnswerThatBreaksTheContract) {
  const auto good = outputs_;
  outputs_[1].data = floats({1.25F});
  EXPECT_EQ(answer(), "IO-OUTPUT");
  outputs_ = good;
  outputs_[0].data = floats({0, HUGE_VALF});
  EXPECT_EQ(answer(), "IO-OUTPUT");
  outputs_ = good;
  outputs_[0].name = "secret";
  EXPECT_EQ(answer(), "IO-OUTPUT");
  outputs_ = good;
  outputs_.pop_back();
  EXPECT_EQ(answer(), "IO-OUTPUT");
  outputs_.clear();
  EXPECT_EQ(answer(), "IO-OUTPUT");
}

TEST_F(IoRulesCheck, TheRefusalOfAnAnswerNamesTheRule) {
  outputs_[1].type = DataType::int32;
  const auto refused = check_answer(rules_, outputs_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().cause.find("IO-TYPE"), std::string::npos);
  EXPECT_NE(refused.error().cause.find("y: INT32, must be FP32"), std::string::npos);
}

TEST_F(IoRulesCheck, AdmitsAnAnswerInAnyOrder) {
  EXPECT_EQ(answer(), "admitted");
  std::swap(outputs_[0], outputs_[1]);
  EXPECT_EQ(answer(), "admitted");
}

TEST_F(IoRulesCheck, ACallerSeesOnlyWhatItMay) {
  EXPECT_EQ(OutputView::everything().filter(outputs_), outputs_);
  const auto seen = OutputView::only({"y", "absent"}).filter(outputs_);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].name, "y");
  EXPECT_TRUE(OutputView::only({}).filter(outputs_).empty());
}

TEST_F(IoRulesCheck, RulesThatAreNoneAreRefused) {
  EXPECT_EQ(code_of(check_rules(rules_)), "admitted");
  const auto refuses = [this](auto change) {
    IoRules rules = rules_;
    change(rules);
    return code_of(check_rules(rules)) == "IO-RULES";
  };
  EXPECT_TRUE(refuses([](IoRules& r) { r.inputs[0].name = ""; }));
  EXPECT_TRUE(refuses([](IoRules& r) { r.inputs[1].name = "x"; }));
  EXPECT_TRUE(refuses([](IoRules& r) { r.inputs[0].type = DataType{77}; }));
  EXPECT_TRUE(refuses([](IoRules& r) { r.outputs[0].shape = {-2}; }));
  EXPECT_TRUE(refuses([](IoRules& r) { r.outputs[0].shape.resize(kMaxRank + 1); }));
  EXPECT_TRUE(refuses([](IoRules& r) { r.inputs[0].minimum = 2; }));
  EXPECT_TRUE(refuses([](IoRules& r) { r.inputs[0].maximum = std::nan(""); }));
  EXPECT_TRUE(refuses([](IoRules& r) { r.outputs.resize(kMaxTensors + 1); }));
}

TEST_F(IoRulesCheck, AModelsDeclarationIsARule) {
  rules_ = rules_from({.inputs = {{"x", DataType::fp32, {-1, 2}}}, .outputs = {}});
  EXPECT_EQ(request(), "admitted");
  inputs_[0].type = DataType::fp64;
  EXPECT_EQ(request(), "IO-TYPE");
}

}  // namespace
}  // namespace vedette::inference::serving
