#include "inference/admission/wire.h"

#include <gtest/gtest.h>

#include "inference/admission/message.h"
#include "testing/onnx_writer.h"

namespace vedette::inference::admission {
namespace {

using namespace std::string_view_literals;

std::string refusal_of_field(std::string_view octets) {
  const auto field = WireReader(as_bytes(octets), "test").field();
  return field.has_value() ? "" : field.error().cause;
}

std::string refusal_of_message(std::string_view octets, const MessageRule& rule) {
  MessageReader reader(as_bytes(octets), rule);
  while (!reader.done())
    if (const auto field = reader.next(); !field) return field.error().code;
  return "";
}

TEST(WireReader, RefusesAVarintThatIsCutShort) {
  EXPECT_NE(refusal_of_field(""), "");
  EXPECT_NE(refusal_of_field("\x08"), "");
  EXPECT_NE(refusal_of_field("\x08\x80"), "");
}

TEST(WireReader, RefusesAVarintOfMoreThan64Bits) {
  EXPECT_EQ(refusal_of_field("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), "");
  EXPECT_NE(refusal_of_field("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"), "");
  EXPECT_NE(refusal_of_field("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), "");
}

TEST(WireReader, RefusesAPaddedVarint) {
  EXPECT_EQ(refusal_of_field("\x08\x01"), "");
  EXPECT_NE(refusal_of_field("\x08\x81\x00"sv), "");
  EXPECT_NE(refusal_of_field("\x88\x00\x01"sv), "");   // in a key
  EXPECT_NE(refusal_of_field("\x0A\x81\x00x"sv), "");  // in a length
}

TEST(WireReader, RefusesGroupsAndUnknownWireTypes) {
  for (const char key : {'\x0B', '\x0C', '\x0E', '\x0F'})
    EXPECT_NE(refusal_of_field(std::string(1, key) + "\x01\x01\x01\x01\x01\x01\x01\x01"), "");
}

TEST(WireReader, RefusesImpossibleFieldNumbers) {
  EXPECT_NE(refusal_of_field("\x00\x01"sv), "");
  EXPECT_EQ(refusal_of_field("\xF8\xFF\xFF\xFF\x0F\x01"), "");  // 2^29 - 1
  EXPECT_NE(refusal_of_field("\x80\x80\x80\x80\x10\x01"), "");  // 2^29
  // A parser that keeps 32 bits of a key would see field 1 here.
  EXPECT_NE(refusal_of_field("\x88\x80\x80\x80\x80\x01\x01"), "");
}

TEST(WireReader, RefusesLengthsBeyondTheEnd) {
  EXPECT_EQ(refusal_of_field("\x0A\x01x"), "");
  EXPECT_NE(refusal_of_field("\x0A\x02x"), "");
  EXPECT_NE(refusal_of_field("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01x"), "");
  EXPECT_NE(refusal_of_field("\x0D\x01\x02\x03"), "");
  EXPECT_NE(refusal_of_field("\x09\x01\x02\x03\x04\x05\x06\x07"), "");
}

TEST(WireReader, ReadsEachWireType) {
  WireReader reader(as_bytes("\x08\x96\x01\x11"
                             "12345678\x1A\x03"
                             "abc\x25"
                             "wxyz"),
                    "test");
  EXPECT_EQ(reader.field()->value, 150U);
  EXPECT_EQ(as_text(reader.field()->bytes), "12345678");
  EXPECT_EQ(as_text(reader.field()->bytes), "abc");
  const auto last = reader.field();
  EXPECT_EQ(last->number, 4U);
  EXPECT_EQ(last->type, WireType::fixed32);
  EXPECT_TRUE(reader.done());
}

TEST(MessageReader, RefusesAFieldThatTheTableDoesNotName) {
  EXPECT_EQ(refusal_of_message("\x0A\x01x", kOperatorSet), "");
  EXPECT_EQ(refusal_of_message("\x1A\x01x", kOperatorSet), "ADM-SYNTAX");
}

TEST(MessageReader, RefusesTheWrongWireType) {
  EXPECT_EQ(refusal_of_message("\x08\x01", kOperatorSet), "ADM-SYNTAX");
  EXPECT_EQ(refusal_of_message("\x12\x01x", kOperatorSet), "ADM-SYNTAX");
}

// One parser takes the first, another the last, a third merges both.
TEST(MessageReader, RefusesASecondSingularField) {
  EXPECT_EQ(refusal_of_message("\x0A\x01x\x0A\x01x", kOperatorSet), "ADM-SYNTAX");
  EXPECT_EQ(refusal_of_message("\x10\x01\x10\x01", kOperatorSet), "ADM-SYNTAX");
  EXPECT_EQ(refusal_of_message("\x0A\x01x\x0A\x01y", kNode), "");  // two inputs of a node
}

// Protobuf keeps 32 bits of an enumerator: 2^32 + 1 would be EXTERNAL to the runtime.
TEST(MessageReader, RefusesAnEnumeratorOfMoreThan31Bits) {
  EXPECT_EQ(refusal_of_message("\x70\x01", kTensor), "");
  EXPECT_EQ(refusal_of_message("\x70\x81\x80\x80\x80\x10", kTensor), "ADM-SYNTAX");
  EXPECT_EQ(refusal_of_message("\x70\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", kTensor),
            "ADM-SYNTAX");
}

TEST(MessageReader, RefusesNamesThatAreLongOrUnprintable) {
  using testing::onnx::bytes;
  EXPECT_EQ(refusal_of_message(bytes(4, std::string(512, 'a')), kNode), "");
  EXPECT_EQ(refusal_of_message(bytes(4, std::string(513, 'a')), kNode), "ADM-NAME");
  EXPECT_EQ(refusal_of_message(bytes(4, "a\nb"), kNode), "ADM-NAME");
  EXPECT_EQ(refusal_of_message(bytes(4, "a\0b"sv), kNode), "ADM-NAME");
  EXPECT_EQ(refusal_of_message(bytes(4, "\xFF"), kNode), "ADM-NAME");
}

TEST(MessageReader, RefusesGiantAndMalformedTexts) {
  using testing::onnx::bytes;
  EXPECT_EQ(refusal_of_message(bytes(6, std::string(kMaxText, 'a')), kNode), "");
  EXPECT_EQ(refusal_of_message(bytes(6, std::string(kMaxText + 1, 'a')), kNode), "ADM-LIMIT");
  EXPECT_EQ(refusal_of_message(bytes(6, "\xC0\x80"), kNode), "ADM-SYNTAX");
}

TEST(PackedNumbers, AreCountedAndRead) {
  const WireField packed{8, WireType::octets, 0, as_bytes("\x01\x96\x01")};
  EXPECT_EQ(count_numbers(packed, FieldKind::varints).value(), 2U);
  std::vector<std::int64_t> numbers;
  ASSERT_TRUE(append_integers(packed, 2, numbers).has_value());
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 150}));
  EXPECT_FALSE(append_integers(packed, 2, numbers).has_value());
  EXPECT_EQ(
      count_numbers({4, WireType::octets, 0, as_bytes("12345678")}, FieldKind::fixed32s).value(),
      2U);
}

TEST(PackedNumbers, RefuseAPieceOfANumber) {
  EXPECT_FALSE(count_numbers({8, WireType::octets, 0, as_bytes("\x96")}, FieldKind::varints));
  EXPECT_FALSE(count_numbers({4, WireType::octets, 0, as_bytes("12345")}, FieldKind::fixed32s));
  EXPECT_FALSE(count_numbers({10, WireType::octets, 0, as_bytes("1234")}, FieldKind::fixed64s));
}

}  // namespace
}  // namespace vedette::inference::admission
