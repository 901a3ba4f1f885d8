#include "inference/serving/batch.h"

#include <random>

#include <gtest/gtest.h>

namespace vedette::inference::serving {
namespace {

using Shape = std::vector<std::int64_t>;

Tensor tensor(std::string name, Shape shape, std::uint8_t fill = 0) {
  Tensor made{std::move(name), DataType::uint8, std::move(shape), {}};
  made.data.assign(byte_size(made.type, made.shape).value(), fill);
  return made;
}

bool joinable(const std::vector<Tensor>& left, const std::vector<Tensor>& right) {
  return may_join(views_of(left), views_of(right));
}

ModelMetadata model(Shape input, Shape output) {
  return {.inputs = {{"x", DataType::uint8, std::move(input)}},
          .outputs = {{"y", DataType::uint8, std::move(output)}}};
}

// A model whose every output row depends on its own input row alone: what batching presumes.
std::vector<Tensor> answer(const std::vector<Tensor>& inputs) {
  const Tensor& x = inputs[0];
  const Tensor& k = inputs[1];
  Tensor y{"y", DataType::uint8, x.shape, x.data};
  Tensor sum{"sum", DataType::uint8, {x.shape[0]}, Bytes(static_cast<std::size_t>(x.shape[0]))};
  const std::size_t width = x.data.size() / static_cast<std::size_t>(x.shape[0]);
  for (std::size_t i = 0; i < x.data.size(); ++i) {
    y.data[i] = static_cast<std::uint8_t>(y.data[i] ^ k.data[i / width]);
    sum.data[i / width] = static_cast<std::uint8_t>(sum.data[i / width] + y.data[i]);
  }
  return {y, sum};
}

TEST(Batch, RefusesAnAnswerWithOtherRows) {
  const std::vector<std::int64_t> rows{1, 2};
  for (const Shape& shape : {Shape{}, Shape{2, 4}, Shape{4, 4}}) {
    const auto refused = split({tensor("y", shape)}, rows);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "SRV-BATCH");
  }
  EXPECT_TRUE(split({tensor("y", {3, 4})}, rows));
}

TEST(Batch, RefusesAnAnswerWhoseBytesAreTooFew) {
  std::vector<Tensor> outputs{tensor("y", {3, 4})};
  outputs[0].data.pop_back();
  const auto refused = split(outputs, std::vector<std::int64_t>{1, 2});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "SRV-BATCH");
}

TEST(Batch, OnlyShapesThatDifferInRowsAreJoined) {
  const std::vector<Tensor> one{tensor("x", {1, 4}), tensor("k", {1})};
  EXPECT_TRUE(joinable(one, {tensor("x", {7, 4}), tensor("k", {7})}));
  EXPECT_FALSE(joinable(one, {tensor("x", {1, 5}), tensor("k", {1})}));
  EXPECT_FALSE(joinable(one, {tensor("x", {1, 4, 1}), tensor("k", {1})}));
  EXPECT_FALSE(joinable(one, {tensor("x", {1, 4})}));
  EXPECT_FALSE(joinable(one, {tensor("x", {1, 4}), tensor("l", {1})}));
  EXPECT_FALSE(joinable(one, {tensor("k", {1}), tensor("x", {1, 4})}));
  auto other_type = one;
  other_type[1].type = DataType::int8;
  EXPECT_FALSE(joinable(one, other_type));
}

TEST(Batch, ARequestWhoseRowsDisagreeGoesAlone) {
  const std::vector<Tensor> odd{tensor("x", {1, 4}), tensor("k", {2})};
  EXPECT_EQ(batch_size(views_of(odd)).rows, 0);
  EXPECT_FALSE(joinable(odd, odd));
  const std::vector<Tensor> scalar{tensor("x", {})};
  EXPECT_FALSE(joinable(scalar, scalar));
  const std::vector<Tensor> empty{tensor("x", {0, 4})};
  EXPECT_FALSE(joinable(empty, empty));
}

TEST(Batch, RowsAndBytesAreBounded) {
  const BatchRule rule{.max_rows = 8, .max_bytes = 100};
  EXPECT_TRUE(has_room(rule, {.rows = 5, .bytes = 60}, {.rows = 3, .bytes = 40}));
  EXPECT_FALSE(has_room(rule, {.rows = 5, .bytes = 60}, {.rows = 4, .bytes = 40}));
  EXPECT_FALSE(has_room(rule, {.rows = 5, .bytes = 60}, {.rows = 3, .bytes = 41}));
  EXPECT_FALSE(has_room(rule, {}, {.rows = 9, .bytes = 1}));
  EXPECT_FALSE(has_room(rule, {}, {.rows = 1, .bytes = 101}));
  EXPECT_FALSE(has_room(rule, {.rows = 8, .bytes = 0},
                        {.rows = std::numeric_limits<std::int64_t>::max(), .bytes = 0}));
}

TEST(Batch, AModelWithAFixedDimensionHasNone) {
  const BatchRule wanted{.max_rows = 8, .max_bytes = 100};
  EXPECT_FALSE(batch_rule(model({1, 4}, {-1, 4}), wanted).allows());
  EXPECT_FALSE(batch_rule(model({-1, 4}, {1, 4}), wanted).allows());
  EXPECT_FALSE(batch_rule(model({-1, 4}, {}), wanted).allows());
  EXPECT_FALSE(batch_rule({}, wanted).allows());
  EXPECT_TRUE(batch_rule(model({-1, 4}, {-1}), wanted).allows());
  EXPECT_EQ(batch_rule(model({-1, 4}, {-1}), wanted).max_rows, 8);
}

TEST(Batch, JoinedAndSplitEqualsTheSingleAnswers) {
  std::mt19937 random(20261123);
  const auto draw = [&random](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int round = 0; round < 500; ++round) {
    const Shape tail{draw(1, 5), draw(1, 3)};
    std::vector<std::vector<Tensor>> requests;
    std::vector<std::vector<Tensor>> singles;
    std::vector<std::int64_t> rows;
    for (int i = draw(1, 9); i > 0; --i) {
      rows.push_back(draw(1, 6));
      std::vector<Tensor> request{tensor("x", {rows.back(), tail[0], tail[1]}),
                                  tensor("k", {rows.back()})};
      for (Tensor& input : request)
        for (std::uint8_t& octet : input.data)
          octet = static_cast<std::uint8_t>(draw(0, 255));
      singles.push_back(answer(request));
      requests.push_back(std::move(request));
    }
    std::vector<std::vector<TensorView>> views;
    for (const auto& request : requests)
      views.push_back(views_of(request));
    const std::vector<Inputs> inputs(views.begin(), views.end());
    const auto whole = join(inputs);
    EXPECT_EQ(whole[0].shape[0], batch_size(views_of(whole)).rows);
    ASSERT_EQ(split(answer(whole), rows).value(), singles);
  }
}

}  // namespace
}  // namespace vedette::inference::serving
