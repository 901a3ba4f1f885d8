// Checking a transparency log from outside: everything is computed here, nothing is believed.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/json.h"
#include "ledger/checkpoint.h"
#include "ledger/log_store.h"
#include "ledger/merkle.h"

namespace vedette::cli {

// The entries of a log, hashed one after the other into the tree of RFC 6962. Keeps the hashes (64
// octets an entry), not the entries.
class LogTree {
 public:
  LogTree();
  LogTree(LogTree&&) noexcept;
  LogTree& operator=(LogTree&&) noexcept;
  ~LogTree();

  [[nodiscard]] Result<void> add(ByteView entry);  // refuses LOG-ENTRY-SIZE
  [[nodiscard]] std::uint64_t size() const;
  // Of the first `size` entries; refuses LOG-RANGE.
  [[nodiscard]] Result<ledger::TreeHash> root(std::uint64_t size) const;

 private:
  class Nodes;
  std::unique_ptr<Nodes> nodes_;
};

// Whether the entries in `tree` are what the checkpoint fixes. Refuses LOG-INCOMPLETE (the server
// keeps entries back) and LOG-ROOT (they are others).
[[nodiscard]] Result<void> check_root(const LogTree& tree,
                                      const ledger::VerifiedCheckpoint& checkpoint);

// Whether the log still holds, unchanged, what it held when `remembered` was signed. Refuses
// LOG-ROLLBACK (it is shorter) and LOG-FORK (its past is another).
[[nodiscard]] Result<void> check_continues(const LogTree& tree,
                                           const ledger::VerifiedCheckpoint& checkpoint,
                                           const ledger::VerifiedCheckpoint& remembered);

// `{"hashes":["base64",…]}` of a proof. Refuses LOG-PROOF.
[[nodiscard]] Result<ledger::Proof> read_proof(const codec::Json& answer);

// `{"entries":["base64",…]}` as octets. Refuses BASE64-SYNTAX, JSON-MEMBER.
[[nodiscard]] Result<std::vector<Bytes>> read_entry_octets(const codec::Json& answer);

// `{"entries":[{"index":…,"time":…,…}]}` for a view; an entry that is not JSON has its octets as
// `base64` instead.
[[nodiscard]] codec::Json read_entries(const std::vector<Bytes>& entries, std::uint64_t start);

}  // namespace vedette::cli
