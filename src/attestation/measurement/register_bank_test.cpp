#include "attestation/measurement/register_bank.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;

constexpr TpmAlgorithm kBanks[] = {TpmAlgorithm::sha1, TpmAlgorithm::sha256, TpmAlgorithm::sha384,
                                   TpmAlgorithm::sha512};

TEST(RegisterBank, IsForHashesAlone) {
  EXPECT_THROW(RegisterBank{TpmAlgorithm::aes}, std::invalid_argument);
  EXPECT_THROW(static_cast<void>(digest_by(TpmAlgorithm::null, {})), std::invalid_argument);
  EXPECT_EQ(name_of_bank(TpmAlgorithm::null), "unknown");
}

TEST(RegisterBank, ThrowsForARegisterOrDigestThatItHasNot) {
  RegisterBank bank(TpmAlgorithm::sha256);
  EXPECT_THROW(bank.extend(24, Bytes(32)), std::invalid_argument);
  EXPECT_THROW(bank.extend(0, Bytes(20)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(bank.value(24)), std::invalid_argument);
  EXPECT_TRUE(bank.extended().empty());
}

TEST(RegisterBank, TakesAStartingLocalityBeforeTheFirstExtensionOnly) {
  RegisterBank bank(TpmAlgorithm::sha256);
  bank.start_at_locality(3);
  EXPECT_EQ(bank.value(0).back(), 3);
  bank.extend(0, Bytes(32));
  EXPECT_THROW(bank.start_at_locality(4), std::invalid_argument);
}

TEST(RegisterBank, StartsWithZerosButForDynamicRegisters) {
  for (const TpmAlgorithm algorithm : kBanks) {
    const RegisterBank bank(algorithm);
    const std::size_t size = codec::digest_size(algorithm);
    EXPECT_TRUE(equal(bank.value(0), Bytes(size, 0x00)));
    EXPECT_TRUE(equal(bank.value(16), Bytes(size, 0x00)));
    EXPECT_TRUE(equal(bank.value(17), Bytes(size, 0xFF)));
    EXPECT_TRUE(equal(bank.value(22), Bytes(size, 0xFF)));
    EXPECT_TRUE(equal(bank.value(23), Bytes(size, 0x00)));
  }
}

TEST(RegisterBank, ExtendsByHashingTheOldValueAndTheDigest) {
  for (const TpmAlgorithm algorithm : kBanks) {
    RegisterBank bank(algorithm);
    const std::size_t size = codec::digest_size(algorithm);
    bank.extend(7, Bytes(size, 0xAB));
    Bytes expected(size, 0x00);
    append(expected, Bytes(size, 0xAB));
    EXPECT_TRUE(equal(bank.value(7), digest_by(algorithm, expected)));
    EXPECT_EQ(bank.extended(), std::set<std::uint8_t>{7});
  }
  RegisterBank bank(TpmAlgorithm::sha256);
  bank.extend(0, Bytes(32));
  EXPECT_EQ(to_hex(bank.value(0)),  // SHA-256 of 64 zero octets
            "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
}

}  // namespace
}  // namespace vedette::attestation
