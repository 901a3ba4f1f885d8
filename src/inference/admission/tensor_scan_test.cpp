#include <gtest/gtest.h>

#include "inference/admission/refusal.h"

namespace vedette::inference {
namespace {

using namespace testing::onnx;
using Shape = std::vector<std::int64_t>;

std::string refusal_of_tensor(std::string_view tensor) {
  return refusal_of(identity_with_tensor(tensor));
}

// TensorProto without data; `data` are its data fields.
Message tensor_with(std::uint64_t type, const Shape& shape, std::string_view data) {
  Message out;
  for (const std::int64_t dimension : shape)
    out += number(1, static_cast<std::uint64_t>(dimension));
  return out + number(2, type) + bytes(8, "w") + Message(data);
}

TEST(StoredTensor, RefusesNegativeDimensions) {
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {-1}, "1234")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {-1, -1}, "1234")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {INT64_MIN}, "")), "ADM-SHAPE");
}

TEST(StoredTensor, RefusesDimensionsOfTwoToTheSixtyTwo) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62U;
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {kHuge}, "1234")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {kHuge, 4}, "")), "ADM-SHAPE");  // 0 modulo 2^64
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {0, kHuge}, "")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {kHuge, 0}, "")), "ADM-SHAPE");
}

TEST(StoredTensor, RefusesProductsThatOverflow) {
  constexpr std::int64_t kRoot = std::int64_t{1} << 32U;
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {kRoot, kRoot}, "")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {kRoot, kRoot, kRoot, kRoot}, "")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, Shape(16, 1 << 16), "")), "ADM-SHAPE");
}

TEST(StoredTensor, RefusesTooManyDimensions) {
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, Shape(16, 1), "1234")), "");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, Shape(17, 1), "1234")), "ADM-LIMIT");
}

// CVE-2024-27319 and its kin: a reader that believes the shape reads beyond the data.
TEST(StoredTensor, RefusesDataThatDoNotFitTheShape_CVE_2024_27319) {
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {2}, "12345678")), "");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {2}, "1234567")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {2}, "123456789")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {2}, "")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {0}, "")), "");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {}, "1234")), "");
  EXPECT_EQ(refusal_of_tensor(tensor_with(kFloat, {2}, "")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor_with(kFloat, {0}, "")), "");
}

TEST(StoredTensor, CountsTypedData) {
  EXPECT_EQ(refusal_of_tensor(tensor_with(kFloat, {2}, bytes(4, "12345678"))), "");
  EXPECT_EQ(refusal_of_tensor(tensor_with(kFloat, {3}, bytes(4, "12345678"))), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor_with(kInt64, {2}, number(7, 1) + number(7, 300))), "");
  EXPECT_EQ(refusal_of_tensor(tensor_with(kInt64, {2}, bytes(7, "\x01\xAC\x02"))), "");
  EXPECT_EQ(refusal_of_tensor(tensor_with(kInt64, {3}, bytes(7, "\x01\xAC\x02"))), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor_with(kInt64, {1}, bytes(7, "\x01\xAC\x02"))), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor_with(11, {1}, bytes(10, "12345678"))), "");  // DOUBLE
  EXPECT_EQ(refusal_of_tensor(tensor_with(14, {1}, bytes(4, "12345678"))), "");   // COMPLEX64
  EXPECT_EQ(refusal_of_tensor(tensor_with(14, {2}, bytes(4, "12345678"))), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor_with(22, {3}, bytes(5, "\x01\x02"))), "");  // INT4, in pairs
  EXPECT_EQ(refusal_of_tensor(tensor("w", 22, {3}, "12")), "");
  EXPECT_EQ(refusal_of_tensor(tensor("w", 22, {3}, "123")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor_with(kString, {2}, bytes(6, "a") + bytes(6, "b"))), "");
  EXPECT_EQ(refusal_of_tensor(tensor_with(kString, {3}, bytes(6, "a") + bytes(6, "b"))),
            "ADM-SHAPE");
}

TEST(StoredTensor, RefusesDataOfTwoKinds) {
  EXPECT_EQ(refusal_of_tensor(tensor_with(kFloat, {1}, bytes(4, "1234") + bytes(9, "1234"))),
            "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor_with(kInt64, {1}, number(7, 1) + number(5, 1))), "ADM-SHAPE");
}

TEST(StoredTensor, RefusesDataOfAnotherType) {
  EXPECT_EQ(refusal_of_tensor(tensor_with(kFloat, {1}, number(7, 1))), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor_with(kString, {1}, bytes(9, "x"))), "ADM-SHAPE");
}

TEST(StoredTensor, RefusesUnknownTypesAndPieces) {
  EXPECT_EQ(refusal_of_tensor(tensor("w", 0, {1}, "1234")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor("w", 27, {1}, "1234")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(bytes(8, "w")), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_tensor(tensor("w", kFloat, {1}, "1234") + bytes(3, number(1, 0))),
            "ADM-SHAPE");
}

TEST(StoredTensor, RefusesToContradictItsDeclaration) {
  const Message weights = add_initializer(tensor("w", kFloat, {2}, "12345678"));
  const auto declared = [&](std::uint64_t type, const Shape& shape) {
    return refusal_of(identity_with(weights + bytes(13, value_info("w", type, shape))));
  };
  EXPECT_EQ(declared(kFloat, {2}), "");
  EXPECT_EQ(declared(kFloat, {-1}), "");
  EXPECT_EQ(declared(kFloat, {4}), "ADM-SHAPE");
  EXPECT_EQ(declared(kFloat, {2, 1}), "ADM-SHAPE");
  EXPECT_EQ(declared(kInt64, {2}), "ADM-SHAPE");
  EXPECT_EQ(refusal_of(identity_with(weights + add_input(value_info("w", kFloat, {4})))),
            "ADM-SHAPE");
  const Message constant =
      node("Constant", {}, {"c"}, tensor_attribute("value", tensor("", kFloat, {1}, "1234")));
  EXPECT_EQ(refusal_of(identity_with(add_node(constant) + bytes(13, value_info("c", kFloat, {9})))),
            "ADM-SHAPE");
}

TEST(DeclaredValue, RefusesImpossibleShapesAndTypes) {
  const auto declared = [](std::string_view info) {
    return refusal_of(identity_with(bytes(13, info)));
  };
  EXPECT_EQ(declared(value_info("v", kFloat, {-1, 3})), "");
  EXPECT_EQ(declared(value_info("v", kFloat, {-2})), "ADM-SHAPE");
  EXPECT_EQ(declared(value_info("v", kFloat, {std::int64_t{1} << 62U})), "ADM-SHAPE");
  EXPECT_EQ(declared(value_info("v", 99, {1})), "ADM-SHAPE");
  EXPECT_EQ(declared(value_info("", kFloat, {1})), "ADM-NAME");
  // A dimension of two minds, and a value of two types.
  const Message both = number(1, 3) + bytes(2, "n");
  EXPECT_EQ(declared(bytes(1, "v") + bytes(2, bytes(1, number(1, 1) + bytes(2, bytes(1, both))))),
            "ADM-SYNTAX");
  const Message tensor_type = number(1, 1);
  EXPECT_EQ(declared(bytes(1, "v") +
                     bytes(2, bytes(1, tensor_type) + bytes(4, bytes(1, bytes(1, tensor_type))))),
            "ADM-SYNTAX");
}

TEST(DeclaredValue, RefusesTypesThatNestTooDeeply) {
  const auto nested = [](unsigned depth) {
    Message type = bytes(1, number(1, kFloat));
    for (unsigned i = 1; i < depth; ++i)
      type = bytes(4, bytes(1, type));  // TypeProto{4: Sequence{1: TypeProto}}
    return refusal_of(identity_with(bytes(13, bytes(1, "v") + bytes(2, type))));
  };
  EXPECT_EQ(nested(4), "");
  EXPECT_EQ(nested(5), "ADM-LIMIT");
  EXPECT_EQ(nested(5000), "ADM-LIMIT");
}

}  // namespace
}  // namespace vedette::inference
