#include "cli/log_check.h"

#include <algorithm>

#include "codec/base64.h"

namespace vedette::cli {

using codec::Json;

// The hashes of complete subtrees, level by level: all of a store that a root needs.
class LogTree::Nodes final : public ledger::LogStore {
 public:
  Result<std::uint64_t> size() override { return entries_; }
  Result<Bytes> entry(std::uint64_t /*index*/) override {
    return refuse("LOG-INDEX", "the entries themselves are not kept here");
  }
  Result<ledger::TreeHash> node(unsigned level, std::uint64_t index) override {
    if (level >= levels_.size() || index >= levels_[level].size())
      return refuse("LOG-INDEX", "there is no such node");
    return levels_[level][index];
  }
  Result<void> add_entry(std::uint64_t index, ByteView /*entry*/) override {
    if (index != entries_) return refuse("LOG-INDEX", "not the next entry");
    ++entries_;
    return {};
  }
  Result<void> add_node(unsigned level, std::uint64_t index,
                        const ledger::TreeHash& hash) override {
    if (level >= levels_.size()) levels_.resize(level + 1);
    if (index != levels_[level].size()) return refuse("LOG-INDEX", "not the next node");
    levels_[level].push_back(hash);
    return {};
  }
  Result<std::optional<std::string>> checkpoint() override { return std::nullopt; }
  Result<void> save_checkpoint(const std::string& /*text*/) override { return {}; }

 private:
  std::vector<std::vector<ledger::TreeHash>> levels_;
  std::uint64_t entries_ = 0;
};

LogTree::LogTree() : nodes_(std::make_unique<Nodes>()) {}
LogTree::LogTree(LogTree&&) noexcept = default;
LogTree& LogTree::operator=(LogTree&&) noexcept = default;
LogTree::~LogTree() = default;

Result<void> LogTree::add(ByteView entry) {
  VEDETTE_CHECK(ledger::append_entry(*nodes_, entry));
  return {};
}

std::uint64_t LogTree::size() const {
  return nodes_->size().value_or(0);
}

Result<ledger::TreeHash> LogTree::root(std::uint64_t size) const {
  return ledger::root(*nodes_, size);
}

Result<void> check_root(const LogTree& tree, const ledger::VerifiedCheckpoint& checkpoint) {
  if (tree.size() < checkpoint->size)
    return refuse("LOG-INCOMPLETE", "the server keeps entries of its log back",
                  std::to_string(tree.size()) + " of " + std::to_string(checkpoint->size));
  VEDETTE_TRY(const ledger::TreeHash root, tree.root(checkpoint->size));
  if (root != checkpoint->root)
    return refuse(
        "LOG-ROOT", "the entries are not the ones that the log's checkpoint fixes",
        "computed " + codec::to_base64(root) + ", signed " + codec::to_base64(checkpoint->root),
        "keep both: a signed checkpoint and other entries prove a manipulation");
  return {};
}

Result<void> check_continues(const LogTree& tree, const ledger::VerifiedCheckpoint& checkpoint,
                             const ledger::VerifiedCheckpoint& remembered) {
  const std::string keep = "keep both checkpoints: together they prove it to anybody";
  if (remembered->size > checkpoint->size)
    return refuse("LOG-ROLLBACK", "the log is shorter than it was",
                  std::to_string(remembered->size) + " entries then, " +
                      std::to_string(checkpoint->size) + " now",
                  keep);
  VEDETTE_TRY(const ledger::TreeHash root, tree.root(remembered->size));
  if (root != remembered->root)
    return refuse("LOG-FORK", "the log's past is not what it was",
                  "the first " + std::to_string(remembered->size) + " entries are others", keep);
  return {};
}

Result<ledger::Proof> read_proof(const Json& answer) {
  constexpr std::size_t kMostHashes = 64;
  VEDETTE_TRY(const Json* hashes, answer.array("hashes"));
  ledger::Proof proof;
  for (const Json& hash : *hashes->if_array()) {
    const std::string* text = hash.if_string();
    const auto octets = codec::from_base64(text == nullptr ? "-" : *text);
    ledger::TreeHash value{};
    if (!octets || octets->size() != value.size() || proof.size() == kMostHashes)
      return refuse("LOG-PROOF", "the server's proof is malformed");
    std::ranges::copy(*octets, value.begin());
    proof.push_back(value);
  }
  return proof;
}

Result<std::vector<Bytes>> read_entry_octets(const Json& answer) {
  VEDETTE_TRY(const Json* entries, answer.array("entries"));
  std::vector<Bytes> octets;
  for (const Json& entry : *entries->if_array()) {
    const std::string* text = entry.if_string();
    if (text == nullptr) return refuse("JSON-MEMBER", "an entry of the log is no text");
    VEDETTE_TRY(Bytes one, codec::from_base64(*text));
    octets.push_back(std::move(one));
  }
  return octets;
}

Json read_entries(const std::vector<Bytes>& entries, std::uint64_t start) {
  Json::Array list;
  for (const Bytes& entry : entries) {
    Json one;
    one.set("index", start + list.size());
    const auto parsed = codec::parse_json(as_text(entry));
    const Json::Object* members = parsed ? parsed->if_object() : nullptr;
    if (members == nullptr) one.set("base64", codec::to_base64(entry));
    if (members != nullptr)
      for (const auto& [name, value] : *members)
        if (name != "index") one.set(name, value);
    list.push_back(std::move(one));
  }
  Json json;
  json.set("entries", std::move(list));
  return json;
}

}  // namespace vedette::cli
