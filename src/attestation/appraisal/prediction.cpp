#include "attestation/appraisal/prediction.h"

#include <algorithm>

#include "attestation/appraisal/event_replacement.h"
#include "attestation/event_log/boot_facts.h"
#include "attestation/event_log/replay.h"

namespace vedette::attestation {

namespace {

using codec::TpmAlgorithm;

constexpr std::uint8_t kStubRegister = 11;

struct Foreseen {
  RegisterBank registers;
  std::vector<Statement> statements;
};

// The log against its own replay: well-formed and in order, and proven by nobody.
Result<Foreseen> foresee(const EventLog& log, TpmAlgorithm algorithm) {
  VEDETTE_TRY(RegisterBank bank, replay(log, algorithm));
  QuotedRegisters registers{.bank = algorithm, .values = {}};
  for (const std::uint8_t pcr : bank.extended())
    registers.values.emplace(pcr, to_bytes(bank.value(pcr)));
  VEDETTE_TRY(const auto boot, verify_event_log(log, registers, {}));
  VEDETTE_TRY(const BootFacts facts, read_boot_facts(boot));
  return Foreseen{std::move(bank), boot_statements(boot, facts)};
}

std::vector<Statement> missing_in(const std::vector<Statement>& known,
                                  const std::vector<Statement>& statements) {
  std::vector<Statement> missing;
  for (const Statement& statement : statements) {
    const auto same = [&statement](const Statement& other) {
      return other.category == statement.category && other.value == statement.value;
    };
    if (std::ranges::none_of(known, same) && std::ranges::none_of(missing, same))
      missing.push_back(statement);
  }
  return missing;
}

std::vector<RegisterChange> changed(const RegisterBank& before, const RegisterBank& after) {
  std::vector<RegisterChange> changes;
  for (const std::uint8_t pcr : after.extended())
    if (!equal(before.value(pcr), after.value(pcr)))
      changes.push_back({pcr, to_bytes(before.value(pcr)), to_bytes(after.value(pcr))});
  return changes;
}

void add_doubts(const Foreseen& before, Prediction& prediction) {
  if (before.registers.extended().contains(kStubRegister))
    prediction.doubts.emplace_back(
        "PCR 11: systemd-stub measured the sections of a unified kernel image; those of another "
        "image are not foreseen");
}

}  // namespace

Result<Prediction> predict(const EventLog& log, const PlannedChange& change, TpmAlgorithm bank) {
  if (!change.kernel && !change.initrd && !change.command_line && !change.firmware &&
      change.databases.empty())
    return refuse("ATT-PREDICT-NOTHING", "no change is planned", {},
                  "name another kernel, initial file system, command line, firmware or database");
  VEDETTE_TRY(const Foreseen before, foresee(log, bank));
  EventReplacement replacement(log, bank);
  if (change.firmware) VEDETTE_CHECK(replacement.take_firmware(*change.firmware));
  for (const auto& [name, lists] : change.databases)
    VEDETTE_CHECK(replacement.take_database(name, lists));
  if (change.kernel) VEDETTE_CHECK(replacement.take_kernel(*change.kernel));
  if (change.initrd) VEDETTE_CHECK(replacement.take_initrd(*change.initrd));
  if (change.command_line) VEDETTE_CHECK(replacement.take_command_line(*change.command_line));
  VEDETTE_TRY(const Foreseen after, foresee(replacement.log(), bank));
  Prediction prediction{.events = replacement.replaced(),
                        .registers = changed(before.registers, after.registers),
                        .added = missing_in(before.statements, after.statements),
                        .gone = missing_in(after.statements, before.statements),
                        .doubts = replacement.doubts()};
  add_doubts(before, prediction);
  return prediction;
}

}  // namespace vedette::attestation
