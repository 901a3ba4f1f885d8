#include <algorithm>
#include <limits>

#include "codec/json.h"
#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using attestation::ReferenceTarget;
using attestation::StoredReferences;
using codec::Json;
using crypto::Sha256Digest;

Result<Json> digests_of(const Query& row, int column) {
  VEDETTE_TRY(const Bytes octets, row.blob(column));
  constexpr std::size_t kSize = Sha256Digest{}.size();
  if (octets.size() % kSize != 0) return row.corrupt(column, "not a whole number of digests");
  Json::Array digests;
  for (ByteView rest(octets); !rest.empty(); rest = rest.subspan(kSize))
    digests.emplace_back(to_hex(rest.first(kSize)));
  return digests;
}

StoredReferences stored(std::string text) {
  const Sha256Digest id = crypto::sha256(as_bytes(text));
  return {id, std::move(text)};
}

class SqliteReferences final : public attestation::ReferenceRepository {
 public:
  explicit SqliteReferences(Database& database) : database_(&database) {}

  Result<std::optional<Sha256Digest>> current(const ReferenceTarget& target) override {
    VEDETTE_TRY(auto row, database_->query("SELECT id FROM reference_sets"
                                           " WHERE group_name = ? AND sku = ?",
                                           {target.group.str(), text_of(target.sku)}));
    VEDETTE_TRY(const bool found, row.next());
    if (found) {
      VEDETTE_TRY(const Sha256Digest id, row.digest(0));
      return id;
    }
    VEDETTE_TRY(const auto old, from_registers(target));
    if (!old) return std::nullopt;
    return old->id;
  }

  Result<std::optional<StoredReferences>> find(const ReferenceTarget& target) override {
    VEDETTE_TRY(auto row, database_->query("SELECT json FROM reference_sets"
                                           " WHERE group_name = ? AND sku = ?",
                                           {target.group.str(), text_of(target.sku)}));
    VEDETTE_TRY(const bool found, row.next());
    if (!found) return from_registers(target);
    VEDETTE_TRY(std::string text, row.text(0));
    return stored(std::move(text));
  }

  Result<void> save(const ReferenceTarget& target, const StoredReferences& references) override {
    VEDETTE_TRY([[maybe_unused]] const auto rows,
                database_->execute(
                    "INSERT INTO reference_sets (group_name, sku, id, json)"
                    " VALUES (?, ?, ?, ?) ON CONFLICT (group_name, sku) DO UPDATE SET"
                    " id = excluded.id, json = excluded.json",
                    {target.group.str(), text_of(target.sku), references.id, references.text}));
    return {};
  }

 private:
  // Of a store from before there were sets, and so from before there were SKUs.
  Result<std::optional<StoredReferences>> from_registers(const ReferenceTarget& target) {
    if (target.sku) return std::nullopt;
    VEDETTE_TRY(auto known, database_->query("SELECT 1 FROM reference_groups WHERE group_name = ?",
                                             {target.group.str()}));
    VEDETTE_TRY(const bool is_known, known.next());
    if (!is_known) return std::nullopt;
    VEDETTE_TRY(auto query, database_->query("SELECT register, digests FROM reference_registers"
                                             " WHERE group_name = ? ORDER BY register",
                                             {target.group.str()}));
    Json registers{Json::Object{}};
    for (;;) {
      VEDETTE_TRY(const bool found, query.next());
      if (!found) break;
      VEDETTE_TRY(const auto number, query.natural(0));
      VEDETTE_TRY(Json digests, digests_of(query, 1));
      registers.set(std::to_string(number), std::move(digests));
    }
    Json set;
    set.set("registers", std::move(registers));
    return stored(codec::to_json(set));
  }

  Database* database_;
};

}  // namespace

std::unique_ptr<attestation::ReferenceRepository> make_reference_repository(Database& database) {
  return std::make_unique<SqliteReferences>(database);
}

}  // namespace vedette::platform::sqlite
