// A LogStore in memory, as strict as a durable one.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ledger/log_store.h"

namespace vedette::testing {

class MemoryLogStore final : public ledger::LogStore {
 public:
  [[nodiscard]] Result<std::uint64_t> size() override { return entries_.size(); }

  [[nodiscard]] Result<Bytes> entry(std::uint64_t index) override {
    if (index >= entries_.size()) return refuse("LOG-INDEX", "no such entry");
    return entries_[index];
  }

  [[nodiscard]] Result<ledger::TreeHash> node(unsigned level, std::uint64_t index) override {
    const auto found = nodes_.find({level, index});
    if (found == nodes_.end()) return refuse("LOG-INDEX", "no such node");
    return found->second;
  }

  [[nodiscard]] Result<void> add_entry(std::uint64_t index, ByteView entry) override {
    if (index != entries_.size()) return refuse("LOG-INDEX", "not the next entry");
    entries_.push_back(to_bytes(entry));
    return {};
  }

  [[nodiscard]] Result<void> add_node(unsigned level, std::uint64_t index,
                                      const ledger::TreeHash& hash) override {
    if (!nodes_.emplace(std::pair(level, index), hash).second)
      return refuse("LOG-INDEX", "that node is there already");
    return {};
  }

  [[nodiscard]] Result<std::optional<std::string>> checkpoint() override { return checkpoint_; }

  [[nodiscard]] Result<void> save_checkpoint(const std::string& text) override {
    checkpoint_ = text;
    return {};
  }

  [[nodiscard]] std::size_t node_count() const { return nodes_.size(); }

 private:
  std::vector<Bytes> entries_;
  std::map<std::pair<unsigned, std::uint64_t>, ledger::TreeHash> nodes_;
  std::optional<std::string> checkpoint_;
};

}  // namespace vedette::testing
