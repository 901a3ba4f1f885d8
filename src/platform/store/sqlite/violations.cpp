#include <algorithm>
#include <string_view>

#include "platform/store/sqlite/repositories.h"

namespace vedette::platform::sqlite {

namespace {

using ledger::StoredViolation;
using ledger::SuspectRelease;
using ledger::ViolationFilter;
using ledger::ViolationKind;

constexpr std::size_t kMostListed = 1000;

Result<StoredViolation> violation_of(const Query& row) {
  VEDETTE_TRY(auto device, row.name<DeviceId>(1));
  VEDETTE_TRY(auto model, row.name<ModelName>(3));
  StoredViolation violation{.device = std::move(device), .model = std::move(model)};
  VEDETTE_TRY(violation.id, row.digest(0));
  VEDETTE_TRY(violation.sequence, row.natural(2));
  VEDETTE_TRY(violation.release, row.natural(4));
  VEDETTE_TRY(violation.model_root, row.digest(5));
  VEDETTE_TRY(const auto kind_text, row.text(6));
  const auto kind = ledger::parse_violation_kind(kind_text);
  if (!kind) return row.corrupt(6, "no such kind");
  violation.kind = *kind;
  VEDETTE_TRY(violation.epoch.value, row.natural(7));
  VEDETTE_TRY(violation.is_of_old, row.boolean(8));
  VEDETTE_TRY(violation.received_at, row.time(9));
  VEDETTE_TRY(violation.jws, row.text(10));
  return violation;
}

class SqliteViolations final : public ledger::ViolationRepository {
 public:
  explicit SqliteViolations(Database& database) : database_(&database) {}

  Result<void> add(const StoredViolation& violation) override {
    VEDETTE_TRY(
        [[maybe_unused]] const auto rows,
        database_->execute(
            "INSERT INTO violations (id, device, sequence, model, release, model_root,"
            " kind, condemns, epoch, of_old, received_at, jws)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            {violation.id, violation.device.str(), violation.sequence, violation.model.str(),
             violation.release, violation.model_root, ledger::to_string(violation.kind),
             int{ledger::condemns_at_once(violation.kind)}, violation.epoch.value,
             int{violation.is_of_old}, violation.received_at, violation.jws}));
    return {};
  }

  Result<std::optional<StoredViolation>> find(const DeviceId& device,
                                              std::uint64_t sequence) override {
    VEDETTE_TRY(auto query,
                database_->query("SELECT id, device, sequence, model, release, model_root, kind,"
                                 " epoch, of_old, received_at, jws FROM violations"
                                 " WHERE device = ? AND sequence = ?",
                                 {device.str(), sequence}));
    VEDETTE_TRY(const bool found, query.next());
    if (!found) return std::nullopt;
    return violation_of(query);
  }

  // An empty name is no name: it stands for every one.
  Result<std::vector<StoredViolation>> list(const ViolationFilter& filter,
                                            std::size_t limit) override {
    const std::string device = filter.device ? filter.device->str() : "";
    const std::string model = filter.model ? filter.model->str() : "";
    VEDETTE_TRY(auto query,
                database_->query("SELECT id, device, sequence, model, release, model_root, kind,"
                                 " epoch, of_old, received_at, jws FROM violations"
                                 " WHERE (?1 = '' OR device = ?1) AND (?2 = '' OR model = ?2)"
                                 " ORDER BY arrival DESC LIMIT ?3",
                                 {device, model, std::min(limit, kMostListed)}));
    std::vector<StoredViolation> violations;
    for (;;) {
      VEDETTE_TRY(const bool found, query.next());
      if (!found) return violations;
      VEDETTE_TRY(auto violation, violation_of(query));
      violations.push_back(std::move(violation));
    }
  }

  Result<std::uint64_t> count(const DeviceId& device) override {
    VEDETTE_TRY(auto query, database_->query("SELECT count(*) FROM violations WHERE device = ?",
                                             {device.str()}));
    VEDETTE_TRY([[maybe_unused]] const bool found, query.next());
    return query.natural(0);
  }

  Result<std::vector<SuspectRelease>> suspects() override {
    VEDETTE_TRY(auto query,
                database_->query("SELECT model, release, model_root, count(DISTINCT device)"
                                 " FROM violations WHERE condemns = 1"
                                 " GROUP BY model, release, model_root"
                                 " ORDER BY model, release, model_root"));
    std::vector<SuspectRelease> suspects;
    for (;;) {
      VEDETTE_TRY(const bool found, query.next());
      if (!found) return suspects;
      VEDETTE_TRY(auto model, query.name<ModelName>(0));
      VEDETTE_TRY(const auto release, query.natural(1));
      VEDETTE_TRY(const auto model_root, query.digest(2));
      VEDETTE_TRY(const auto devices, query.natural(3));
      suspects.push_back({std::move(model), release, model_root, devices});
    }
  }

 private:
  Database* database_;
};

}  // namespace

std::unique_ptr<ledger::ViolationRepository> make_violation_repository(Database& database) {
  return std::make_unique<SqliteViolations>(database);
}

}  // namespace vedette::platform::sqlite
