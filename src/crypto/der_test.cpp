#include "crypto/der.h"

#include <gtest/gtest.h>

namespace vedette::crypto {
namespace {

TEST(Der, RefusesWhatHasAShorterForm) {
  EXPECT_TRUE(is_der(Bytes{0x30, 3, 2, 1, 5}));
  EXPECT_FALSE(is_der(Bytes{0x30, 0x81, 3, 2, 1, 5}));
  EXPECT_FALSE(is_der(Bytes{0x30, 4, 2, 0x81, 1, 5}));
  EXPECT_FALSE(is_der(Bytes{0x30, 0x80, 2, 1, 5, 0, 0}));
}

TEST(Der, RefusesTooFewAndTooManyOctets) {
  EXPECT_FALSE(is_der({}));
  EXPECT_FALSE(is_der(Bytes{0x30}));
  EXPECT_FALSE(is_der(Bytes{0x30, 4, 2, 1, 5}));
  EXPECT_FALSE(is_der(Bytes{0x30, 3, 2, 1, 5, 0}));
  EXPECT_FALSE(is_der(Bytes{0x30, 3, 2, 2, 5}));
}

TEST(Der, RefusesDeepNesting) {
  const auto nested = [](int depth) {
    Bytes bytes;
    for (int i = 0; i < depth; ++i) {
      Bytes outer{0x30, static_cast<std::uint8_t>(bytes.size())};
      outer.insert(outer.end(), bytes.begin(), bytes.end());
      bytes = outer;
    }
    return bytes;
  };
  EXPECT_TRUE(is_der(nested(30)));
  EXPECT_FALSE(is_der(nested(60)));
}

}  // namespace
}  // namespace vedette::crypto
