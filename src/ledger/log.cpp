#include "ledger/log.h"

#include <utility>

#include "crypto/digest.h"
#include "ledger/merkle.h"

namespace vedette::ledger {
namespace {

using codec::Json;

std::string without_details(Entry entry) {
  const std::string details = codec::to_json(entry.details);
  entry.details = Json::Object{{"sha256", to_hex(crypto::sha256(as_bytes(details)))}};
  return to_json_text(entry);
}

}  // namespace

std::string_view to_string(Decision decision) {
  return decision == Decision::accepted ? "accepted" : "refused";
}

std::string to_json_text(const Entry& entry) {
  Json json(Json::Object{{"time", to_rfc3339(entry.time)},
                         {"kind", entry.kind},
                         {"subject", entry.subject},
                         {"actor", entry.actor},
                         {"verdict", to_string(entry.decision)}});
  if (!entry.code.empty()) json.set("code", entry.code);
  if (!entry.rule.empty()) json.set("rule", entry.rule);
  if (!entry.details.is_null()) json.set("details", entry.details);
  return codec::to_json(json);
}

Result<std::uint64_t> Log::record(LogStore& store, const Entry& entry) const {
  std::string text = to_json_text(entry);
  if (text.size() > kMaxEntryBytes) text = without_details(entry);
  return append_entry(store, as_bytes(text));
}

Result<std::string> Log::seal(LogStore& store,
                              std::optional<std::string_view> seen_elsewhere) const {
  VEDETTE_TRY(const std::uint64_t size, store.size());
  if (seen_elsewhere) VEDETTE_CHECK(check_continues(store, size, *seen_elsewhere));
  VEDETTE_TRY(const std::optional<std::string> last, store.checkpoint());
  if (last) {
    VEDETTE_TRY(const VerifiedCheckpoint former, check_continues(store, size, *last));
    if (former->size == size) return *last;
  }
  Checkpoint checkpoint;
  checkpoint.origin = origin();
  checkpoint.size = size;
  VEDETTE_TRY(checkpoint.root, root(store, size));
  VEDETTE_TRY(std::string text, sign_checkpoint(checkpoint, signer_));
  VEDETTE_CHECK(store.save_checkpoint(text));
  return text;
}

Result<VerifiedCheckpoint> Log::check_continues(LogStore& store, std::uint64_t size,
                                                std::string_view former) const {
  auto checkpoint = verify_checkpoint(former, signer_.verifier());
  if (!checkpoint)
    return refuse("LOG-CHECKPOINT", "the log's last checkpoint is not one that this log signed",
                  describe(checkpoint.error()),
                  "the store was changed by somebody else, or the log's key was replaced");
  if ((*checkpoint)->size > size)
    return refuse(
        "LOG-ROLLBACK", "the store is older than the log's last checkpoint",
        std::to_string(size) + " entries, signed were " + std::to_string((*checkpoint)->size),
        "restore the newest copy of the store; an older one must not go on");
  VEDETTE_TRY(const TreeHash present, root(store, (*checkpoint)->size));
  if (present != (*checkpoint)->root)
    return refuse("LOG-FORK", "the store holds other entries than the log signed for",
                  "the first " + std::to_string((*checkpoint)->size) + " entries",
                  "restore the store that the last checkpoint was made from");
  return *std::move(checkpoint);
}

}  // namespace vedette::ledger
