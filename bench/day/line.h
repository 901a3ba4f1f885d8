// Line: devices of one make. They boot alike and know the same files, so that what their logs and
// registers hold is computed once for all of them.
#pragma once

#include <string>
#include <vector>

#include "attestation/ima/ima_entry.h"
#include "attestation/reference_values.h"
#include "base/strong_id.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "testing/event_log_forge.h"

namespace vedette::bench {

// One way to boot, and what is measured after it: files by their number.
class Boot {
 public:
  Boot(const testing::EventLogForge& firmware, const std::string& folder, std::size_t files);

  [[nodiscard]] const Bytes& event_log() const { return event_log_; }
  [[nodiscard]] const attestation::Registers& registers() const {
    return registers_;  // 0 to 9
  }
  // Entries [from, to) of IMA's list; the first is the kernel's own.
  [[nodiscard]] Bytes entries(std::size_t from, std::size_t to) const;
  [[nodiscard]] const crypto::Sha256Digest& register_after(std::size_t entries) const {
    return values_.at(entries);
  }
  [[nodiscard]] std::size_t size() const { return ends_.size() - 1; }

 private:
  void add(const attestation::ImaEntry& entry);

  Bytes event_log_;
  attestation::Registers registers_;
  Bytes list_;
  std::vector<std::size_t> ends_{0};
  std::vector<crypto::Sha256Digest> values_{{}};
};

struct Line {
  // `count`: how many files there are to be opened.
  Line(GroupId name, std::size_t count);

  // What `learnt` from one of its devices accepts, and all of its files, and any model.
  [[nodiscard]] codec::Json references(const codec::Json& learnt) const;

  GroupId group;
  std::size_t files;
  Boot sound;
  Boot changed;       // by a loader that nobody knows
  Bytes runtime_log;  // of the agent, since boot
  std::size_t runtime_records = 0;
  crypto::BankDigest runtime_value;
};

// What is not in anybody's references.
[[nodiscard]] attestation::ImaEntry unknown_file();
[[nodiscard]] crypto::Sha256Digest extended_by(const crypto::Sha256Digest& value,
                                               const attestation::ImaEntry& entry);

}  // namespace vedette::bench
