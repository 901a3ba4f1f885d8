#include "release/stream_verifier.h"

#include <gtest/gtest.h>

namespace vedette::release {
namespace {

const std::string kContent = "the weights of a model";

StreamVerifier expecting(std::uint64_t size) {
  return {crypto::sha256(as_bytes(kContent)), size};
}

TEST(StreamVerifier, RefusesTheFirstOctetTooMany) {
  StreamVerifier verifier = expecting(kContent.size());
  ASSERT_TRUE(verifier.update(as_bytes(kContent)));
  const auto more = verifier.update(as_bytes("!"));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, "REL-SIZE");
  EXPECT_EQ(verifier.finish().error().code, "REL-SIZE") << "a refusal is for good";
}

TEST(StreamVerifier, RefusesEndlessDataAtOnce) {
  StreamVerifier verifier = expecting(3);
  EXPECT_EQ(verifier.update(Bytes(1 << 20)).error().code, "REL-SIZE");
  EXPECT_EQ(verifier.received(), 0U);
}

TEST(StreamVerifier, RefusesATruncatedFile) {
  StreamVerifier verifier = expecting(kContent.size());
  ASSERT_TRUE(verifier.update(as_bytes(kContent.substr(1))));
  EXPECT_EQ(verifier.finish().error().code, "REL-SIZE");
}

TEST(StreamVerifier, RefusesOneFlippedBit) {
  StreamVerifier verifier = expecting(kContent.size());
  Bytes flipped = to_bytes(kContent);
  flipped[7] ^= 1U;
  ASSERT_TRUE(verifier.update(flipped));
  EXPECT_EQ(verifier.finish().error().code, "REL-DIGEST");
}

TEST(StreamVerifier, RefusesToFinishTwice) {
  StreamVerifier verifier = expecting(kContent.size());
  ASSERT_TRUE(verifier.update(as_bytes(kContent)));
  ASSERT_TRUE(verifier.finish());
  EXPECT_FALSE(verifier.finish());
  EXPECT_FALSE(verifier.update(as_bytes("")));
}

TEST(StreamVerifier, AcceptsTheFileInAnyPieces) {
  StreamVerifier verifier = expecting(kContent.size());
  for (const char c : kContent)
    ASSERT_TRUE(verifier.update(as_bytes(std::string(1, c))));
  ASSERT_TRUE(verifier.update({}));
  EXPECT_TRUE(verifier.finish());
}

}  // namespace
}  // namespace vedette::release
