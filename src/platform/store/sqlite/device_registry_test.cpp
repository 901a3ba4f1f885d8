#include "platform/store/sqlite/repositories_fixture.h"

namespace vedette::platform::sqlite {
namespace {

using samples::device;
using samples::device_id;
using samples::digest_of;

void expect_same(const identity::Device& left, const identity::Device& right) {
  EXPECT_EQ(left.id, right.id);
  EXPECT_EQ(left.group, right.group);
  EXPECT_EQ(left.status, right.status);
  EXPECT_EQ(left.epoch, right.epoch);
  EXPECT_EQ(left.endorsement_sha256, right.endorsement_sha256);
  EXPECT_EQ(left.attestation_key, right.attestation_key);
  EXPECT_EQ(left.device_key_sha256, right.device_key_sha256);
  EXPECT_EQ(left.enrolled_at, right.enrolled_at);
  EXPECT_EQ(left.status_reason, right.status_reason);
  EXPECT_EQ(left.sku, right.sku);
  EXPECT_EQ(left.key_kind, right.key_kind);
  EXPECT_EQ(left.vouched_in, right.vouched_in);
}

TEST_F(RepositoriesTest, DevicesRefuseASecondDeviceWithOneTpm) {
  const auto devices = make_device_registry(*database_);
  ASSERT_TRUE(devices->save(device(1)).has_value());
  auto twin = device(2);
  twin.endorsement_sha256 = device(1).endorsement_sha256;
  EXPECT_EQ(devices->save(twin).error().code, "STORE-CONFLICT");
  EXPECT_EQ(devices->find(device_id(2)).value(), std::nullopt);
}

TEST_F(RepositoriesTest, DevicesRefuseARowThatDoesNotParse) {
  save_device(1);
  const auto devices = make_device_registry(*database_);
  spoil("UPDATE devices SET status = 'trusted'");
  EXPECT_EQ(devices->find(device_id(1)).error().code, "STORE-CORRUPT");
  EXPECT_EQ(devices->list().error().code, "STORE-CORRUPT");
  spoil("UPDATE devices SET status = 'active', sku = '../x'");
  EXPECT_EQ(devices->find(device_id(1)).error().code, "STORE-CORRUPT");
  spoil("UPDATE devices SET sku = '', epoch = -1");
  EXPECT_EQ(devices->find(device_id(1)).error().code, "STORE-CORRUPT");
  spoil("UPDATE devices SET epoch = 1, device_key_sha256 = x'00'");
  EXPECT_EQ(devices->find_by_endorsement(digest_of(1)).error().code, "STORE-CORRUPT");
}

TEST_F(RepositoriesTest, DevicesRefuseAKindOfKeyThatIsNone) {
  save_device(1);
  const auto devices = make_device_registry(*database_);
  spoil("UPDATE devices SET key_kind = 'token'");
  EXPECT_EQ(devices->find(device_id(1)).error().code, "STORE-CORRUPT");
}

TEST_F(RepositoriesTest, DevicesComeBackAsTheyWereSaved) {
  const auto devices = make_device_registry(*database_);
  EXPECT_FALSE(devices->find(device_id(1)).value().has_value());
  ASSERT_TRUE(devices->save(device(2)).has_value());
  ASSERT_TRUE(devices->save(device(1)).has_value());
  expect_same(devices->find(device_id(1)).value().value(), device(1));
  expect_same(devices->find_by_endorsement(digest_of(2)).value().value(), device(2));
  auto revoked = device(1);
  revoked.status = identity::DeviceStatus::revoked;
  revoked.epoch = Epoch{9};
  revoked.group = GroupId::parse("south").value();
  revoked.endorsement_sha256 = digest_of(70);
  revoked.attestation_key = {};
  revoked.device_key_sha256 = digest_of(71);
  revoked.enrolled_at = TimePoint(Duration(5));
  revoked.sku = SkuId::parse("gate-2").value();
  revoked.key_kind = identity::KeyKind::pkcs11;
  revoked.vouched_in = identity::TpmBoot{0x80000001, 2};
  revoked.status_reason = "stolen \xE2\x80\x93 see case 7";
  ASSERT_TRUE(devices->save(revoked).has_value());
  const auto all = devices->list().value();
  ASSERT_EQ(all.size(), 2);
  expect_same(all[0], revoked);
  expect_same(all[1], device(2));
}

TEST_F(RepositoriesTest, ADevicesMakerComesBackAsItWasSaved) {
  const auto devices = make_device_registry(*database_);
  auto one = device(1);
  one.maker_root = digest_of(7);
  ASSERT_TRUE(devices->save(one).has_value());
  EXPECT_EQ(devices->find(one.id).value()->maker_root, one.maker_root);
  one.maker_root.reset();
  ASSERT_TRUE(devices->save(one).has_value());
  EXPECT_EQ(devices->find(one.id).value()->maker_root, std::nullopt);
}

TEST_F(RepositoriesTest, DevicesOfAMakerAreCountedInTheirGroupUnlessRevokedOrAllowed) {
  const auto devices = make_device_registry(*database_);
  const auto rules = make_enrollment_rules(*database_);
  const auto count = [&] {
    return devices->count_admitted_by(device(1).group, digest_of(7)).value();
  };
  for (std::uint8_t number = 1; number <= 5; ++number) {
    auto one = device(number);
    one.maker_root = digest_of(number == 5 ? 8 : 7);
    if (number == 4) one.group = *GroupId::parse("elsewhere");
    ASSERT_TRUE(devices->save(one).has_value());
  }
  EXPECT_EQ(count(), 3U);
  auto revoked = devices->find(device(2).id).value().value();
  revoked.status = identity::DeviceStatus::revoked;
  ASSERT_TRUE(devices->save(revoked).has_value());
  EXPECT_EQ(count(), 2U);
  ASSERT_TRUE(
      rules->allow({device(3).endorsement_sha256, device(3).id, device(3).group}).has_value());
  EXPECT_EQ(count(), 1U);
}

}  // namespace
}  // namespace vedette::platform::sqlite
