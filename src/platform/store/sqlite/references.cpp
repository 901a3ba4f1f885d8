#include <algorithm>
#include <limits>

#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using attestation::ReferenceValues;
using crypto::Sha256Digest;

Bytes joined(const std::vector<Sha256Digest>& digests) {
  Bytes octets;
  octets.reserve(digests.size() * Sha256Digest{}.size());
  for (const auto& digest : digests)
    append(octets, digest);
  return octets;
}

Result<std::vector<Sha256Digest>> digests_of(const Query& row, int column) {
  VEDETTE_TRY(const Bytes octets, row.blob(column));
  constexpr std::size_t kSize = Sha256Digest{}.size();
  if (octets.size() % kSize != 0) return row.corrupt(column, "not a whole number of digests");
  std::vector<Sha256Digest> digests(octets.size() / kSize);
  ByteView rest(octets);
  for (auto& digest : digests) {
    std::ranges::copy(rest.first(kSize), digest.begin());
    rest = rest.subspan(kSize);
  }
  return digests;
}

class SqliteReferences final : public attestation::ReferenceRepository {
 public:
  explicit SqliteReferences(Database& database) : database_(&database) {}

  Result<std::optional<ReferenceValues>> find(const GroupId& group) override {
    VEDETTE_TRY(auto known, database_->query("SELECT 1 FROM reference_groups WHERE group_name = ?",
                                             {group.str()}));
    VEDETTE_TRY(const bool is_known, known.next());
    if (!is_known) return std::nullopt;
    VEDETTE_TRY(auto query, database_->query("SELECT register, digests FROM reference_registers"
                                             " WHERE group_name = ? ORDER BY register",
                                             {group.str()}));
    ReferenceValues values;
    for (;;) {
      VEDETTE_TRY(const bool found, query.next());
      if (!found) return values;
      VEDETTE_TRY(const auto number, query.natural(0));
      if (number > std::numeric_limits<std::uint8_t>::max())
        return query.corrupt(0, "no such register");
      VEDETTE_TRY(auto digests, digests_of(query, 1));
      values.registers.emplace(static_cast<std::uint8_t>(number), std::move(digests));
    }
  }

  Result<void> save(const GroupId& group, const ReferenceValues& values) override {
    VEDETTE_TRY([[maybe_unused]] const auto added,
                database_->execute("INSERT INTO reference_groups (group_name) VALUES (?)"
                                   " ON CONFLICT DO NOTHING",
                                   {group.str()}));
    VEDETTE_TRY(
        [[maybe_unused]] const auto removed,
        database_->execute("DELETE FROM reference_registers WHERE group_name = ?", {group.str()}));
    for (const auto& [number, digests] : values.registers) {
      VEDETTE_TRY([[maybe_unused]] const auto rows,
                  database_->execute("INSERT INTO reference_registers"
                                     " (group_name, register, digests) VALUES (?, ?, ?)",
                                     {group.str(), number, joined(digests)}));
    }
    return {};
  }

 private:
  Database* database_;
};

}  // namespace

std::unique_ptr<attestation::ReferenceRepository> make_reference_repository(Database& database) {
  return std::make_unique<SqliteReferences>(database);
}

}  // namespace vedette::platform::sqlite
