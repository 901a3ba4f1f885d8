// Lifecycle: what the agent does next, as a table that can be read aloud.
#pragma once

#include <chrono>
#include <string_view>

#include "base/error.h"

namespace vedette::agent {

enum class Phase {
  learn_time,  // nothing is judged before the server has told what time it is
  enroll,      // no certificate: prove the TPM, get one
  renew,       // a certificate that is to be followed by another
  attest,      // a certificate, no fresh verdict: quote, get an EAR
  fetch,       // a verdict: look for releases, verify, load
  serve,       // models answer; wait for the next duty
  stopped,     // the control plane said that this device is revoked: nothing runs
};

enum class Outcome {
  done,             // the phase did what it is for
  unreachable,      // no answer: try the same again, later
  refused,          // a check said no
  certificate_due,  // while serving: the certificate is to be renewed
  verdict_due,      // while serving: it is time to attest again
  releases_due,     // while serving: it is time to look for releases
  revoked,          // the control plane withdrew its trust
};

struct Step {
  Phase next;
  bool wait;          // back off before it
  bool keep_serving;  // models go on answering in between (while their verdict lasts)
};

// Total: every phase and outcome has a step. What is not in the table starts over at enroll.
[[nodiscard]] Step next_step(Phase phase, Outcome outcome);

// What a refusal or failure means for the lifecycle, by its code.
[[nodiscard]] Outcome outcome_of(const Error& error);

// It says nothing of what was asked for: the way there broke, the other side is busy, this device
// is to do something else first. What had come of a download is as good as it was.
[[nodiscard]] bool is_break(const Error& error);

// Broken off by this agent itself, since it has something else to do first (AGT-VERDICT-DUE,
// AGT-CONTACT-DUE, AGT-STOPPING, AGT-CERTIFICATE-DUE): nothing has failed.
[[nodiscard]] bool is_put_off(const Error& error);

[[nodiscard]] std::string_view name_of(Phase phase);

// 1 s, doubled with each failure in a row, at most 60 s; `jitter` in [0, 1) takes off up to a half.
[[nodiscard]] std::chrono::milliseconds back_off(unsigned failures, double jitter);

}  // namespace vedette::agent
