#include <algorithm>
#include <array>
#include <string_view>

#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using release::Release;
using release::ReleaseDelta;
using release::ReleaseName;
using release::Tier;

Result<Tier> tier_of(const Query& row, int column) {
  VEDETTE_TRY(const std::string text, row.text(column));
  const auto tier = release::parse_tier(text);
  if (!tier) return row.corrupt(column, "no such tier");
  return *tier;
}

// "Bytes as received" are kept as octets, whatever characters they are.
Result<std::string> octets_of(const Query& row, int column) {
  VEDETTE_TRY(const Bytes octets, row.blob(column));
  return std::string(as_text(octets));
}

Result<Release> release_of(const Query& row) {
  VEDETTE_TRY(auto model, row.name<ModelName>(0));
  VEDETTE_TRY(const auto number, row.natural(1));
  VEDETTE_TRY(const auto tier, tier_of(row, 2));
  VEDETTE_TRY(const auto model_root, row.digest(3));
  VEDETTE_TRY(auto file_name, row.text(4));
  VEDETTE_TRY(const auto file_sha256, row.digest(5));
  VEDETTE_TRY(const auto file_size, row.natural(6));
  VEDETTE_TRY(auto bundle, octets_of(row, 7));
  VEDETTE_TRY(auto statement, octets_of(row, 8));
  VEDETTE_TRY(auto contract, octets_of(row, 9));
  VEDETTE_TRY(const auto published_at, row.time(10));
  VEDETTE_TRY(const bool blocked, row.boolean(11));
  VEDETTE_TRY(const bool pending, row.boolean(12));
  VEDETTE_TRY(auto approval, octets_of(row, 13));
  return Release{std::move(model),
                 number,
                 tier,
                 model_root,
                 std::move(file_name),
                 file_sha256,
                 file_size,
                 std::move(bundle),
                 std::move(statement),
                 std::move(contract),
                 published_at,
                 blocked,
                 pending,
                 std::move(approval)};
}

Result<ReleaseDelta> delta_of(const Query& row) {
  ReleaseDelta delta;
  VEDETTE_TRY(delta.base_sha256, row.digest(0));
  VEDETTE_TRY(delta.delta_sha256, row.digest(1));
  VEDETTE_TRY(delta.delta_size, row.natural(2));
  VEDETTE_TRY(delta.statement, octets_of(row, 3));
  return delta;
}

Result<std::optional<Release>> first_of(Query query) {
  VEDETTE_TRY(const bool found, query.next());
  if (!found) return std::nullopt;
  return release_of(query);
}

// For `tier IN (?, ?, ?)`: there are three, and no tier is empty.
using TierTexts = std::array<std::string_view, 3>;

TierTexts texts_of(const std::vector<Tier>& tiers) {
  TierTexts texts;
  for (std::size_t i = 0; i < std::min(tiers.size(), texts.size()); ++i)
    texts.at(i) = release::to_string(tiers[i]);
  return texts;
}

class SqliteReleaseRegistry final : public release::ReleaseRegistry {
 public:
  explicit SqliteReleaseRegistry(Database& database) : database_(&database) {}

  Result<std::optional<Release>> latest(const ModelName& model) override {
    VEDETTE_TRY(
        auto query,
        database_->query(
            "SELECT model, number, tier, model_root, file_name, file_sha256,"
            " file_size, bundle, statement, contract, published_at, blocked, pending, approval"
            " FROM releases WHERE model = ? AND blocked = 0 AND pending = 0"
            " ORDER BY number DESC LIMIT 1",
            {model.str()}));
    return first_of(std::move(query));
  }

  Result<std::optional<Release>> find(const ModelName& model, std::uint64_t number) override {
    VEDETTE_TRY(
        auto query,
        database_->query(
            "SELECT model, number, tier, model_root, file_name, file_sha256,"
            " file_size, bundle, statement, contract, published_at, blocked, pending, approval"
            " FROM releases WHERE model = ? AND number = ?",
            {model.str(), number}));
    return first_of(std::move(query));
  }

  Result<std::vector<Release>> list() override {
    VEDETTE_TRY(
        auto query,
        database_->query(
            "SELECT model, number, tier, model_root, file_name, file_sha256,"
            " file_size, bundle, statement, contract, published_at, blocked, pending, approval"
            " FROM releases ORDER BY model, number"));
    std::vector<Release> releases;
    for (;;) {
      VEDETTE_TRY(const bool found, query.next());
      if (!found) return releases;
      VEDETTE_TRY(auto release, release_of(query));
      releases.push_back(std::move(release));
    }
  }

  Result<void> add(const Release& release) override {
    VEDETTE_CHECK(refuse_unless_newest(release));
    VEDETTE_TRY(
        [[maybe_unused]] const auto rows,
        database_->execute(
            "INSERT INTO releases (model, number, tier, model_root, file_name, file_sha256,"
            " file_size, bundle, statement, contract, published_at, blocked, pending,"
            " approval) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            {release.model.str(), release.number, release::to_string(release.tier),
             release.model_root, release.file_name, release.file_sha256, release.file_size,
             as_bytes(release.bundle), as_bytes(release.statement), as_bytes(release.contract),
             release.published_at, release.blocked, release.pending, as_bytes(release.approval)}));
    return {};
  }

  Result<void> add_delta(const ModelName& model, std::uint64_t number,
                         const ReleaseDelta& delta) override {
    VEDETTE_TRY([[maybe_unused]] const auto rows,
                database_->execute("INSERT INTO release_deltas (model, number, base_sha256,"
                                   " delta_sha256, delta_size, statement)"
                                   " VALUES (?, ?, ?, ?, ?, ?)",
                                   {model.str(), number, delta.base_sha256, delta.delta_sha256,
                                    delta.delta_size, as_bytes(delta.statement)}));
    return {};
  }

  Result<std::vector<ReleaseDelta>> deltas(const ModelName& model, std::uint64_t number) override {
    VEDETTE_TRY(auto query,
                database_->query("SELECT base_sha256, delta_sha256, delta_size, statement"
                                 " FROM release_deltas WHERE model = ? AND number = ?"
                                 " ORDER BY base_sha256",
                                 {model.str(), number}));
    std::vector<ReleaseDelta> deltas;
    for (;;) {
      VEDETTE_TRY(const bool found, query.next());
      if (!found) return deltas;
      VEDETTE_TRY(auto delta, delta_of(query));
      deltas.push_back(std::move(delta));
    }
  }

  Result<bool> has_tier(const ModelName& model, const std::vector<Tier>& tiers) override {
    const TierTexts texts = texts_of(tiers);
    VEDETTE_TRY(auto query, database_->query("SELECT 1 FROM releases"
                                             " WHERE model = ? AND tier IN (?, ?, ?) LIMIT 1",
                                             {model.str(), texts[0], texts[1], texts[2]}));
    return query.next();
  }

  Result<std::vector<ReleaseName>> unapproved(const std::vector<Tier>& tiers) override {
    const TierTexts texts = texts_of(tiers);
    VEDETTE_TRY(auto query, database_->query("SELECT model, number FROM releases"
                                             " WHERE blocked = 0 AND pending = 0 AND approval = x''"
                                             " AND model IN (SELECT model FROM releases"
                                             " WHERE tier IN (?, ?, ?)) ORDER BY model, number",
                                             {texts[0], texts[1], texts[2]}));
    std::vector<ReleaseName> names;
    for (;;) {
      VEDETTE_TRY(const bool found, query.next());
      if (!found) return names;
      VEDETTE_TRY(auto model, query.name<ModelName>(0));
      VEDETTE_TRY(const auto number, query.natural(1));
      names.push_back({std::move(model), number});
    }
  }

  Result<void> set_pending(const ModelName& model, std::uint64_t number) override {
    VEDETTE_TRY(const auto rows,
                database_->execute("UPDATE releases SET pending = 1 WHERE model = ? AND number = ?",
                                   {model.str(), number}));
    return rows == 1 ? Result<void>{} : unknown(model, number);
  }

  Result<void> approve(const ModelName& model, std::uint64_t number,
                       const std::string& approval) override {
    VEDETTE_TRY(const auto rows, database_->execute("UPDATE releases SET pending = 0, approval = ?"
                                                    " WHERE model = ? AND number = ?",
                                                    {as_bytes(approval), model.str(), number}));
    return rows == 1 ? Result<void>{} : unknown(model, number);
  }

  Result<void> set_blocked(const ModelName& model, std::uint64_t number, bool blocked) override {
    VEDETTE_TRY(const auto rows,
                database_->execute("UPDATE releases SET blocked = ? WHERE model = ? AND number = ?",
                                   {blocked, model.str(), number}));
    return rows == 1 ? Result<void>{} : unknown(model, number);
  }

 private:
  static std::unexpected<Error> unknown(const ModelName& model, std::uint64_t number) {
    return refuse("REL-UNKNOWN", "there is no such release",
                  model.str() + " " + std::to_string(number));
  }

  Result<void> refuse_unless_newest(const Release& release) {
    VEDETTE_TRY(auto query, database_->query("SELECT number FROM releases WHERE model = ?"
                                             " ORDER BY number DESC LIMIT 1",
                                             {release.model.str()}));
    VEDETTE_TRY(const bool found, query.next());
    if (!found) return {};
    VEDETTE_TRY(const auto highest, query.natural(0));
    if (release.number > highest) return {};
    return refuse("REL-EXISTS", "this release number is taken, or a higher one is",
                  release.model.str() + " has reached " + std::to_string(highest),
                  "publish it as number " + std::to_string(highest + 1));
  }

  Database* database_;
};

}  // namespace

std::unique_ptr<release::ReleaseRegistry> make_release_registry(Database& database) {
  return std::make_unique<SqliteReleaseRegistry>(database);
}

}  // namespace vedette::platform::sqlite
