#include "platform/store/sqlite/repositories.h"

#include <gtest/gtest.h>

#include "platform/store/sqlite/schema.h"
#include "platform/store/store_samples.h"

namespace vedette::platform::sqlite {
namespace {

using samples::device;
using samples::device_id;
using samples::digest_of;
using samples::Folder;
using samples::receipt;
using samples::release;
using samples::violation;

const GroupId kNorth = GroupId::parse("north").value();
const ModelName kVad = ModelName::parse("vad").value();

class RepositoriesTest : public ::testing::Test {
 protected:
  RepositoriesTest() {
    const std::string path = folder_.file("store.db");
    EXPECT_TRUE(prepare_database_file(path).has_value());
    database_ = Database::open(path, Access::read_write).value();
    const auto migrated = migrate(*database_, migrations());
    EXPECT_TRUE(migrated.has_value()) << describe(migrated.error());
  }

  // Puts what no writer of ours would: a later fault, or another hand.
  void spoil(const char* sql) {
    ASSERT_TRUE(database_->execute_script("PRAGMA ignore_check_constraints=ON").has_value());
    ASSERT_TRUE(database_->execute_script(sql).has_value());
  }

  void save_device(std::uint64_t number) {
    ASSERT_TRUE(make_device_registry(*database_)->save(device(number)).has_value());
  }

  Folder folder_;
  std::unique_ptr<Database> database_;
};

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
}

void expect_same(const release::Release& left, const release::Release& right) {
  EXPECT_EQ(left.model, right.model);
  EXPECT_EQ(left.number, right.number);
  EXPECT_EQ(left.tier, right.tier);
  EXPECT_EQ(left.model_root, right.model_root);
  EXPECT_EQ(left.file_name, right.file_name);
  EXPECT_EQ(left.file_sha256, right.file_sha256);
  EXPECT_EQ(left.file_size, right.file_size);
  EXPECT_EQ(left.bundle, right.bundle);
  EXPECT_EQ(left.statement, right.statement);
  EXPECT_EQ(left.contract, right.contract);
  EXPECT_EQ(left.published_at, right.published_at);
  EXPECT_EQ(left.blocked, right.blocked);
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
  spoil("UPDATE devices SET status = 'active', epoch = -1");
  EXPECT_EQ(devices->find(device_id(1)).error().code, "STORE-CORRUPT");
  spoil("UPDATE devices SET epoch = 1, device_key_sha256 = x'00'");
  EXPECT_EQ(devices->find_by_endorsement(digest_of(1)).error().code, "STORE-CORRUPT");
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
  revoked.status_reason = "stolen \xE2\x80\x93 see case 7";
  ASSERT_TRUE(devices->save(revoked).has_value());
  const auto all = devices->list().value();
  ASSERT_EQ(all.size(), 2);
  expect_same(all[0], revoked);
  expect_same(all[1], device(2));
}

TEST_F(RepositoriesTest, EnrollmentRulesComeBackAsTheyWereSaved) {
  const auto rules = make_enrollment_rules(*database_);
  EXPECT_FALSE(rules->find(digest_of(1)).value().has_value());
  ASSERT_TRUE(rules->allow({digest_of(1), device_id(1), kNorth}).has_value());
  ASSERT_TRUE(rules->allow({digest_of(2), device_id(0), kNorth}).has_value());
  ASSERT_TRUE(rules->allow({digest_of(1), device_id(3), kNorth}).has_value());
  EXPECT_EQ(rules->find(digest_of(1)).value().value().device, device_id(3));
  const auto entries = rules->list().value();
  ASSERT_EQ(entries.size(), 2);
  EXPECT_EQ(entries[0].endorsement_sha256, digest_of(2));
  EXPECT_EQ(entries[0].group, kNorth);

  ASSERT_TRUE(rules->add_root({kNorth, {1, 2}}).has_value());
  ASSERT_TRUE(rules->add_root({kNorth, {1}}).has_value());
  ASSERT_TRUE(rules->add_root({kNorth, {1, 2}}).has_value());
  const auto roots = rules->roots().value();
  ASSERT_EQ(roots.size(), 2);
  EXPECT_EQ(roots[0].group, kNorth);
  EXPECT_EQ(roots[0].certificate_der, (Bytes{1, 2}));
}

TEST_F(RepositoriesTest, EnrollmentRulesRefuseARowThatDoesNotParse) {
  const auto rules = make_enrollment_rules(*database_);
  ASSERT_TRUE(rules->allow({digest_of(1), device_id(1), kNorth}).has_value());
  ASSERT_TRUE(rules->add_root({kNorth, {1}}).has_value());
  spoil("UPDATE allowed_endorsements SET device = '../x'");
  spoil("UPDATE endorsement_roots SET group_name = ''");
  EXPECT_EQ(rules->find(digest_of(1)).error().code, "STORE-CORRUPT");
  EXPECT_EQ(rules->roots().error().code, "STORE-CORRUPT");
}

TEST_F(RepositoriesTest, ReferencesComeBackAsTheyWereSaved) {
  const auto references = make_reference_repository(*database_);
  EXPECT_FALSE(references->find(kNorth).value().has_value());
  ASSERT_TRUE(references->save(kNorth, {}).has_value());
  EXPECT_EQ(references->find(kNorth).value(), attestation::ReferenceValues{});
  const attestation::ReferenceValues values{
      {{0, {digest_of(2), digest_of(1)}}, {7, {}}, {23, {digest_of(3)}}}};
  ASSERT_TRUE(references->save(kNorth, values).has_value());
  EXPECT_EQ(references->find(kNorth).value(), values);
  const attestation::ReferenceValues fewer{{{7, {digest_of(9)}}}};
  ASSERT_TRUE(references->save(kNorth, fewer).has_value());
  EXPECT_EQ(references->find(kNorth).value(), fewer);
  EXPECT_FALSE(references->find(GroupId::parse("south").value()).value().has_value());
}

TEST_F(RepositoriesTest, ReferencesRefuseARowThatDoesNotParse) {
  const auto references = make_reference_repository(*database_);
  ASSERT_TRUE(references->save(kNorth, {{{0, {digest_of(1)}}}}).has_value());
  spoil("UPDATE reference_registers SET digests = x'0102'");
  EXPECT_EQ(references->find(kNorth).error().code, "STORE-CORRUPT");
  spoil("UPDATE reference_registers SET digests = x'', register = 256");
  EXPECT_EQ(references->find(kNorth).error().code, "STORE-CORRUPT");
}

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
                                      .affirming = true};
  ASSERT_TRUE(history->save(device_id(1), {}).has_value());
  ASSERT_TRUE(history->save(device_id(1), state).has_value());
  const auto last = history->last(device_id(1)).value().value();
  EXPECT_EQ(last.at, state.at);
  EXPECT_EQ(last.clock, state.clock);
  EXPECT_EQ(last.reset_count, state.reset_count);
  EXPECT_EQ(last.restart_count, state.restart_count);
  EXPECT_EQ(last.registers, state.registers);
  EXPECT_EQ(last.affirming, state.affirming);
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

TEST_F(RepositoriesTest, ReleasesRefuseANumberThatDoesNotRise) {
  const auto releases = make_release_registry(*database_);
  ASSERT_TRUE(releases->add(release("vad", 2)).has_value());
  EXPECT_EQ(releases->add(release("vad", 2)).error().code, "REL-EXISTS");
  EXPECT_EQ(releases->add(release("vad", 1)).error().code, "REL-EXISTS");
  EXPECT_EQ(releases->add(release("ocr", 0)).error().code, "STORE-CONFLICT");
  EXPECT_EQ(releases->set_blocked(kVad, 1, true).error().code, "REL-UNKNOWN");
  EXPECT_EQ(releases->list().value().size(), 1);
}

TEST_F(RepositoriesTest, ReleasesRefuseARowThatDoesNotParse) {
  const auto releases = make_release_registry(*database_);
  ASSERT_TRUE(releases->add(release("vad", 1)).has_value());
  spoil("UPDATE releases SET tier = 'highest'");
  EXPECT_EQ(releases->latest(kVad).error().code, "STORE-CORRUPT");
}

TEST_F(RepositoriesTest, TheLatestReleaseIsTheHighestThatIsNotBlocked) {
  const auto releases = make_release_registry(*database_);
  EXPECT_FALSE(releases->latest(kVad).value().has_value());
  for (const std::uint64_t number : {1U, 2U, 10U})
    ASSERT_TRUE(releases->add(release("vad", number)).has_value());
  ASSERT_TRUE(releases->add(release("ocr", 11)).has_value());
  expect_same(releases->latest(kVad).value().value(), release("vad", 10));
  ASSERT_TRUE(releases->set_blocked(kVad, 10, true).has_value());
  expect_same(releases->latest(kVad).value().value(), release("vad", 2));
  EXPECT_TRUE(releases->find(kVad, 10).value().value().blocked);
  ASSERT_TRUE(releases->set_blocked(kVad, 10, false).has_value());
  EXPECT_EQ(releases->latest(kVad).value().value().number, 10);
  const auto all = releases->list().value();
  ASSERT_EQ(all.size(), 4);
  expect_same(all[0], release("ocr", 11));
  expect_same(all[3], release("vad", 10));
  EXPECT_FALSE(releases->find(kVad, ~std::uint64_t{0}).value().has_value());
}

TEST_F(RepositoriesTest, ReceiptsRefuseAnUnknownDeviceOrRelease) {
  const auto receipts = make_receipt_repository(*database_);
  EXPECT_EQ(receipts->add(receipt(1, 1)).error().code, "STORE-CONFLICT");
  save_device(1);
  EXPECT_EQ(receipts->add(receipt(1, 1)).error().code, "STORE-CONFLICT");
  EXPECT_EQ(receipts->count().value(), 0);
}

TEST_F(RepositoriesTest, AReceiptCountsOnce) {
  save_device(1);
  save_device(2);
  ASSERT_TRUE(make_release_registry(*database_)->add(release("vad", 1)).has_value());
  const auto receipts = make_receipt_repository(*database_);
  EXPECT_TRUE(receipts->add(receipt(30, 1)).value());
  EXPECT_FALSE(receipts->add(receipt(30, 2)).value());
  EXPECT_TRUE(receipts->add(receipt(20, 2)).value());
  EXPECT_TRUE(receipts->add(receipt(10, 1)).value());
  EXPECT_EQ(receipts->count().value(), 3);
  const auto newest = receipts->list(std::nullopt, 2).value();
  ASSERT_EQ(newest.size(), 2);
  EXPECT_EQ(newest[0].id, digest_of(10));
  EXPECT_EQ(newest[1].id, digest_of(20));
  const auto own = receipts->list(device_id(1), ~std::size_t{0}).value();
  ASSERT_EQ(own.size(), 2);
  EXPECT_EQ(own[1].id, digest_of(30));
  EXPECT_EQ(own[1].device, device_id(1));
  EXPECT_EQ(own[1].model, kVad);
  EXPECT_EQ(own[1].release, 1);
  EXPECT_EQ(own[1].epoch, Epoch{3});
  EXPECT_EQ(own[1].received_at, TimePoint(Duration(30)));
  EXPECT_EQ(own[1].jws, "e30.e30.30");
}

TEST_F(RepositoriesTest, ViolationsRefuseAnUnknownDeviceOrRelease) {
  const auto violations = make_violation_repository(*database_);
  EXPECT_EQ(violations->add(violation(1, 1)).error().code, "STORE-CONFLICT");
  save_device(1);
  EXPECT_EQ(violations->add(violation(1, 1)).error().code, "STORE-CONFLICT");
  EXPECT_EQ(violations->count(device_id(1)).value(), 0);
}

TEST_F(RepositoriesTest, ViolationsRefuseANumberThatIsTaken) {
  save_device(1);
  save_device(2);
  ASSERT_TRUE(make_release_registry(*database_)->add(release("vad", 1)).has_value());
  const auto violations = make_violation_repository(*database_);
  ASSERT_TRUE(violations->add(violation(7, 1)).has_value());
  auto other = violation(7, 1);
  other.id = digest_of(99);
  EXPECT_EQ(violations->add(other).error().code, "STORE-CONFLICT");
  EXPECT_EQ(violations->find(device_id(1), 7).value()->id, digest_of(7));
  EXPECT_TRUE(violations->add(violation(7, 2)).has_value());  // numbers are each device's own
}

TEST_F(RepositoriesTest, ViolationsRefuseARowThatDoesNotParse) {
  save_device(1);
  ASSERT_TRUE(make_release_registry(*database_)->add(release("vad", 1)).has_value());
  const auto violations = make_violation_repository(*database_);
  ASSERT_TRUE(violations->add(violation(1, 1)).has_value());
  spoil("UPDATE violations SET kind = 'rudeness'");
  EXPECT_EQ(violations->list({}, 9).error().code, "STORE-CORRUPT");
}

TEST_F(RepositoriesTest, ViolationsAreFoundAndListedTheNewestFirst) {
  save_device(1);
  save_device(2);
  const auto releases = make_release_registry(*database_);
  ASSERT_TRUE(releases->add(release("vad", 1)).has_value());
  ASSERT_TRUE(releases->add(release("ocr", 1)).has_value());
  const auto violations = make_violation_repository(*database_);
  ASSERT_TRUE(violations->add(violation(9, 1)).has_value());
  ASSERT_TRUE(violations->add(violation(3, 2)).has_value());
  auto other_model = violation(4, 2);
  other_model.model = ModelName::parse("ocr").value();
  ASSERT_TRUE(violations->add(other_model).has_value());

  const auto found = violations->find(device_id(1), 9).value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, digest_of(9));
  EXPECT_EQ(found->model, kVad);
  EXPECT_EQ(found->release, 1);
  EXPECT_EQ(found->model_root, digest_of(1));
  EXPECT_EQ(found->kind, ledger::ViolationKind::system_call);
  EXPECT_EQ(found->epoch, Epoch{3});
  EXPECT_TRUE(found->is_of_old);
  EXPECT_EQ(found->received_at, violation(9, 1).received_at);
  EXPECT_EQ(found->jws, violation(9, 1).jws);
  EXPECT_EQ(violations->find(device_id(1), 3).value().has_value(), false);

  const auto numbers = [&](const ledger::ViolationFilter& filter, std::size_t limit) {
    std::vector<std::uint64_t> listed;
    const auto found_ones = violations->list(filter, limit);
    for (const auto& one : found_ones.value())
      listed.push_back(one.sequence);
    return listed;
  };
  using Numbers = std::vector<std::uint64_t>;
  EXPECT_EQ(numbers({}, 9), (Numbers{4, 3, 9}));
  EXPECT_EQ(numbers({}, 1), Numbers{4});
  EXPECT_EQ(numbers({.device = device_id(2)}, 9), (Numbers{4, 3}));
  EXPECT_EQ(numbers({.model = kVad}, 9), (Numbers{3, 9}));
  EXPECT_EQ(numbers({.device = device_id(2), .model = kVad}, 9), Numbers{3});
  EXPECT_EQ(violations->count(device_id(2)).value(), 2);
}

TEST_F(RepositoriesTest, ViolationsMakeSuspectByDevicesAndOnlyThoseThatCondemn) {
  save_device(1);
  save_device(2);
  ASSERT_TRUE(make_release_registry(*database_)->add(release("vad", 1)).has_value());
  const auto violations = make_violation_repository(*database_);
  auto slow = violation(1, 1);
  slow.kind = ledger::ViolationKind::deadline;
  ASSERT_TRUE(violations->add(slow).has_value());
  EXPECT_TRUE(violations->suspects().value().empty());
  ASSERT_TRUE(violations->add(violation(2, 1)).has_value());
  ASSERT_TRUE(violations->add(violation(3, 1)).has_value());
  ASSERT_TRUE(violations->add(violation(4, 2)).has_value());
  const auto suspects = violations->suspects().value();
  ASSERT_EQ(suspects.size(), 1U);
  EXPECT_EQ(suspects[0].model, kVad);
  EXPECT_EQ(suspects[0].release, 1);
  EXPECT_EQ(suspects[0].model_root, digest_of(1));
  EXPECT_EQ(suspects[0].devices, 2);
}

TEST_F(RepositoriesTest, ReceiptsRefuseARowThatDoesNotParse) {
  save_device(1);
  ASSERT_TRUE(make_release_registry(*database_)->add(release("vad", 1)).has_value());
  const auto receipts = make_receipt_repository(*database_);
  ASSERT_TRUE(receipts->add(receipt(1, 1)).value());
  spoil("UPDATE receipts SET id = x'01'");
  EXPECT_EQ(receipts->list(std::nullopt, 9).error().code, "STORE-CORRUPT");
}

TEST_F(RepositoriesTest, TheLogRefusesGapsAndRepetitions) {
  const auto log = make_log_store(*database_);
  EXPECT_EQ(log->add_entry(1, as_bytes("b")).error().code, "LOG-INDEX");
  ASSERT_TRUE(log->add_entry(0, as_bytes("a")).has_value());
  EXPECT_EQ(log->add_entry(0, as_bytes("b")).error().code, "LOG-INDEX");
  EXPECT_EQ(log->add_entry(2, as_bytes("b")).error().code, "LOG-INDEX");
  EXPECT_EQ(log->entry(1).error().code, "LOG-INDEX");
  EXPECT_EQ(log->entry(~std::uint64_t{0}).error().code, "LOG-INDEX");
  EXPECT_EQ(log->node(0, 0).error().code, "LOG-INDEX");
  ASSERT_TRUE(log->add_node(0, 0, digest_of(1)).has_value());
  EXPECT_EQ(log->add_node(0, 0, digest_of(2)).error().code, "STORE-CONFLICT");
  EXPECT_EQ(log->add_node(64, 0, digest_of(2)).error().code, "STORE-CONFLICT");
  EXPECT_EQ(as_text(log->entry(0).value()), "a");
  EXPECT_EQ(log->node(0, 0).value(), digest_of(1));
}

TEST_F(RepositoriesTest, TheLogComesBackAsItWasWritten) {
  const auto log = make_log_store(*database_);
  EXPECT_EQ(log->size().value(), 0);
  EXPECT_FALSE(log->checkpoint().value().has_value());
  ASSERT_TRUE(log->add_entry(0, {}).has_value());
  ASSERT_TRUE(log->add_entry(1, Bytes{0, 255}).has_value());
  ASSERT_TRUE(log->add_node(1, 0, digest_of(8)).has_value());
  ASSERT_TRUE(log->save_checkpoint("old").has_value());
  ASSERT_TRUE(log->save_checkpoint("log\n2\n").has_value());
  EXPECT_EQ(log->size().value(), 2);
  EXPECT_EQ(log->entry(0).value(), Bytes{});
  EXPECT_EQ(log->entry(1).value(), (Bytes{0, 255}));
  EXPECT_EQ(log->node(1, 0).value(), digest_of(8));
  EXPECT_EQ(log->checkpoint().value(), "log\n2\n");
}

}  // namespace
}  // namespace vedette::platform::sqlite
