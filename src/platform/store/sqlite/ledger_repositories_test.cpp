// What devices run and what they sent: releases, receipts, violations, the log.
#include "platform/store/sqlite/repositories_fixture.h"

namespace vedette::platform::sqlite {
namespace {

using samples::device_id;
using samples::digest_of;
using samples::receipt;
using samples::release;
using samples::violation;

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

TEST_F(RepositoriesTest, AReleaseThatWaitsForApprovalIsNotTheLatest) {
  const auto releases = make_release_registry(*database_);
  ASSERT_TRUE(releases->add(release("vad", 1)).has_value());
  auto waiting = release("vad", 2);
  waiting.pending = true;
  ASSERT_TRUE(releases->add(waiting).has_value());
  EXPECT_EQ(releases->latest(kVad).value()->number, 1U);
  EXPECT_TRUE(releases->find(kVad, 2).value()->pending);
  EXPECT_EQ(releases->approve(kVad, 3, "{}").error().code, "REL-UNKNOWN");
  ASSERT_TRUE(releases->approve(kVad, 2, "envelope").has_value());
  EXPECT_EQ(releases->latest(kVad).value()->number, 2U);
  EXPECT_EQ(releases->latest(kVad).value()->approval, "envelope");
  EXPECT_FALSE(releases->find(kVad, 2).value()->pending);
}

TEST_F(RepositoriesTest, WhatNobodyApprovedIsFoundAndHeld) {
  const auto releases = make_release_registry(*database_);
  const std::vector tiers{release::Tier::high};
  EXPECT_FALSE(releases->has_tier(kVad, tiers).value());
  auto high = release("vad", 1);
  high.tier = release::Tier::high;
  ASSERT_TRUE(releases->add(high).has_value());
  auto low = release("vad", 2);
  low.tier = release::Tier::low;
  ASSERT_TRUE(releases->add(low).has_value());
  low.model = *ModelName::parse("gauge");
  ASSERT_TRUE(releases->add(low).has_value());
  EXPECT_TRUE(releases->has_tier(kVad, tiers).value());
  EXPECT_FALSE(releases->has_tier(low.model, tiers).value());
  EXPECT_FALSE(releases->has_tier(kVad, {}).value());

  EXPECT_TRUE(releases->unapproved({}).value().empty());
  auto found = releases->unapproved(tiers).value();
  ASSERT_EQ(found.size(), 2U) << "the model had such a tier: its other releases count too";
  EXPECT_EQ(found[1].number, 2U);
  ASSERT_TRUE(releases->approve(kVad, 1, "envelope").has_value());
  ASSERT_TRUE(releases->set_pending(kVad, 2).has_value());
  EXPECT_TRUE(releases->unapproved(tiers).value().empty());
  EXPECT_EQ(releases->latest(kVad).value()->number, 1U);
  EXPECT_EQ(releases->set_pending(kVad, 3).error().code, "REL-UNKNOWN");
}

TEST_F(RepositoriesTest, DeltasRefuseAnUnknownReleaseAndASecondOneFromOneBase) {
  const auto releases = make_release_registry(*database_);
  const release::ReleaseDelta delta{digest_of(1), digest_of(2), 3, "envelope"};
  EXPECT_EQ(releases->add_delta(kVad, 1, delta).error().code, "STORE-CONFLICT");
  ASSERT_TRUE(releases->add(release("vad", 1)).has_value());
  ASSERT_TRUE(releases->add_delta(kVad, 1, delta).has_value());
  auto again = delta;
  again.delta_sha256 = digest_of(9);
  EXPECT_EQ(releases->add_delta(kVad, 1, again).error().code, "STORE-CONFLICT");
  EXPECT_EQ(releases->deltas(kVad, 1).value(), std::vector{delta});
}

TEST_F(RepositoriesTest, DeltasAreEachReleasesOwn) {
  const auto releases = make_release_registry(*database_);
  for (const std::uint64_t number : {1U, 2U})
    ASSERT_TRUE(releases->add(release("vad", number)).has_value());
  const release::ReleaseDelta first{digest_of(1), digest_of(2), 3, std::string("\xff{}", 3)};
  const release::ReleaseDelta other{digest_of(0), digest_of(4), 5, "other"};
  ASSERT_TRUE(releases->add_delta(kVad, 2, first).has_value());
  ASSERT_TRUE(releases->add_delta(kVad, 2, other).has_value());
  EXPECT_TRUE(releases->deltas(kVad, 1).value().empty());
  EXPECT_EQ(releases->deltas(kVad, 2).value(), (std::vector{other, first}));
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
