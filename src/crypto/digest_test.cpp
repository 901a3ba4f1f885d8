#include "crypto/digest.h"

#include <gtest/gtest.h>

namespace vedette::crypto {
namespace {

// FIPS 180-2, appendices B.1 and C.1; the empty one is well known.
constexpr const char* kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbcSha256 =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Digest, MatchesTheStandardsExamples) {
  EXPECT_EQ(to_hex(sha256({})), kEmptySha256);
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))), kAbcSha256);
  EXPECT_EQ(to_hex(digest(Hash::sha256, as_bytes("abc"))), kAbcSha256);
  EXPECT_EQ(to_hex(digest(Hash::sha384, as_bytes("abc"))).substr(0, 16), "cb00753f45a35e8b");
  EXPECT_EQ(digest(Hash::sha384, {}).size(), 48U);
  EXPECT_EQ(to_hex(digest(Hash::sha512, as_bytes("abc"))).substr(0, 16), "ddaf35a193617aba");
  EXPECT_EQ(digest(Hash::sha512, {}).size(), 64U);
}

TEST(InsecureSha1, MatchesTheStandardsExamples) {
  EXPECT_EQ(to_hex(insecure_sha1({})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(to_hex(insecure_sha1(as_bytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Hmac, MatchesRfc4231AndTakesAnEmptyKey) {
  EXPECT_EQ(to_hex(hmac(Hash::sha256, as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  (void)hmac(Hash::sha256, as_bytes("another key"), {});
  EXPECT_EQ(to_hex(hmac(Hash::sha256, {}, {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Sha256Stream, EqualsTheOneShotAndStartsAnew) {
  Sha256Stream stream;
  stream.update(as_bytes("a"));
  stream.update({});
  stream.update(as_bytes("bc"));
  EXPECT_EQ(to_hex(stream.finish()), kAbcSha256);
  EXPECT_EQ(to_hex(stream.finish()), kEmptySha256);
  Sha256Stream moved(std::move(stream));
  moved.update(as_bytes("abc"));
  EXPECT_EQ(to_hex(moved.finish()), kAbcSha256);
}

TEST(RandomBytes, AreAsManyAsAskedAndDiffer) {
  EXPECT_TRUE(random_bytes(0).empty());
  EXPECT_EQ(random_bytes(32).size(), 32U);
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

}  // namespace
}  // namespace vedette::crypto
