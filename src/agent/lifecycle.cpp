#include "agent/lifecycle.h"

#include <algorithm>
#include <array>

namespace vedette::agent {

namespace {

struct Row {
  Phase phase;
  Outcome outcome;
  Step step;
};

// In this phase, after this outcome  ->  go there, after a wait?, with models still serving?
constexpr std::array kTable{
    // What else the server may answer leads nowhere without the time.
    Row{Phase::learn_time, Outcome::done, {Phase::attest, false, false}},
    Row{Phase::learn_time, Outcome::certificate_due, {Phase::enroll, false, false}},
    Row{Phase::learn_time, Outcome::unreachable, {Phase::learn_time, true, false}},
    Row{Phase::enroll, Outcome::done, {Phase::attest, false, false}},
    // Whoever comes from a renewal that was refused still holds a certificate and a verdict: both
    // end by themselves. Without them there is nothing that could serve.
    Row{Phase::enroll, Outcome::unreachable, {Phase::enroll, true, true}},
    Row{Phase::enroll, Outcome::refused, {Phase::enroll, true, true}},
    Row{Phase::enroll, Outcome::revoked, {Phase::stopped, false, false}},
    // The key stays, and so does what it proved: models go on while their verdict lasts. When to
    // try again, the renewal's own plan says.
    Row{Phase::renew, Outcome::done, {Phase::attest, false, true}},
    Row{Phase::renew, Outcome::unreachable, {Phase::serve, true, true}},
    Row{Phase::renew, Outcome::refused, {Phase::enroll, false, true}},
    Row{Phase::renew, Outcome::certificate_due, {Phase::enroll, false, true}},
    Row{Phase::renew, Outcome::verdict_due, {Phase::attest, false, true}},
    Row{Phase::renew, Outcome::revoked, {Phase::stopped, false, false}},
    // A refused quote may be a slow operator: ask again. The certificate still stands.
    Row{Phase::attest, Outcome::done, {Phase::fetch, false, true}},
    Row{Phase::attest, Outcome::unreachable, {Phase::attest, true, true}},
    Row{Phase::attest, Outcome::refused, {Phase::attest, true, false}},
    Row{Phase::attest, Outcome::certificate_due, {Phase::renew, false, true}},
    Row{Phase::attest, Outcome::revoked, {Phase::stopped, false, false}},
    // A release that does not verify must not disturb the one that serves, nor keep the server from
    // being asked what it wants: it is looked for again at its time.
    Row{Phase::fetch, Outcome::done, {Phase::serve, false, true}},
    Row{Phase::fetch, Outcome::unreachable, {Phase::serve, true, true}},
    Row{Phase::fetch, Outcome::refused, {Phase::serve, false, true}},
    Row{Phase::fetch, Outcome::certificate_due, {Phase::renew, false, true}},
    Row{Phase::fetch, Outcome::verdict_due, {Phase::attest, false, true}},
    Row{Phase::fetch, Outcome::revoked, {Phase::stopped, false, false}},
    Row{Phase::serve, Outcome::done, {Phase::serve, false, true}},
    Row{Phase::serve, Outcome::certificate_due, {Phase::renew, false, true}},
    Row{Phase::serve, Outcome::verdict_due, {Phase::attest, false, true}},
    Row{Phase::serve, Outcome::releases_due, {Phase::fetch, false, true}},
    Row{Phase::serve, Outcome::revoked, {Phase::stopped, false, false}},
    // Trust can come back: the device asks, seldom, whether it was reinstated.
    Row{Phase::stopped, Outcome::done, {Phase::enroll, true, false}},
};

struct Meaning {
  std::string_view prefix;
  Outcome outcome;
  bool finds_fault = outcome == Outcome::refused;  // with what was asked for; see is_break()
};

// Read from the top: the first prefix that fits decides.
constexpr std::array kMeanings{
    Meaning{"NET-RANGE", Outcome::unreachable, true},  // what is there has no such continuation
    Meaning{"NET-", Outcome::unreachable},
    Meaning{"STORE-", Outcome::unreachable},
    Meaning{"EST-BUSY", Outcome::unreachable},
    Meaning{"ENR-BUSY", Outcome::unreachable},
    Meaning{"HTTP-BUSY", Outcome::unreachable},
    Meaning{"KEY-SIGN", Outcome::unreachable},  // an authority's key, or ours, that cannot sign now
    Meaning{"AUTH-REVOKED", Outcome::revoked},
    Meaning{"ENR-REVOKED", Outcome::revoked},
    Meaning{"AUTH-EPOCH", Outcome::verdict_due},
    Meaning{"EAR-", Outcome::verdict_due},
    Meaning{"AGT-VERDICT-DUE", Outcome::verdict_due},
    Meaning{"AGT-CONTACT-DUE", Outcome::unreachable},
    Meaning{"AGT-STOPPING", Outcome::unreachable},
    Meaning{"AGT-CERTIFICATE-EXPIRED", Outcome::certificate_due},
    Meaning{"AGT-CERTIFICATE-DUE", Outcome::certificate_due},
    Meaning{"AUTH-KEY", Outcome::certificate_due},
    Meaning{"ATT-KEY-BOOT", Outcome::certificate_due},
    Meaning{"AUTH-UNKNOWN", Outcome::certificate_due},
    Meaning{"PEER-", Outcome::certificate_due},
    Meaning{"SBX-MODEL-MEMORY", Outcome::refused, false},  // this device has too little now
    Meaning{"SRV-WITHDRAWN", Outcome::refused, false},     // trust ended while a release started
};

constexpr Meaning kEverythingElse{"", Outcome::refused};

const Meaning& meaning_of(const Error& error) {
  const auto* const meaning = std::ranges::find_if(
      kMeanings, [&](const Meaning& m) { return error.code.starts_with(m.prefix); });
  return meaning == kMeanings.end() ? kEverythingElse : *meaning;
}

}  // namespace

Step next_step(Phase phase, Outcome outcome) {
  const auto* const row = std::ranges::find_if(
      kTable, [&](const Row& r) { return r.phase == phase && r.outcome == outcome; });
  return row == kTable.end() ? Step{Phase::enroll, true, false} : row->step;
}

Outcome outcome_of(const Error& error) {
  return meaning_of(error).outcome;
}

bool is_break(const Error& error) {
  return !meaning_of(error).finds_fault;
}

bool is_put_off(const Error& error) {
  constexpr std::array<std::string_view, 4> kPutOff{"AGT-VERDICT-DUE", "AGT-CONTACT-DUE",
                                                    "AGT-STOPPING", "AGT-CERTIFICATE-DUE"};
  return std::ranges::find(kPutOff, error.code) != kPutOff.end();
}

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::learn_time:
      return "learning the time";
    case Phase::enroll:
      return "enrolling";
    case Phase::renew:
      return "renewing";
    case Phase::attest:
      return "attesting";
    case Phase::fetch:
      return "fetching";
    case Phase::serve:
      return "serving";
    case Phase::stopped:
      return "stopped";
  }
  return "unknown";
}

std::chrono::milliseconds back_off(unsigned failures, double jitter) {
  constexpr unsigned kMostDoublings = 6;
  constexpr std::chrono::milliseconds kLongest{60'000};
  const std::chrono::milliseconds whole{1'000LL << std::min(failures, kMostDoublings)};
  const auto bounded = std::min(whole, kLongest);
  return std::chrono::milliseconds{
      static_cast<std::int64_t>(static_cast<double>(bounded.count()) * (1.0 - jitter / 2.0))};
}

}  // namespace vedette::agent
