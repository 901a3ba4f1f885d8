#include "codec/reader.h"

#include <gtest/gtest.h>

namespace vedette::codec {
namespace {

ByteReader reader_of(ByteView bytes) {
  return {bytes, "TEST-SYNTAX", "not a well-formed test structure"};
}

TEST(ByteReader, RefusesToReadPastTheEndAndConsumesNothing) {
  const Bytes bytes = {1, 2, 3};
  ByteReader reader = reader_of(bytes);
  EXPECT_FALSE(reader.u32("a").has_value());
  EXPECT_FALSE(reader.u64("a").has_value());
  EXPECT_FALSE(reader.take("a", 4).has_value());
  EXPECT_FALSE(reader.take("a", static_cast<std::size_t>(-1)).has_value());
  EXPECT_EQ(reader.offset(), 0U);
  EXPECT_EQ(reader.u16("a"), 0x0102);
  EXPECT_EQ(reader.u8("a"), 3);
  EXPECT_FALSE(reader.u8("a").has_value());
  EXPECT_TRUE(reader.finish().has_value());
}

TEST(ByteReader, RefusesASizeThatIsTooLargeOrNotThere) {
  const Bytes bytes = {0, 3, 7, 8, 9};
  ByteReader reader = reader_of(bytes);
  EXPECT_FALSE(reader.sized16("a", 2).has_value());
  EXPECT_EQ(reader.offset(), 0U);
  const auto sized = reader.sized16("a", 3);
  ASSERT_TRUE(sized.has_value());
  EXPECT_EQ(to_bytes(*sized), (Bytes{7, 8, 9}));
  ByteReader cut = reader_of(ByteView(bytes).first(4));
  EXPECT_FALSE(cut.sized16("a", 100).has_value());
  EXPECT_EQ(cut.offset(), 0U);
  ByteReader half = reader_of(ByteView(bytes).first(1));
  EXPECT_FALSE(half.sized16("a", 100).has_value());
}

TEST(ByteReader, RefusesOctetsThatNobodyRead) {
  const Bytes bytes = {1, 2};
  ByteReader reader = reader_of(bytes);
  ASSERT_TRUE(reader.u8("a").has_value());
  const auto finished = reader.finish();
  ASSERT_FALSE(finished.has_value());
  EXPECT_EQ(describe(finished.error()),
            "TEST-SYNTAX: not a well-formed test structure (end: 1 octets too many, before octet "
            "1)");
}

TEST(ByteReader, NamesTheFieldThatIsMissing) {
  ByteReader reader = reader_of({});
  const auto value = reader.u32("magic");
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().cause, "magic: needs 4 octets, 0 are left, before octet 0");
}

TEST(ByteReader, ReadsBigEndian) {
  const Bytes bytes = {0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10, 0x01, 0x02, 0x03, 0x04};
  ByteReader reader = reader_of(bytes);
  EXPECT_EQ(reader.u64("a"), 0xFEDCBA9876543210U);
  EXPECT_EQ(reader.u32("b"), 0x01020304U);
  EXPECT_EQ(reader.remaining(), 0U);
}

}  // namespace
}  // namespace vedette::codec
