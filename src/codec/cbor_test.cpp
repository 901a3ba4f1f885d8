#include "codec/cbor.h"

#include <gtest/gtest.h>

namespace vedette::codec {
namespace {

TEST(ToCbor, ThrowsForWhatNoReaderWouldTake) {
  EXPECT_THROW((void)to_cbor(Cbor(Cbor::Map{{1, 2}, {1, 3}})), std::logic_error);
  EXPECT_THROW((void)to_cbor(Cbor("\xFF")), std::logic_error);
  EXPECT_THROW((void)to_cbor(Cbor(Cbor::Map{{"\xFF", 1}})), std::logic_error);
  EXPECT_THROW((void)Cbor(1).set(1, 2), std::logic_error);
}

TEST(ToCbor, SortsKeysBytewiseByTheirEncodings) {
  const Cbor map(Cbor::Map{{"aa", 1}, {"z", 2}, {-1, 3}, {100, 4}, {10, 5}, {-2, 6}, {-300, 7}});
  EXPECT_EQ(to_hex(to_cbor(map)),
            "a70a05186404"
            "2003"
            "2106"
            "39012b07"
            "617a02"
            "62616101");
}

TEST(ToCbor, WritesShortestForms) {
  EXPECT_EQ(to_hex(to_cbor(23)), "17");
  EXPECT_EQ(to_hex(to_cbor(24)), "1818");
  EXPECT_EQ(to_hex(to_cbor(255)), "18ff");
  EXPECT_EQ(to_hex(to_cbor(256)), "190100");
  EXPECT_EQ(to_hex(to_cbor(65535)), "19ffff");
  EXPECT_EQ(to_hex(to_cbor(65536)), "1a00010000");
  EXPECT_EQ(to_hex(to_cbor(Cbor(std::uint64_t{0x100000000}))), "1b0000000100000000");
  EXPECT_EQ(to_hex(to_cbor(Cbor(std::numeric_limits<std::int64_t>::min()))), "3b7fffffffffffffff");
  EXPECT_EQ(to_hex(to_cbor(Cbor::tagged(501, Cbor::Array{Cbor(), true, false}))), "d901f583f6f5f4");
}

TEST(Cbor, SetsReplacesAndCompares) {
  Cbor map;
  map.set(1, "a").set("b", Bytes{1}).set(1, "c");
  EXPECT_EQ(map.if_map()->size(), 2U);
  EXPECT_EQ(*map.find(1)->if_text(), "c");
  EXPECT_EQ(map, Cbor(Cbor::Map{{1, "c"}, {"b", Bytes{1}}}));
  EXPECT_NE(map, Cbor(Cbor::Map{{1, "c"}}));
  EXPECT_NE(Cbor("1"), Cbor(1));
  EXPECT_NE(Cbor(1), Cbor(-1));
  EXPECT_EQ(Cbor::tagged(1, 2), Cbor::tagged(1, 2));
  EXPECT_NE(Cbor::tagged(1, 2), Cbor::tagged(2, 2));
  EXPECT_NE(Cbor::tagged(1, 2), Cbor::tagged(1, 3));
}

TEST(Cbor, NamesAKeyForARefusal) {
  EXPECT_EQ(CborKey(-7).name(), "-7");
  EXPECT_EQ(CborKey("x").name(), "'x'");
  EXPECT_EQ(CborKey(std::string(500, 'x')).name().size(), 82U);
}

}  // namespace
}  // namespace vedette::codec
