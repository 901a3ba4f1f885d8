// Log: every decision, in an order that nobody can change afterwards without being found out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "codec/json.h"
#include "ledger/checkpoint.h"
#include "ledger/log_store.h"
#include "ledger/signed_note.h"

namespace vedette::ledger {

enum class Decision { accepted, refused };

[[nodiscard]] std::string_view to_string(Decision decision);

// One decision, in the words of who took it.
struct Entry {
  TimePoint time;
  std::string kind;     // what was decided: enrol, attest, publish, block, revoke, receipt, ...
  std::string subject;  // about what or whom: a device, a model
  std::string actor;    // who asked: a device, an operator
  Decision decision = Decision::refused;
  std::string code;     // of the refusal; empty when accepted
  std::string rule;     // the rule that decided; may be empty
  codec::Json details;  // an object, or null for none
};

// `{"time","kind","subject","actor","verdict","code"?,"rule"?,"details"?}`, times in RFC 3339.
[[nodiscard]] std::string to_json_text(const Entry& entry);

// Stateless but for the signing key: the store holds everything. One log has one signer; whoever
// runs several processes on one store lets the store's write transactions order them.
class Log {
 public:
  explicit Log(NoteSigner signer) : signer_(std::move(signer)) {}

  [[nodiscard]] const std::string& origin() const { return signer_.verifier().name(); }
  [[nodiscard]] std::string vkey() const { return signer_.verifier().vkey(); }

  // Appends the entry, in the caller's transaction; returns its index. An entry beyond 65,535
  // octets keeps everything but its details, in whose place stands their SHA-256: a decision is
  // never lost for being wordy. Refuses LOG-ENTRY-SIZE when even that is too long.
  [[nodiscard]] Result<std::uint64_t> record(LogStore& store, const Entry& entry) const;

  // The signed checkpoint of the present size, saved in the store; the old one when nothing was
  // added. Signs only what continues the last checkpoint: the store's own, and `seen_elsewhere` (a
  // signed note kept outside the store), so that a store restored to an older state cannot fork the
  // log. Refuses LOG-CHECKPOINT (a former checkpoint that we did not sign), LOG-ROLLBACK (the store
  // is shorter) and LOG-FORK (as long, but with other entries).
  [[nodiscard]] Result<std::string> seal(LogStore& store,
                                         std::optional<std::string_view> seen_elsewhere = {}) const;

 private:
  // Gives the former checkpoint, which the store continues.
  [[nodiscard]] Result<VerifiedCheckpoint> check_continues(LogStore& store, std::uint64_t size,
                                                           std::string_view former) const;

  NoteSigner signer_;
};

}  // namespace vedette::ledger
