// LogStore: where a Merkle log keeps its entries and its complete subtrees.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/digest.h"

namespace vedette::ledger {

using TreeHash = crypto::Sha256Digest;

// Within one transaction of the store. Nodes are the roots of complete subtrees: level 0 holds leaf
// hashes; node (level, index) covers leaves [index * 2^level, (index + 1) * 2^level).
class LogStore {
 public:
  LogStore() = default;
  LogStore(const LogStore&) = delete;
  LogStore& operator=(const LogStore&) = delete;
  virtual ~LogStore() = default;

  [[nodiscard]] virtual Result<std::uint64_t> size() = 0;              // entries
  [[nodiscard]] virtual Result<Bytes> entry(std::uint64_t index) = 0;  // refuses LOG-INDEX
  [[nodiscard]] virtual Result<TreeHash> node(unsigned level, std::uint64_t index) = 0;
  // `index` is the present size; refuses LOG-INDEX otherwise.
  [[nodiscard]] virtual Result<void> add_entry(std::uint64_t index, ByteView entry) = 0;
  [[nodiscard]] virtual Result<void> add_node(unsigned level, std::uint64_t index,
                                              const TreeHash& hash) = 0;
  // The last signed checkpoint, whole text; none before the first.
  [[nodiscard]] virtual Result<std::optional<std::string>> checkpoint() = 0;
  [[nodiscard]] virtual Result<void> save_checkpoint(const std::string& text) = 0;
};

}  // namespace vedette::ledger
