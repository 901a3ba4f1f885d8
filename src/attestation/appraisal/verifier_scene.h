// For tests: a verifier that remembers one device, as the service does.
#pragma once

#include <gtest/gtest.h>

#include "attestation/appraisal/learning.h"
#include "attestation/appraisal/measured_device_scene.h"

namespace vedette::attestation {

// The verifier's side of it: what is remembered, and the references.
struct Verifier {
  std::optional<AttestationState> last{};
  std::optional<DeviceMemory> memory{};
  std::optional<ReferenceSet> references{};
  std::set<std::string> published{};

  DeviceAppraisal judge(MeasuredDevice& device, const std::optional<DeviceLogs>& sent = {}) {
    const auto quote = device.quote(last);
    const auto* const set = references ? &*references : nullptr;
    const DeviceLogs logs = sent ? *sent : device.logs(wish_for(memory, set));
    auto judged =
        appraise_device({.quote = quote,
                         .logs = logs,
                         .last = last,
                         .memory = memory,
                         .references = set,
                         .runtime_register = kAgentRegister,
                         .is_published = [this](RuntimeEventKind, std::string_view digest) {
                           return published.contains(std::string(digest));
                         }});
    last = state_after(quote, {}, !judged.appraisal.error);
    memory = judged.memory;
    return judged;
  }

  std::string code(MeasuredDevice& device, const std::optional<DeviceLogs>& sent = {}) {
    const auto judged = judge(device, sent);
    const Appraisal& appraisal = judged.appraisal;
    // Whatever the reason, the verdict must hold together.
    EXPECT_GE(appraisal.status, appraisal.vector.worst());
    EXPECT_EQ(appraisal.error.has_value(), appraisal.status != TrustTier::affirming);
    return appraisal.error ? appraisal.error->code : "affirming";
  }

  // What the device says now is what it shall be held to.
  void learn(MeasuredDevice& device) {
    judge(device);
    references = parse_reference_set(learn_references(witness(device)).value()).value();
  }
  [[nodiscard]] Witness witness(const MeasuredDevice& device) const {
    return {.state = *last,
            .event_log = device.boot.bytes(),
            .ima_list = device.ima_list(0),
            .memory = memory,
            .runtime_register = kAgentRegister};
  }

  // What is said of the device at first sight, were these its registers, and these its logs.
  [[nodiscard]] std::string first_code(const MeasuredDevice& device, Registers registers,
                                       const DeviceLogs& logs) const {
    QuoteScene tpm = device.tpm;
    tpm.registers = std::move(registers);
    const auto quote = verify_quote(tpm.evidence(tpm.quote()), tpm.expectation()).value();
    const auto judged = appraise_device({.quote = quote,
                                         .logs = logs,
                                         .last = {},
                                         .memory = {},
                                         .references = &*references,
                                         .runtime_register = kAgentRegister,
                                         .is_published = [](auto, auto) { return true; }});
    return judged.appraisal.error ? judged.appraisal.error->code : "affirming";
  }
};

}  // namespace vedette::attestation
