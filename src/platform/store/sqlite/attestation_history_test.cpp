#include "platform/store/sqlite/repositories_fixture.h"

namespace vedette::platform::sqlite {
namespace {

using samples::device_id;
using samples::digest_of;

TEST_F(RepositoriesTest, AttestationsRefuseADeviceThatIsUnknown) {
  EXPECT_EQ(make_attestation_history(*database_)->save(device_id(1), {}).error().code,
            "STORE-CONFLICT");
}

TEST_F(RepositoriesTest, TheLastAttestationComesBackAsItWasSaved) {
  save_device(1);
  const auto history = make_attestation_history(*database_);
  EXPECT_FALSE(history->last(device_id(1)).value().has_value());
  attestation::AttestationState state{.at = TimePoint(Duration(77)),
                                      .clock = 1'234'567'890'123,
                                      .reset_count = 0xFFFFFFFF,
                                      .restart_count = 2,
                                      .registers = {{0, digest_of(5)}, {10, digest_of(6)}},
                                      .affirming = true,
                                      .attestation_key = digest_of(9)};
  ASSERT_TRUE(history->save(device_id(1), {}).has_value());
  EXPECT_FALSE(history->last(device_id(1)).value()->attestation_key.has_value());
  ASSERT_TRUE(history->save(device_id(1), state).has_value());
  const auto last = history->last(device_id(1)).value().value();
  EXPECT_EQ(last.at, state.at);
  EXPECT_EQ(last.clock, state.clock);
  EXPECT_EQ(last.reset_count, state.reset_count);
  EXPECT_EQ(last.restart_count, state.restart_count);
  EXPECT_EQ(last.registers, state.registers);
  EXPECT_EQ(last.affirming, state.affirming);
  EXPECT_EQ(last.attestation_key, state.attestation_key);
}

TEST_F(RepositoriesTest, ARegisterComesBackInTheBankThatItWasSavedIn) {
  save_device(1);
  const auto history = make_attestation_history(*database_);
  attestation::AttestationState state;
  for (const auto bank : crypto::kBanks) {
    state.registers = {{0, crypto::BankDigest::of(bank, as_bytes("firmware"))},
                       {10, crypto::BankDigest(bank)}};
    ASSERT_TRUE(history->save(device_id(1), state).has_value());
    EXPECT_EQ(history->last(device_id(1)).value()->registers, state.registers);
  }
}

TEST_F(RepositoriesTest, AttestationsRefuseRegistersOfTwoBanks) {
  save_device(1);
  const auto history = make_attestation_history(*database_);
  ASSERT_TRUE(history->save(device_id(1), {}).has_value());
  spoil("UPDATE attestations SET registers_sha384 = zeroblob(98)");  // register 0 twice
  EXPECT_EQ(history->last(device_id(1)).error().code, "STORE-CORRUPT");
  spoil("UPDATE attestations SET registers = zeroblob(33), registers_sha384 = zeroblob(49)");
  EXPECT_EQ(history->last(device_id(1)).error().code, "STORE-CORRUPT");
}

TEST_F(RepositoriesTest, AttestationsRefuseARowThatDoesNotParse) {
  save_device(1);
  const auto history = make_attestation_history(*database_);
  ASSERT_TRUE(history->save(device_id(1), {}).has_value());
  spoil("UPDATE attestations SET registers = zeroblob(66)");  // register 0 twice
  EXPECT_EQ(history->last(device_id(1)).error().code, "STORE-CORRUPT");
  spoil("UPDATE attestations SET registers = x'', affirming = 2");
  EXPECT_EQ(history->last(device_id(1)).error().code, "STORE-CORRUPT");
}

}  // namespace
}  // namespace vedette::platform::sqlite
