#include "crypto/bank_digest.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace vedette::crypto {
namespace {

using codec::TpmAlgorithm;

TEST(BankDigest, Sha1IsNoBank) {
  EXPECT_FALSE(is_bank(TpmAlgorithm::sha1));
  EXPECT_FALSE(bank_named("sha1"));
  EXPECT_FALSE(bank_named("SHA384"));
  EXPECT_FALSE(BankDigest::from(TpmAlgorithm::sha1, Bytes(20)));
  EXPECT_THROW(BankDigest{TpmAlgorithm::sha1}, std::invalid_argument);
  EXPECT_THROW(static_cast<void>(BankDigest::of(TpmAlgorithm::sha1, {})), std::invalid_argument);
}

TEST(BankDigest, RefusesOctetsOfAnotherLength) {
  for (const std::size_t size : {0U, 20U, 31U, 33U, 47U, 48U})
    EXPECT_FALSE(BankDigest::from(TpmAlgorithm::sha256, Bytes(size))) << size;
  for (const std::size_t size : {32U, 47U, 49U, 64U})
    EXPECT_FALSE(BankDigest::from(TpmAlgorithm::sha384, Bytes(size))) << size;
}

TEST(BankDigest, IsNotExtendedByADigestOfAnotherBank) {
  const BankDigest value(TpmAlgorithm::sha384);
  EXPECT_THROW(static_cast<void>(value.extended(BankDigest(TpmAlgorithm::sha256))),
               std::invalid_argument);
}

TEST(BankDigest, RefusesTextInAnotherForm) {
  const std::string hex256(64, 'a');
  const std::string hex384(96, 'a');
  for (const std::string& text :
       {std::string(), std::string(64, 'A'), hex384, "sha256:" + hex256, "sha384:" + hex256,
        "sha384:" + std::string(96, 'A'), "sha1:" + std::string(40, 'a'), std::string("sha384:"),
        hex256 + "a"})
    EXPECT_FALSE(parse_bank_digest(text)) << text;
}

TEST(BankDigest, DigestsOfTwoBanksAreNeverTheSame) {
  EXPECT_NE(BankDigest(TpmAlgorithm::sha256), BankDigest(TpmAlgorithm::sha384));
}

TEST(BankDigest, ReadsBackWhatItWrites) {
  for (const TpmAlgorithm bank : kBanks) {
    const BankDigest digest = BankDigest::of(bank, as_bytes("measured"));
    EXPECT_EQ(parse_bank_digest(to_string(digest)), digest);
    EXPECT_EQ(BankDigest::from(bank, digest.octets()), digest);
  }
  EXPECT_EQ(to_string(BankDigest(sha256(as_bytes("x")))), to_hex(sha256(as_bytes("x"))));
}

TEST(BankDigest, ExtendsAsATpmDoes) {
  // SHA-256 of 64 zero octets, and SHA-384 of 96.
  EXPECT_EQ(to_string(BankDigest().extended(BankDigest())),
            "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
  const BankDigest zero(TpmAlgorithm::sha384);
  EXPECT_TRUE(zero.is_zero());
  EXPECT_EQ(zero.extended(zero),
            BankDigest::from(TpmAlgorithm::sha384, digest(Hash::sha384, Bytes(96))));
  EXPECT_FALSE(zero.extended(zero).is_zero());
}

}  // namespace
}  // namespace vedette::crypto
