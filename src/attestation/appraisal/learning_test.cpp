#include "attestation/appraisal/learning.h"

#include <gtest/gtest.h>

namespace vedette::attestation {
namespace {

crypto::Sha256Digest filled(std::uint8_t octet) {
  crypto::Sha256Digest digest{};
  digest.fill(octet);
  return digest;
}

ReferenceValues values(std::uint8_t pcr, std::vector<crypto::BankDigest> accepted) {
  ReferenceValues values;
  values.registers[pcr] = std::move(accepted);
  return values;
}

class LearnFromAccepted : public ::testing::Test {
 protected:
  [[nodiscard]] codec::Json learnt() const {
    const Witness witness{.state = state_,
                          .event_log = {},
                          .ima_list = {},
                          .memory = memory_,
                          .runtime_register = 13};
    return learn_references(witness, &held_to_).value();
  }

  AttestationState state_ = [] {
    AttestationState state;
    state.registers = {{4, filled(4)}, {10, filled(10)}};
    return state;
  }();
  DeviceMemory memory_ = [] {
    DeviceMemory memory;
    memory.ima.entries = 3;
    return memory;
  }();
  void accepted_by(const codec::Json& set) {
    memory_.references = parse_reference_set(set).value().id;
  }

  codec::Json held_to_ = codec::parse_json(R"({"ima":{"excludes":["/var/*"]}})").value();
};

TEST_F(LearnFromAccepted, NothingIsLearntOfADeviceWhoseLogsWereNotBelieved) {
  memory_.refusal = Error{"ATT-LOG-MISMATCH", "the event log is forged", {}, {}};
  const Witness witness{
      .state = state_, .event_log = {}, .ima_list = {}, .memory = memory_, .runtime_register = 13};
  EXPECT_EQ(learn_references(witness).error().code, "REF-DISBELIEVED");
  EXPECT_EQ(learn_references(witness, &held_to_).error().code, "REF-DISBELIEVED");
  EXPECT_EQ(accept_also(held_to_, witness).error().code, "REF-DISBELIEVED");
}

TEST_F(LearnFromAccepted, FilesOfASetThatItWasNotJudgedByAreNotTaken) {
  EXPECT_EQ(learnt().find("ima"), nullptr)
      << "its logs are wanted, or it was judged by another set";
  accepted_by(codec::parse_json(R"({"ima":{"excludes":["/etc/*"]}})").value());
  EXPECT_EQ(learnt().find("ima"), nullptr);
}

TEST_F(LearnFromAccepted, FilesOfWhichNothingWasBelievedAreNotTaken) {
  accepted_by(held_to_);
  memory_.ima.entries = 0;
  EXPECT_EQ(learnt().find("ima"), nullptr);
  memory_.ima.entries = 3;
  Finding found;
  found.source = FindingSource::ima;
  remember(memory_, FindingSource::ima, {found});
  EXPECT_EQ(learnt().find("ima"), nullptr);
}

TEST_F(LearnFromAccepted, FilesAreThoseOfTheSetThatItWasAcceptedBy) {
  accepted_by(held_to_);
  const auto set = learnt();
  EXPECT_EQ(*set.find("ima"), *held_to_.find("ima"));
  EXPECT_EQ(parse_reference_set(set)->exact, values(4, {filled(4)})) << "PCR 10 is IMA's";
}

TEST(AcceptRegisters, RefuseNothingAndWhatIsNoSet) {
  EXPECT_EQ(accept_registers(nullptr, {}).error().code, "REF-SYNTAX");
  const auto wrong = codec::parse_json(R"({"more":1})").value();
  EXPECT_EQ(accept_registers(&wrong, values(0, {filled(1)})).error().code, "REF-SYNTAX");
}

TEST(AcceptRegisters, GoTogetherWithThoseOfOtherImports) {
  ReferenceValues first = values(0, {filled(1)});
  first.registers[2] = {filled(1)};
  ReferenceValues second = values(0, {filled(2)});
  second.registers[2] = {filled(2)};
  const auto once = accept_registers(nullptr, first).value();
  const auto both = parse_reference_set(accept_registers(&once, second).value())->exact;
  EXPECT_EQ(both.registers.at(0), (std::vector<crypto::BankDigest>{filled(1), filled(2)}));
  EXPECT_EQ(both.registers.at(2), (std::vector<crypto::BankDigest>{filled(1), filled(2)}));
}

TEST(AcceptRegisters, AreAcceptedBesideThoseThatWere) {
  auto present = codec::parse_json(R"({"boot":{"secure-boot":["on"]}})").value();
  present.set("registers", to_json(values(0, {filled(1)})));
  const auto merged = accept_registers(&present, values(0, {filled(2), filled(1)})).value();
  EXPECT_EQ(parse_reference_set(merged)->exact, values(0, {filled(1), filled(2)}));
  EXPECT_EQ(*merged.find("boot"), *present.find("boot"));
  const auto more = parse_reference_set(accept_registers(&merged, values(7, {filled(3)})).value());
  EXPECT_EQ(more->exact.registers.at(0).size(), 2U);
  EXPECT_EQ(more->exact.registers.at(7).size(), 1U);
}

TEST(AcceptRegisters, AreAllThatThereIsWhereNothingWasAccepted) {
  const auto set = accept_registers(nullptr, values(7, {filled(3)})).value();
  EXPECT_EQ(parse_reference_set(set)->exact, values(7, {filled(3)}));
  EXPECT_EQ(set.if_object()->size(), 1U);
}

}  // namespace
}  // namespace vedette::attestation
