// Quarantine: models that must not be started again on this device, and why.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "codec/json.h"
#include "crypto/digest.h"

namespace vedette::agent {

struct QuarantinedModel {
  crypto::Sha256Digest model_root{};  // what is kept out: a new release has another root
  ModelName model;
  std::uint64_t release = 0;
  std::string cause{};  // at most 400 octets
  TimePoint since{};    // whole seconds
};

[[nodiscard]] codec::Json to_json(const QuarantinedModel& model);

// Thread-safe; one per state folder. On stable storage when a call returns. Holds at most 128
// models; a full quarantine lets no model start, since the next one could not be kept out.
//
// An operator of the device lifts a quarantine with `vedette-agent quarantine lift`, whether the
// agent runs or not: the command leaves a note (leave_lift_note), and this class, the record's only
// writer, acts on it at the next check. A violation that comes after the note voids it.
class Quarantine {
 public:
  // Refuses AGT-QUARANTINE when the record is there but does not read: a lost quarantine would let
  // the model run.
  [[nodiscard]] static Result<std::unique_ptr<Quarantine>> load(const std::string& folder);

  // Keeps the model out from now on, be it recorded on disk or not; the first cause stays. Refuses
  // FILE-* when it is not, and AGT-QUARANTINE-FULL.
  [[nodiscard]] Result<void> add(QuarantinedModel model);
  [[nodiscard]] bool contains(const crypto::Sha256Digest& model_root) const;
  // To be asked before each start of a worker. Refuses SBX-QUARANTINED with cause and remedy.
  [[nodiscard]] Result<void> check(const crypto::Sha256Digest& model_root);
  // Whether there was such a quarantine.
  [[nodiscard]] Result<bool> lift(const crypto::Sha256Digest& model_root);
  [[nodiscard]] std::vector<QuarantinedModel> all() const;

 private:
  explicit Quarantine(std::string folder) : folder_(std::move(folder)) {}

  [[nodiscard]] bool is_full() const;
  [[nodiscard]] const QuarantinedModel* find(const crypto::Sha256Digest& model_root) const;
  [[nodiscard]] Result<void> save(const std::vector<QuarantinedModel>& models) const;
  [[nodiscard]] Result<bool> lift_locked(const crypto::Sha256Digest& model_root);

  std::string folder_;
  mutable std::mutex mutex_;
  std::vector<QuarantinedModel> models_;
  bool closed_ = false;  // a former note could not be removed: none may be believed
};

// What the record in `folder` says, without an agent. Refuses AGT-QUARANTINE.
[[nodiscard]] Result<std::vector<QuarantinedModel>> read_quarantine(const std::string& folder);

// Asks the agent of `folder` to lift a quarantine. `model_root` is 64 lower-case hexadecimal
// digits. Refuses HEX-SYNTAX, AGT-NOT-QUARANTINED, AGT-QUARANTINE and FILE-*.
[[nodiscard]] Result<QuarantinedModel> leave_lift_note(const std::string& folder,
                                                       const std::string& model_root);

}  // namespace vedette::agent
