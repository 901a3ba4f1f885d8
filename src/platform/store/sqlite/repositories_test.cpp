#include "platform/store/sqlite/repositories_fixture.h"

namespace vedette::platform::sqlite {
namespace {

using samples::device;
using samples::device_id;
using samples::digest_of;

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
  EXPECT_FALSE(entries[0].sku.has_value());
  const auto gate = SkuId::parse("gate").value();
  ASSERT_TRUE(rules->allow({digest_of(2), device_id(0), kNorth, gate}).has_value());
  EXPECT_EQ(rules->find(digest_of(2)).value().value().sku, gate);
  using identity::KeyKinds;
  EXPECT_EQ(rules->find(digest_of(2)).value().value().keys, KeyKinds{});
  const KeyKinds tokens{.pkcs11 = true};
  ASSERT_TRUE(rules->allow({digest_of(2), device_id(0), kNorth, gate, tokens}).has_value());
  EXPECT_EQ(rules->find(digest_of(2)).value().value().keys, tokens);
  ASSERT_TRUE(rules->allow({digest_of(2), device_id(0), kNorth, gate}).has_value());
  EXPECT_EQ(rules->list().value().at(0).keys, KeyKinds{}) << "the latest decision";

  ASSERT_TRUE(rules->add_root({kNorth, {1, 2}}).has_value());
  ASSERT_TRUE(rules->add_root({kNorth, {1}}).has_value());
  ASSERT_TRUE(rules->add_root({kNorth, {1, 2}}).has_value());
  const auto roots = rules->roots().value();
  ASSERT_EQ(roots.size(), 2);
  EXPECT_EQ(roots[0].group, kNorth);
  EXPECT_EQ(roots[0].certificate_der, (Bytes{1, 2}));
  EXPECT_FALSE(roots[0].sku.has_value());
  ASSERT_TRUE(rules->add_root({kNorth, {1, 2}, gate}).has_value());
  EXPECT_EQ(rules->roots().value().front().sku, gate) << "the latest decision";
  using Tolerance = crypto::EndorsementTolerance;
  EXPECT_EQ(rules->roots().value()[0].tolerance, Tolerance{});
  ASSERT_TRUE(rules->add_root({kNorth, {1, 2}, gate, {.sha1_signature = true}}).has_value());
  EXPECT_EQ(rules->roots().value()[0].tolerance, (Tolerance{.sha1_signature = true}));
  ASSERT_TRUE(rules->add_root({kNorth, {1, 2}, gate, {.expired = true}}).has_value());
  EXPECT_EQ(rules->roots().value()[0].tolerance, (Tolerance{.expired = true}));
  const KeyKinds memory{.memory = true};
  EXPECT_EQ(rules->roots().value()[0].keys, KeyKinds{});
  ASSERT_TRUE(rules->add_root({kNorth, {1, 2}, gate, {.expired = true}, memory}).has_value());
  EXPECT_EQ(rules->roots().value()[0].keys, memory);
  EXPECT_EQ(rules->roots().value()[1].tolerance, Tolerance{});
}

TEST_F(RepositoriesTest, AMakersRootIsTakenFromOneGroupAlone) {
  const auto rules = make_enrollment_rules(*database_);
  const auto south = GroupId::parse("south").value();
  ASSERT_TRUE(rules->add_root({kNorth, {1, 2}}).has_value());
  ASSERT_TRUE(rules->add_root({kNorth, {1}}).has_value());
  ASSERT_TRUE(rules->add_root({south, {1, 2}}).has_value());
  EXPECT_FALSE(rules->remove_root(south, {1}).value()) << "it is another group's";
  EXPECT_FALSE(rules->remove_root(kNorth, {1, 2, 3}).value());
  EXPECT_EQ(rules->roots().value().size(), 3U);
  EXPECT_TRUE(rules->remove_root(kNorth, {1, 2}).value());
  EXPECT_FALSE(rules->remove_root(kNorth, {1, 2}).value());
  const auto roots = rules->roots().value();
  ASSERT_EQ(roots.size(), 2U);
  EXPECT_EQ(roots[0].certificate_der, Bytes{1});
  EXPECT_EQ(roots[1].group, south);
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

TEST_F(RepositoriesTest, CertificatesComeBackAndThoseInDoubtAreFound) {
  const auto devices = make_device_registry(*database_);
  const auto certificates = make_certificate_registry(*database_);
  identity::Device north = device(1);
  ASSERT_TRUE(devices->save(north).has_value());
  const TimePoint now = north.enrolled_at;
  const auto made = [&](std::uint64_t key, const char* serial, std::chrono::minutes after) {
    return identity::IssuedCertificate{.device = north.id,
                                       .serial_hex = serial,
                                       .key_sha256 = digest_of(key),
                                       .issued_at = now + after,
                                       .not_after = now + after + std::chrono::hours(1),
                                       .der = {1, 2}};
  };
  using std::chrono::minutes;
  ASSERT_TRUE(certificates->add(made(2, "0a", minutes(0))).has_value());
  ASSERT_TRUE(certificates->add(made(2, "0b", minutes(1))).has_value());
  EXPECT_EQ(certificates->add(made(2, "0b", minutes(2))).error().code, "STORE-CONFLICT");
  EXPECT_EQ(certificates->find("0a").value().value().der, (Bytes{1, 2}));
  EXPECT_FALSE(certificates->find("0c").value().has_value());
  EXPECT_EQ(certificates->latest(north.id, digest_of(2)).value().value().serial_hex, "0b");
  EXPECT_FALSE(certificates->latest(north.id, digest_of(3)).value().has_value());
  EXPECT_TRUE(certificates->in_doubt(now).value().empty());
  ASSERT_TRUE(certificates->add(made(9, "0d", minutes(0))).has_value());
  ASSERT_EQ(certificates->in_doubt(now).value().size(), 1U) << "it has another key now";
  north.status = identity::DeviceStatus::quarantined;
  ASSERT_TRUE(devices->save(north).has_value());
  EXPECT_EQ(certificates->in_doubt(now).value().size(), 3U);
  EXPECT_EQ(certificates->in_doubt(now + minutes(60)).value().size(), 1U) << "the others expired";
  ASSERT_TRUE(certificates->add(made(2, "0e", minutes(60 * 26))).has_value());
  EXPECT_FALSE(certificates->find("0a").value().has_value()) << "a day after its end";
}

// Group 15: a collision, however unlikely. The certificate of before stays as it is.
TEST_F(RepositoriesTest, ASerialNumberThatWasIssuedIsNotIssuedAgain) {
  save_device(1);
  save_device(3);
  const auto certificates = make_certificate_registry(*database_);
  identity::IssuedCertificate certificate{.device = device_id(1),
                                          .serial_hex = "0a",
                                          .key_sha256 = digest_of(2),
                                          .issued_at = TimePoint(Duration(1)),
                                          .not_after = TimePoint(Duration(2)),
                                          .der = {1}};
  ASSERT_TRUE(certificates->add(certificate).has_value());
  certificate.device = device_id(3);
  certificate.der = {2};
  EXPECT_EQ(certificates->add(certificate).error().code, "STORE-CONFLICT");
  EXPECT_EQ(certificates->find("0a").value()->der, Bytes{1});
}

TEST_F(RepositoriesTest, ACertificateIsSupersededFromTheFirstForAnotherKeyOn) {
  const auto devices = make_device_registry(*database_);
  const auto certificates = make_certificate_registry(*database_);
  identity::Device north = device(1);  // its key is the second digest
  ASSERT_TRUE(devices->save(north).has_value());
  const TimePoint now = north.enrolled_at;
  const auto add = [&](std::uint64_t key, const char* serial, int minute) {
    const TimePoint at = now + std::chrono::minutes(minute);
    const identity::IssuedCertificate made{.device = north.id,
                                           .serial_hex = serial,
                                           .key_sha256 = digest_of(key),
                                           .issued_at = at,
                                           .not_after = at + std::chrono::hours(1),
                                           .der = {1}};
    ASSERT_TRUE(certificates->add(made).has_value());
  };
  const auto superseded_at = [&](const char* serial) {
    return certificates->find(serial).value().value().superseded_at;
  };
  add(2, "0a", 0);
  add(2, "0b", 1);
  EXPECT_FALSE(superseded_at("0a").has_value()) << "a renewal supersedes nothing";
  add(9, "0c", 2);
  add(2, "0d", 3);
  add(9, "0e", 4);
  EXPECT_EQ(superseded_at("0a"), now + std::chrono::minutes(2));
  EXPECT_EQ(superseded_at("0b"), now + std::chrono::minutes(2)) << "and not later";
  EXPECT_EQ(superseded_at("0c"), now + std::chrono::minutes(3));
  EXPECT_FALSE(superseded_at("0e").has_value());
  EXPECT_EQ(certificates->latest(north.id, digest_of(2)).value().value().superseded_at,
            now + std::chrono::minutes(4));
  north.key_since = now + std::chrono::minutes(3);
  ASSERT_TRUE(devices->save(north).has_value());
  EXPECT_EQ(devices->find(north.id).value().value().key_since, north.key_since);
  std::vector<std::string> doubtful;
  const auto in_doubt = certificates->in_doubt(now).value();
  for (const auto& [certificate, owner] : in_doubt)
    doubtful.push_back(certificate.serial_hex);
  EXPECT_EQ(doubtful, (std::vector<std::string>{"0a", "0b", "0c", "0e"})) << "all but 0d";
}

attestation::StoredReferences references_of(const std::string& text) {
  return {crypto::sha256(as_bytes(text)), text};
}

const attestation::ReferenceTarget kOfNorth{.group = kNorth};
const attestation::ReferenceTarget kOfGate{.group = kNorth, .sku = SkuId::parse("gate").value()};

TEST_F(RepositoriesTest, ReferencesComeBackAsTheyWereSaved) {
  const auto references = make_reference_repository(*database_);
  EXPECT_FALSE(references->find(kOfNorth).value().has_value());
  EXPECT_FALSE(references->current(kOfNorth).value().has_value());
  for (const char* text : {R"({"boot":{}})", R"({"registers":{}})"}) {
    const auto values = references_of(text);
    ASSERT_TRUE(references->save(kOfNorth, values).has_value());
    EXPECT_EQ(references->find(kOfNorth).value()->text, text);
    EXPECT_EQ(references->find(kOfNorth).value()->id, values.id);
    EXPECT_EQ(references->current(kOfNorth).value(), values.id);
  }
  EXPECT_FALSE(references->find({GroupId::parse("south").value()}).value().has_value());
}

TEST_F(RepositoriesTest, ReferencesOfASkuAreNotTheGroupsNorTheOtherWayRound) {
  const auto references = make_reference_repository(*database_);
  const auto ours = references_of("{}");
  const auto gates = references_of("[]");
  ASSERT_TRUE(references->save(kOfNorth, ours).has_value());
  EXPECT_FALSE(references->find(kOfGate).value().has_value());
  EXPECT_FALSE(references->current(kOfGate).value().has_value());
  ASSERT_TRUE(references->save(kOfGate, gates).has_value());
  EXPECT_EQ(references->current(kOfNorth).value(), ours.id);
  EXPECT_EQ(references->current(kOfGate).value(), gates.id);
}

TEST_F(RepositoriesTest, ProposalsReplaceOneAnotherAndAreForgottenWhenWithdrawn) {
  const auto proposals = make_proposal_repository(*database_);
  EXPECT_FALSE(proposals->find("group/north/revoke").value().has_value());
  ASSERT_TRUE(proposals->save({"group/north/revoke", "1", "{}", "ada", {}}).has_value());
  ASSERT_TRUE(proposals->save({"group/south/revoke", "2", "{}", "ada", {}}).has_value());
  const TimePoint then = from_unix_seconds(1'790'000'000) + Duration(7);
  ASSERT_TRUE(proposals->save({"group/north/revoke", "3", "[]", "bob", then}).has_value());
  const auto found = proposals->find("group/north/revoke").value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id + found->content + found->proposer, "3[]bob");
  EXPECT_EQ(found->proposed_at, then);
  ASSERT_TRUE(proposals->withdraw("group/north/revoke").has_value());
  EXPECT_FALSE(proposals->find("group/north/revoke").value().has_value());
  EXPECT_TRUE(proposals->find("group/south/revoke").value().has_value());
}

identity::EnrollmentToken token_of(std::uint64_t number) {
  return {.sha256 = digest_of(number),
          .group = kNorth,
          .endorsement_sha256 = digest_of(number + 1),
          .expires_at = TimePoint(Duration(1'795'438'387'123))};
}

TEST_F(RepositoriesTest, TokensRefuseASecondUseAndATokenForNobody) {
  const auto tokens = make_enrollment_tokens(*database_);
  EXPECT_EQ(tokens->use(digest_of(1)).error().code, "ENR-TOKEN-USED");
  ASSERT_TRUE(tokens->add(token_of(1), {}).has_value());
  EXPECT_EQ(tokens->add(token_of(1), {}).error().code, "STORE-CONFLICT");
  auto nobodys = token_of(2);
  nobodys.endorsement_sha256.reset();
  EXPECT_EQ(tokens->add(nobodys, {}).error().code, "STORE-CONFLICT");
  EXPECT_TRUE(tokens->use(digest_of(1)).has_value());
  EXPECT_EQ(tokens->use(digest_of(1)).error().code, "ENR-TOKEN-USED");
  EXPECT_TRUE(tokens->find(digest_of(1)).value()->used);
}

TEST_F(RepositoriesTest, TokensComeBackAsTheyWereAddedUntilTheyAreLongExpired) {
  const auto tokens = make_enrollment_tokens(*database_);
  auto by_serial = token_of(2);
  by_serial.endorsement_sha256.reset();
  by_serial.certificate_serial = "0a";
  ASSERT_TRUE(tokens->add(token_of(1), {}).has_value());
  ASSERT_TRUE(tokens->add(by_serial, {}).has_value());
  const auto first = tokens->find(digest_of(1)).value().value();
  EXPECT_EQ(first.group, kNorth);
  EXPECT_EQ(first.endorsement_sha256, digest_of(2));
  EXPECT_EQ(first.expires_at, token_of(1).expires_at);
  EXPECT_FALSE(first.used);
  const auto second = tokens->find(digest_of(2)).value().value();
  EXPECT_FALSE(second.endorsement_sha256.has_value());
  EXPECT_EQ(second.certificate_serial, "0a");
  ASSERT_TRUE(tokens->add(token_of(3), first.expires_at + std::chrono::hours(25)).has_value());
  EXPECT_FALSE(tokens->find(digest_of(1)).value().has_value());
  EXPECT_TRUE(tokens->find(digest_of(3)).value().has_value());
}

// A store from before there were sets holds exact values in two tables.
TEST_F(RepositoriesTest, ReferencesOfAnOlderStoreAreReadUntilTheyAreReplaced) {
  const auto references = make_reference_repository(*database_);
  spoil(
      "INSERT INTO reference_groups VALUES ('north');"
      "INSERT INTO reference_registers VALUES ('north', 0, zeroblob(64)), ('north', 7, x'')");
  const std::string zeros(64, '0');
  const auto old = references->find(kOfNorth).value();
  ASSERT_TRUE(old.has_value());
  EXPECT_EQ(old->text, R"({"registers":{"0":[")" + zeros + R"(",")" + zeros + R"("],"7":[]}})");
  EXPECT_EQ(references->current(kOfNorth).value(), old->id);
  EXPECT_FALSE(references->current(kOfGate).value().has_value());
  ASSERT_TRUE(references->save(kOfNorth, references_of("{}")).has_value());
  EXPECT_EQ(references->find(kOfNorth).value()->text, "{}");
}

TEST_F(RepositoriesTest, DevicesThatAreHeldToOtherValuesAreNotCountedAsAlike) {
  const auto devices = make_device_registry(*database_);
  const auto history = make_attestation_history(*database_);
  const auto alike = [&](const attestation::ReferenceTarget& target) {
    return history->count_alike(target, digest_of(1)).value();
  };
  for (std::uint64_t number = 1; number <= 3; ++number) {
    auto one = device(number);
    if (number != 1) one.sku = kOfGate.sku;
    ASSERT_TRUE(devices->save(one).has_value());
    attestation::AttestationState state;
    state.event_log = digest_of(1);
    ASSERT_TRUE(history->save(device_id(number), state).has_value());
  }
  EXPECT_EQ(alike(kOfNorth), 3U) << "their SKU has no set of its own";
  ASSERT_TRUE(
      make_reference_repository(*database_)->save(kOfGate, references_of("{}")).has_value());
  EXPECT_EQ(alike(kOfNorth), 1U);
  EXPECT_EQ(alike(kOfGate), 2U);
}

TEST_F(RepositoriesTest, EventLogsAreKeptAsLongAsADeviceNamesThem) {
  ASSERT_TRUE(make_device_registry(*database_)->save(device(1)).has_value());
  const auto history = make_attestation_history(*database_);
  const Bytes first{1, 2, 3};
  const Bytes second{4, 5};
  const Bytes third{6};
  attestation::AttestationState state;
  state.good_event_log = digest_of(1);
  state.event_log = digest_of(2);
  ASSERT_TRUE(history->keep_event_log(digest_of(1), first).has_value());
  ASSERT_TRUE(history->save(device_id(1), state).has_value());
  ASSERT_TRUE(history->keep_event_log(digest_of(2), second).has_value());
  EXPECT_EQ(history->event_log(digest_of(1)).value(), first);
  EXPECT_EQ(history->event_log(digest_of(2)).value(), second);
  EXPECT_EQ(history->count_alike({kNorth}, digest_of(2)).value(), 1U);
  EXPECT_EQ(history->count_alike({kNorth}, digest_of(1)).value(), 0U);
  state.good_event_log = digest_of(2);
  ASSERT_TRUE(history->save(device_id(1), state).has_value());
  ASSERT_TRUE(history->keep_event_log(digest_of(3), third).has_value());
  EXPECT_FALSE(history->event_log(digest_of(1)).value().has_value());
  EXPECT_EQ(history->event_log(digest_of(2)).value(), second);
}

TEST_F(RepositoriesTest, AnImaListIsForgottenWhenItIsReplacedByNothing) {
  ASSERT_TRUE(make_device_registry(*database_)->save(device(1)).has_value());
  const auto history = make_attestation_history(*database_);
  EXPECT_EQ(history->keep_ima_list(device_id(2), Bytes{1}).error().code, "STORE-CONFLICT");
  ASSERT_TRUE(history->keep_ima_list(device_id(1), Bytes{1, 2}).has_value());
  EXPECT_EQ(history->ima_list(device_id(1)).value(), (Bytes{1, 2}));
  ASSERT_TRUE(history->keep_ima_list(device_id(1), {}).has_value());
  EXPECT_TRUE(history->ima_list(device_id(1)).value().empty());
}

TEST_F(RepositoriesTest, ATpmThatIsTakenOffTheAllowListIsNotFoundAnyMore) {
  const auto rules = make_enrollment_rules(*database_);
  EXPECT_EQ(rules->disallow(device_id(1)).value(), 0U);
  ASSERT_TRUE(rules->allow({digest_of(1), device_id(1), kNorth}).has_value());
  ASSERT_TRUE(rules->allow({digest_of(2), device_id(1), kNorth}).has_value());
  ASSERT_TRUE(rules->allow({digest_of(3), device_id(2), kNorth}).has_value());
  EXPECT_EQ(rules->disallow(device_id(1)).value(), 2U);
  EXPECT_FALSE(rules->find(digest_of(1)).value().has_value());
  EXPECT_FALSE(rules->find(digest_of(2)).value().has_value());
  EXPECT_TRUE(rules->find(digest_of(3)).value().has_value());
}

}  // namespace
}  // namespace vedette::platform::sqlite
