// Audit: what the verifier has kept and written down, beside what happened.
#pragma once

#include <string>
#include <vector>

#include "fleet.h"

namespace vedette::bench {

// What did not go as it must. The first few are kept in words.
class Discrepancies {
 public:
  void add(std::string what);
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] const std::vector<std::string>& first() const { return first_; }
  void add(const Discrepancies& others);

 private:
  std::uint64_t total_ = 0;
  std::vector<std::string> first_;
};

// Every device stands in the store as it must: nobody is trusted who must not be, nobody forgotten.
// Only where the verifier died over an evidence that was not sent again yet, nobody can say. Gives
// how many are trusted.
[[nodiscard]] Result<std::uint64_t> audit_store(platform::Store& store, const Fleet& fleet,
                                                Discrepancies& found);

struct LogFigures {
  std::uint64_t entries = 0;  // of attestations
  std::uint64_t octets = 0;   // of those
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t silences = 0;
  std::uint64_t boots = 0;
};

// The Merkle log tells of every attestation, boot and silence of every device, and of no other
// device. The golden ones may be told of, and are not counted.
[[nodiscard]] Result<LogFigures> audit_log(platform::Store& store, const Fleet& fleet,
                                           Discrepancies& found);

}  // namespace vedette::bench
