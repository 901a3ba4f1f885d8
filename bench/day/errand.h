// Errand: one device attests once, over the wire.
#pragma once

#include <chrono>
#include <string>

#include "platform/net/http.h"

#include "device.h"

namespace vedette::bench {

struct Outcome {
  std::string code;   // of the refusal; empty when it was accepted
  bool lost = false;  // the verifier was not there, or went away
  bool evidence_sent = false;
  std::chrono::seconds again_in{0};  // when accepted
  std::chrono::nanoseconds challenge_time{0};
  std::chrono::nanoseconds evidence_time{0};
};

[[nodiscard]] Outcome attest(Device& device, platform::HttpClient& client);

// The halves of it, for what comes between them.
struct Question {
  Bytes nonce;
  attestation::LogWish wish;
};
[[nodiscard]] Result<Question> ask(const Device& device, platform::HttpClient& client);
[[nodiscard]] Result<std::chrono::seconds> submit(const Device& device, const std::string& evidence,
                                                  platform::HttpClient& client);

}  // namespace vedette::bench
