// Data outside of the model's file: one hole that had to be closed three times (CVE-2022-25882,
// CVE-2024-27318, CVE-2026-27489), and then for links and attributes (CVE-2026-34445 to -34447).
// Here no such model is judged by where it points: that it points is enough.
#include <gtest/gtest.h>

#include "inference/admission/refusal.h"

namespace vedette::inference {
namespace {

using namespace testing::onnx;

TEST(ExternalData, IsRefusedWhereverItPoints_CVE_2022_25882) {
  for (const char* location :
       {"/etc/passwd", "/proc/self/maps", "../secret", "a/../../secret", "weights.bin",
        "sub/weights", "", ".", "C:\\weights", "\\\\host\\share", "file:///etc/passwd"})
    EXPECT_EQ(refusal_of(testing::external_data_model(location)), "ADM-EXTERNAL") << location;
}

// The later holes were other spellings of "up", a symbolic link, and a hard link.
TEST(ExternalData, IsRefusedHoweverItClimbs_CVE_2024_27318) {
  for (const char* location : {"..//secret", "./../secret", "....//secret", "a/b/../../../c"})
    EXPECT_EQ(refusal_of(testing::external_data_model(location)), "ADM-EXTERNAL") << location;
}
TEST(ExternalData, IsRefusedThroughSymbolicLinks_CVE_2026_27489_CVE_2026_34447) {
  EXPECT_EQ(refusal_of(testing::external_data_model("link_to_somewhere")), "ADM-EXTERNAL");
}
TEST(ExternalData, IsRefusedThroughHardLinks_CVE_2026_34446) {
  EXPECT_EQ(refusal_of(testing::external_data_model("hard_link")), "ADM-EXTERNAL");
}

// Keys of external_data became attributes of a Python object.
TEST(ExternalData, EntriesAloneAreRefused_CVE_2026_34445) {
  const Message inside = tensor("w", kFloat, {1}, "1234");
  for (const char* key : {"location", "offset", "length", "checksum", "__class__", "basepath"})
    EXPECT_EQ(refusal_of(identity_with_tensor(inside + bytes(13, bytes(1, key) + bytes(2, "1")))),
              "ADM-EXTERNAL")
        << key;
  EXPECT_EQ(refusal_of(identity_with_tensor(inside + bytes(13, ""))), "ADM-EXTERNAL");
}

TEST(ExternalData, ALocationAloneIsRefused) {
  const Message inside = tensor("w", kFloat, {1}, "1234");
  EXPECT_EQ(refusal_of(identity_with_tensor(inside + number(14, 0))), "");
  EXPECT_EQ(refusal_of(identity_with_tensor(inside + number(14, 1))), "ADM-EXTERNAL");
  EXPECT_EQ(refusal_of(identity_with_tensor(inside + number(14, 2))), "ADM-EXTERNAL");
  EXPECT_EQ(refusal_of(identity_with_tensor(inside + number(14, (1ULL << 32U) + 1))), "ADM-SYNTAX");
}

// The runtime's own mark for "at this address in memory": an arbitrary read if it is believed.
TEST(ExternalData, ForgedMemoryAddressIsRefused) {
  EXPECT_EQ(refusal_of(testing::external_data_model("*/_ORT_MEM_ADDR_/*")), "ADM-EXTERNAL");
}

TEST(ExternalData, IsRefusedInAConstant) {
  const Message constant =
      node("Constant", {}, {"c"}, tensor_attribute("value", external_tensor("", "passwd")));
  EXPECT_EQ(refusal_of(identity_with(add_node(constant))), "ADM-EXTERNAL");
  // AttributeProto.tensors, which no standard operator reads.
  const Message list = bytes(5, bytes(1, "list") + bytes(10, tensor("", kFloat, {1}, "1234")) +
                                    bytes(10, external_tensor("", "passwd")) + number(20, 9));
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Constant", {}, {"c"}, list)))), "ADM-EXTERNAL");
}

Bytes with_branch(std::string_view branch) {
  const Message condition = tensor("yes", kBool, {}, std::string_view("\1", 1));
  const Message fine =
      add_node(node("Identity", {"x"}, {"e"})) + add_output(value_info("e", kFloat, {-1}));
  return identity_with(add_initializer(condition) +
                       add_node(node("If", {"yes"}, {"z"},
                                     graph_attribute("then_branch", branch) +
                                         graph_attribute("else_branch", fine))));
}

TEST(ExternalData, IsRefusedInASubgraph) {
  const Message output = add_output(value_info("t", kFloat, {-1}));
  EXPECT_EQ(refusal_of(with_branch(add_node(node("Identity", {"x"}, {"t"})) + output)), "");
  EXPECT_EQ(refusal_of(with_branch(add_initializer(external_tensor("w", "passwd")) +
                                   add_node(node("Add", {"x", "w"}, {"t"})) + output)),
            "ADM-EXTERNAL");
  const Message constant =
      node("Constant", {}, {"t"}, tensor_attribute("value", external_tensor("", "passwd")));
  EXPECT_EQ(refusal_of(with_branch(add_node(constant) + output)), "ADM-EXTERNAL");
}

// SparseTensorProto{1: values, 2: indices, 3: dims*}
Message sparse(std::string_view values) {
  return bytes(1, values) + bytes(2, tensor("", kInt64, {1}, little_endian({0}))) + number(3, 4);
}

TEST(ExternalData, IsRefusedInASparseTensor) {
  EXPECT_EQ(refusal_of(identity_with(bytes(15, sparse(external_tensor("s", "passwd"))))),
            "ADM-EXTERNAL");
  const Message attribute =
      bytes(5, bytes(1, "sparse_value") + bytes(22, sparse(external_tensor("", "passwd"))) +
                   number(20, 11));
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Constant", {}, {"c"}, attribute)))),
            "ADM-EXTERNAL");
}

// Indices beyond the shape were written to; a tiny file unpacks to any size.
TEST(SparseTensor, IsRefusedAltogether) {
  const Message values = tensor("s", kFloat, {1}, "1234");
  EXPECT_EQ(refusal_of(identity_with(bytes(15, sparse(values)))), "ADM-SPARSE");
  for (const unsigned field : {22U, 23U}) {
    const Message attribute =
        bytes(5, bytes(1, "sparse") + bytes(field, sparse(values)) + number(20, field - 11));
    EXPECT_EQ(refusal_of(identity_with(add_node(node("Constant", {}, {"c"}, attribute)))),
              "ADM-SPARSE");
  }
}

// Function bodies and training graphs are refused before anything in them could matter.
TEST(ExternalData, CannotHideInAFunction) {
  const Message constant =
      node("Constant", {}, {"c"}, tensor_attribute("value", external_tensor("", "passwd")));
  const Message function = bytes(1, "f") + bytes(5, "c") + bytes(7, constant) + bytes(10, "evil");
  EXPECT_EQ(refusal_of(identity_with("", bytes(25, function))), "ADM-FUNCTION");
}
TEST(ExternalData, CannotHideInTrainingInformation) {
  const Message algorithm = bytes(5, external_tensor("w", "passwd"));
  EXPECT_EQ(refusal_of(identity_with("", bytes(20, bytes(2, algorithm)))), "ADM-TRAINING");
}

}  // namespace
}  // namespace vedette::inference
