// A model that tried to open a socket, for tests.
#pragma once

#include "ledger/violation.h"

namespace vedette::testing {

// The digest of the model's root begins with `root`.
inline ledger::Violation forbidden_socket(std::uint8_t root = 1) {
  ledger::Violation event{.model = *ModelName::parse("voice"),
                          .release = 2,
                          .kind = ledger::ViolationKind::system_call,
                          .phase = ledger::ViolationPhase::serve,
                          .call = ledger::SystemCall{.architecture = 0xC000003E,
                                                     .number = 41,
                                                     .name = "socket",
                                                     .instruction_pointer = 0x7FFF'F7E5'D2A7,
                                                     .arguments = {2, 1, 0, 0, 0, 0}},
                          .time = from_unix_seconds(1'795'438'387)};
  event.model_root[0] = root;
  event.profile_sha256.fill(7);
  return event;
}

inline ledger::Violation missed_deadline(std::uint8_t root = 1) {
  ledger::Violation event = forbidden_socket(root);
  event.kind = ledger::ViolationKind::deadline;
  event.call.reset();
  event.detail = "no answer within 500 ms";
  return event;
}

}  // namespace vedette::testing
