// Chronicle: no decision without its entry in the Merkle log, in one transaction with what it
// changed.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "codec/json.h"
#include "ledger/log.h"
#include "platform/store/store.h"

namespace vedette::server {

// What is being decided, before it is known how.
struct Matter {
  std::string kind;  // enrol, attest, publish, revoke, receipt, ...
  std::string subject;
  std::string actor;
  std::string rule;
  codec::Json details;  // an object, or null
  // What the work changes is kept all the same, beside an entry that refuses by this.
  std::optional<Error> refusal = {};
};

class Chronicle {
 public:
  Chronicle(platform::Store& store, const Clock& clock, ledger::Log log)
      : store_(store), clock_(clock), log_(std::move(log)) {}

  // Runs `work`; if it accepts, its changes and an accepting entry are committed together. If it
  // refuses, nothing of it is kept but a refusing entry, and its error is returned. `work` may
  // complete the matter; where it is run again, it gets it as it was.
  using MatterWork = std::function<Result<void>(platform::UnitOfWork&, Matter&)>;
  [[nodiscard]] Result<void> decide(Matter matter, const MatterWork& work);

  // A refusal that needed no work.
  [[nodiscard]] Error refuse_matter(const Matter& matter, Error error);

  // Entries within the caller's own transaction; the caller seals once at its end. Decisions that
  // are committed together are under one checkpoint, signed before that commit.
  [[nodiscard]] Result<void> enter(platform::UnitOfWork& unit, const Matter& matter,
                                   const std::optional<Error>& refusal) const;
  [[nodiscard]] Result<void> seal(platform::UnitOfWork& unit) const;

  [[nodiscard]] const ledger::Log& log() const { return log_; }

 private:
  platform::Store& store_;
  const Clock& clock_;
  ledger::Log log_;
};

}  // namespace vedette::server
