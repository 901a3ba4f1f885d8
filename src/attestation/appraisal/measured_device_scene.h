// A device with all of its logs, whose every measurement a test can bend.
#pragma once

#include "attestation/appraisal/device_appraisal.h"
#include "attestation/ima/ima_samples.h"
#include "attestation/runtime_log/runtime_log_samples.h"
#include "testing/event_log_forge.h"
#include "testing/quote_scene.h"

namespace vedette::attestation {

inline constexpr std::uint8_t kAgentRegister = 13;

struct MeasuredDevice {
  QuoteScene tpm;
  codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256;  // that it quotes
  Banks banks{codec::TpmAlgorithm::sha256};                // that its agent extends
  testing::EventLogForge boot = testing::sound_boot();
  std::vector<std::pair<std::string, std::string>> files{{"/usr/bin/agent", "agent"}};
  std::vector<RuntimeEvent> running{{.kind = RuntimeEventKind::agent_start,
                                     .name = "vedette-agent",
                                     .digest = crypto::sha256(as_bytes("agent")),
                                     .powers = {}},
                                    {.kind = RuntimeEventKind::worker_binary,
                                     .name = "vedette-worker",
                                     .digest = crypto::sha256(as_bytes("worker")),
                                     .powers = {}},
                                    {.kind = RuntimeEventKind::model_release,
                                     .name = "voice 3",
                                     .digest = crypto::sha256(as_bytes("voice")),
                                     .powers = {"threads 4"}}};
  std::uint32_t reset_count = 5;
  std::uint32_t restart_count = 0;
  std::uint64_t clock = 1000;

  // One that keeps both banks, and quotes that one.
  [[nodiscard]] static MeasuredDevice with_both_banks(codec::TpmAlgorithm quoted) {
    MeasuredDevice device;
    device.bank = quoted;
    device.banks = {crypto::kBanks.begin(), crypto::kBanks.end()};
    device.boot = testing::sound_boot(device.banks);
    return device;
  }

  [[nodiscard]] std::vector<ImaEntry> ima_entries() const {
    Bytes all;
    const auto quoted = boot.quoted(bank);
    for (std::uint8_t pcr = 0; pcr < 10; ++pcr)
      append(all, quoted.values.at(pcr));
    std::vector<ImaEntry> entries{
        file_entry(kBootAggregate, {.algorithm = bank, .octets = digest_by(bank, all)})};
    for (const auto& [path, content] : files)
      entries.push_back(content == "?" ? violation_entry(path)
                                       : file_entry(path, sample_digest(content)));
    return entries;
  }

  [[nodiscard]] Bytes ima_list(std::size_t from) const {
    Bytes list;
    const auto entries = ima_entries();
    for (std::size_t i = from; i < entries.size(); ++i)
      append(list, encode_ima_binary(entries[i]));
    return list;
  }

  [[nodiscard]] Bytes runtime_log(std::size_t from) const {
    Bytes log;
    for (std::size_t i = from; i < running.size(); ++i)
      append(log, encode_record(i, kAgentRegister, running[i], banks).value());
    return log;
  }

  [[nodiscard]] DeviceLogs logs(const LogWish& wish = {.event_log = true}) const {
    DeviceLogs logs;
    if (wish.event_log) logs.event_log = boot.bytes();
    logs.ima = DeviceLogs::Slice{wish.ima_from, ima_list(wish.ima_from)};
    logs.runtime = DeviceLogs::Slice{wish.runtime_from, runtime_log(wish.runtime_from)};
    return logs;
  }

  [[nodiscard]] Registers registers() const {
    Registers registers;
    const auto put = [&](std::uint8_t pcr, ByteView value) {
      registers[pcr] = crypto::BankDigest::from(bank, value).value();
    };
    for (const auto& [pcr, value] : boot.quoted(bank).values)
      if (pcr < 10) put(pcr, value);
    const auto entries = ima_entries();
    put(kImaPcr, register_after(entries, entries.size(), bank));
    crypto::BankDigest value(bank);
    for (const RuntimeEvent& event : running)
      value = value.extended(digest_of(event, bank));
    registers[kAgentRegister] = value;
    return registers;
  }

  [[nodiscard]] Verified<Quote> quote(const std::optional<AttestationState>& last = {}) {
    tpm.registers = registers();
    auto shape = tpm.quote();
    shape.reset_count = reset_count;
    shape.restart_count = restart_count;
    shape.clock = clock++;
    auto expected = tpm.expectation();
    expected.last = last;
    return verify_quote(tpm.evidence(shape), expected).value();
  }
};

}  // namespace vedette::attestation
